#include "drsctl/commands.h"
#include "drsctl/reasons.h"
#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace drs::ctl {
namespace {

using nlohmann::json;

json readBody(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Failure(Exit::usage, path + " cannot be read");
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    throw Failure(Exit::usage, path + " is not JSON: syntax error at byte " + std::to_string(error.byte));
  }
}

std::string waitForValidation(Api& api, Screen& screen, const std::string& batch) {
  while (true) {
    const json jobs = api.get("/batch-async-jobs", {{"async_job_id", batch}}).value("jobs", json::array());
    if (jobs.empty()) throw Failure(Exit::failed, "The batch " + batch + " is gone");
    if (const std::string status = textOf(jobs[0], "status"); status != "ASYNC_JOB_VALIDATING") return status;
    screen.sleep(kPoll);
  }
}

/// One line if lines of `watch` follow: then a program reads the output line by line.
void print(Screen& screen, const std::string& batch, const std::string& status, const json& jobs, bool linesFollow) {
  if (screen.json) {
    const json all = {{"async_job_id", batch}, {"status", status}, {"jobs", jobs}};
    screen.out << (linesFollow ? all.dump(-1, ' ', false, json::error_handler_t::replace) : jsonText(all)) << '\n';
    return;
  }
  screen.out << "batch " << batch << ": " << status << '\n';
  for (const json& job : jobs) {
    screen.out << printable(textOf(job, "id")) << "  "
               << printable(textOf(job.value("base_info", json::object()), "name")) << '\n';
    screen.out << reasons(job);
  }
}

}  // namespace

Exit createBatch(const Options& options, Api& api, Screen& screen) {
  const json answer = api.send("POST", "/jobs/batch-async-create", readBody(options.file));
  const std::string batch = textOf(answer.value("job", json::object()), "async_job_id");
  std::string status = waitForValidation(api, screen, batch);
  const bool valid = status == "AUTO_PARAM_VALIDATE_SUCCESS";
  if (valid && options.commit) {
    (void)api.send("POST", "/batch-async-jobs/" + batch + "/commit");
    status = "COMMIT_SUCCESS";
  }
  const json jobs = api.list("/batch-async-jobs/" + batch, {}, "jobs");
  const bool watches = valid && options.commit && options.watch;
  print(screen, batch, status, jobs, watches);
  if (!valid) return Exit::failed;
  if (!watches) return Exit::done;
  std::vector<std::string> ids;
  for (const json& job : jobs) ids.push_back(textOf(job, "id"));
  return watchJobs(ids, options, api, screen);
}

}  // namespace drs::ctl
