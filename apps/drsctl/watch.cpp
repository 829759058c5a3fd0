#include "drsctl/commands.h"
#include "drsctl/progress.h"
#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kLook{1000};
constexpr int kPlainEvery = 10;  // polls between two plain lines of a job whose status stays

struct Watched {
  std::string id, name, taskType;
  ProgressLine line;
  std::string lastStatus;
  int lastPercent = -1, polls = 0;
  Rest rest = Rest::moving;
};

Watched begin(Api& api, const std::string& id) {
  const json base = api.detail(id, "detail").value("base_info", json::object());
  Watched job;
  job.id = id;
  job.name = textOf(base, "name");
  job.taskType = textOf(base, "task_type");
  return job;
}

void look(Api& api, Watched& job, const Options& options) {
  job.line = progressLine(job.name, api.detail(job.id, "progress"));
  job.rest = restOf(job.line.status, job.taskType, options.until, options.follow);
}

/// Bars that are drawn over themselves.
void drawBars(const std::vector<Watched>& jobs, Screen& screen, bool first) {
  std::size_t names = 0;
  for (const Watched& job : jobs) names = std::max(names, width(job.name));
  if (!first) screen.out << "\x1b[" << jobs.size() << 'A';
  for (const Watched& job : jobs) screen.out << "\x1b[2K" << withBar(job.line, names) << '\n';
  screen.out << std::flush;
}

/// A line when something has changed, or from time to time.
void printLine(Watched& job, Screen& screen) {
  const bool due = job.polls++ % kPlainEvery == 0;
  if (job.line.status == job.lastStatus && job.line.percent == job.lastPercent && !due) return;
  job.lastStatus = job.line.status;
  job.lastPercent = job.line.percent;
  if (screen.json) {
    const json line = {{"id", job.id},
                       {"name", job.name},
                       {"status", job.line.status},
                       {"progress", job.line.percent},
                       {"delay", job.line.delaySeconds ? json(*job.line.delaySeconds) : json()}};
    screen.out << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    screen.out << withoutBar(job.line) << '\n';
  }
  screen.out << std::flush;
}

/// The newest error of a failed job.
void printFailure(Api& api, const Watched& job, Screen& screen) {
  const json logs = api.detail(job.id, "log", {{"log_level", "Error"}, {"limit", "1"}}).value("logs", json::array());
  if (!logs.empty() && !screen.json)
    screen.out << printable(job.name) << ": " << printable(textOf(logs[0], "message")) << '\n';
}

}  // namespace

Exit watchJobs(const std::vector<std::string>& ids, const Options& options, Api& api, Screen& screen) {
  std::vector<Watched> jobs;
  jobs.reserve(ids.size());
  for (const std::string& id : ids) jobs.push_back(begin(api, id));
  const bool bars = screen.isTerminal && !screen.json;
  for (bool first = true;; first = false) {
    for (Watched& job : jobs) {
      if (job.rest == Rest::moving) look(api, job, options);
      if (!bars) printLine(job, screen);
    }
    if (bars) drawBars(jobs, screen, first);
    if (std::none_of(jobs.begin(), jobs.end(), [](const Watched& job) { return job.rest == Rest::moving; })) break;
    screen.sleep(kLook);
  }
  Exit exit = Exit::done;
  for (const Watched& job : jobs) {
    if (job.rest != Rest::failed) continue;
    exit = Exit::failed;
    printFailure(api, job, screen);
  }
  return exit;
}

}  // namespace drs::ctl
