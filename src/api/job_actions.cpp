#include "api/action_requests.h"
#include "api/call.h"
#include "api/encode_job.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// Operating jobs: one (2.6), several (2.7), and what may be done now (2.8 of v5-endpoints.md).

namespace drs::api {

using nlohmann::json;
using nlohmann::ordered_json;

http::Response executeAction(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  Members job = root.requiredObject("job");
  const JobActionRun run = job.present() ? decodeAction(job) : JobActionRun();
  if (!problems.empty()) return errorResponse(problems, call.request);
  const std::string queryId = run(call, call.jobId());
  if (!queryId.empty()) return jsonResponse({{"query_id", queryId}}, 202);
  return jsonResponse(encodeSuccess(call.jobs().job(call.actor, call.jobId())));
}

http::Response executeActions(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  std::vector<std::pair<std::string, JobActionRun>> asked;
  for (Members& job : root.requiredObjects("jobs", call.api.maxJobsPerBatch)) {
    std::string id = job.requiredText("job_id");
    asked.emplace_back(std::move(id), decodeAction(job));
  }
  if (!problems.empty()) return errorResponse(problems, call.request);
  std::vector<ItemResult> results;
  for (const auto& [id, run] : asked)
    results.push_back(itemResult(call.jobs(), call.actor, id, [&] { return run(call, id); }));
  const bool started = std::any_of(results.begin(), results.end(), [](const auto& r) { return !r.queryId.empty(); });
  return jsonResponse(encodeResults(results), started ? 202 : 200);
}

http::Response showActions(const Call& call) {
  return jsonResponse({{"job_action", encodeActions(call.jobs().actions(call.actor, call.jobId()))}});
}

}  // namespace drs::api
