#include "api/call.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"

#include <nlohmann/json.hpp>

// The speed limit of jobs, also while they run: a call of the v3 API, of which SDKs use the same path with PUT.

namespace drs::api {
namespace {

using nlohmann::json;

std::vector<SpeedWindow> windowsOf(Members& job) {
  std::vector<SpeedWindow> windows;
  const std::string path = job.pathOf("speed_limit");
  const json* list = job.find("speed_limit");
  if (list == nullptr) {
    job.problems().push_back(missingProblem(path));
    return windows;
  }
  for (Problem& problem : decodeSpeedLimit(windows, *list, path)) job.problems().push_back(std::move(problem));
  return windows;
}

std::string limit(const Call& call, const std::string& jobId, const std::vector<SpeedWindow>& windows) {
  call.jobs().limitSpeed(call.actor, jobId, windows);
  return {};
}

}  // namespace

http::Response limitSpeeds(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  std::vector<std::pair<std::string, std::vector<SpeedWindow>>> asked;
  for (Members& job : root.requiredObjects("speed_limits", call.api.maxJobsPerBatch)) {
    std::string id = job.requiredText("job_id");
    asked.emplace_back(std::move(id), windowsOf(job));
  }
  if (!problems.empty()) return errorResponse(problems, call.request);
  std::vector<ItemResult> results;
  for (const auto& [id, windows] : asked)
    results.push_back(itemResult(call.jobs(), call.actor, id,
                                 [&, &jobId = id, &list = windows] { return limit(call, jobId, list); }));
  return jsonResponse({{"count", results.size()}, {"results", encodeResults(results)["jobs"]}});
}

}  // namespace drs::api
