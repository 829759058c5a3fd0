#include "api/call.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"

#include <nlohmann/json.hpp>

// Ending and deleting jobs, one or several (v5-endpoints.md 2.10).

namespace drs::api {
namespace {

using nlohmann::json;

std::string end(const Call& call, const std::string& jobId, bool force) {
  call.jobs().end(call.actor, jobId, force);
  return {};
}

std::string remove(const Call& call, const std::string& jobId) {
  call.jobs().remove(call.actor, jobId);
  return {};
}

}  // namespace

http::Response endJob(const Call& call) {
  bool force = false;
  if (!call.request.body.empty()) {
    const json body = parseBody(call.request);
    std::vector<Problem> problems;
    force = Members(&body, "", problems).boolean("is_force_stop").value_or(false);
    if (!problems.empty()) return errorResponse(problems, call.request);
  }
  (void)end(call, call.jobId(), force);
  return jsonResponse(encodeSuccess(call.jobs().job(call.actor, call.jobId())));
}

http::Response endJobs(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  std::vector<std::pair<std::string, bool>> asked;
  for (Members& job : root.requiredObjects("jobs", call.api.maxJobsPerBatch)) {
    std::string id = job.requiredText("job_id");
    asked.emplace_back(std::move(id), job.boolean("is_force_stop").value_or(false));
  }
  if (!problems.empty()) return errorResponse(problems, call.request);
  std::vector<ItemResult> results;
  for (const auto& [id, isForce] : asked)
    results.push_back(itemResult(call.jobs(), call.actor, id, [&, force = isForce] { return end(call, id, force); }));
  return jsonResponse(encodeResults(results));
}

http::Response deleteJob(const Call& call) {
  (void)remove(call, call.jobId());
  return {200, "", "", {}};
}

http::Response deleteJobs(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  const std::vector<std::string> ids = root.texts("jobs");
  if (problems.empty() && ids.empty()) problems.push_back(missingProblem("jobs"));
  if (ids.size() > call.api.maxJobsPerBatch) {
    problems.push_back(notAllowedProblem("jobs", std::to_string(ids.size()) + " elements",
                                         "1 to " + std::to_string(call.api.maxJobsPerBatch)));
  }
  if (!problems.empty()) return errorResponse(problems, call.request);
  std::vector<ItemResult> results;
  for (const std::string& id : ids)
    results.push_back(itemResult(call.jobs(), call.actor, id, [&] { return remove(call, id); }));
  return jsonResponse(encodeResults(results));
}

}  // namespace drs::api
