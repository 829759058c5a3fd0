#include "drsctl/commands.h"
#include "drsctl/text.h"
#include "http/request.h"

#include <nlohmann/json.hpp>

#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

std::string pathOf(const std::string& job) {
  return "/jobs/" + http::percentEncode(job) + "/cutover";
}

/// Prints the steps that are new or say something else; returns how many are there.
void printSteps(Screen& screen, const json& steps, std::vector<std::string>& printed) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string line =
        textOf(steps[i], "status") + "  " + textOf(steps[i], "name") + ": " + textOf(steps[i], "message");
    if (i < printed.size() && printed[i] == line) continue;
    if (i < printed.size())
      printed[i] = line;
    else
      printed.push_back(line);
    screen.out << printable(line) << '\n' << std::flush;
  }
}

bool hasProblem(const json& cutover) {
  for (const json& step : cutover.at("steps"))
    if (textOf(step, "status") == "problem") return true;
  return false;
}

/// Shows the cut-over until it is over.
json follow(Api& api, Screen& screen, const std::string& job) {
  std::vector<std::string> printed;
  while (true) {
    json cutover = api.send("GET", pathOf(job));
    if (!screen.json) printSteps(screen, cutover.at("steps"), printed);
    const std::string status = textOf(cutover, "status");
    if (status != "RUNNING" && status != "GOING_BACK") return cutover;
    screen.sleep(kPoll);
  }
}

}  // namespace

Exit cutOver(const Options& options, Api& api, Screen& screen) {
  const std::string job = api.jobId(options.jobs.front());
  if (options.cancel) {
    (void)api.send("DELETE", pathOf(job));
  } else {
    (void)api.send("POST", pathOf(job),
                   {{"freeze_source", !options.declared},
                    {"compare_type", options.compareType},
                    {"timeout_seconds", options.timeoutSeconds},
                    {"dry_run", options.dryRun}});
  }
  const json cutover = follow(api, screen, job);
  const std::string status = textOf(cutover, "status");
  if (screen.json) screen.out << jsonText(cutover) << '\n';
  if (!screen.json && status == "SUCCESSFUL") screen.out << "cut over; the job is ending\n";
  if (!screen.json && status == "FAILED")
    screen.out << "not cut over, everything is as before: " << printable(textOf(cutover, "error_msg")) << '\n';
  if (options.cancel) return Exit::done;
  return status == "SUCCESSFUL" || (status == "CHECKED" && !hasProblem(cutover)) ? Exit::done : Exit::failed;
}

}  // namespace drs::ctl
