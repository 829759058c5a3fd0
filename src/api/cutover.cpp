#include "job/cutover.h"

#include "api/call.h"
#include "api/encode_job.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"

#include <nlohmann/json.hpp>

// The cut-over of a job: an extension, see docs/guides/cutover.md.

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kShortest = 10, kLongest = 86'400;  // seconds
constexpr std::string_view kCutoverComparisons[] = {"contents", "lines", "none"};

int timeoutOf(Members& body) {
  const json* value = body.find("timeout_seconds");
  if (value == nullptr) return CutoverRequest().timeoutSeconds;
  const bool fits = value->is_number_integer() && *value >= kShortest && *value <= kLongest;
  if (fits) return value->get<int>();
  body.problems().push_back(
      notAllowedProblem(body.pathOf("timeout_seconds"), value->dump(), "an integer, 10 to 86400"));
  return 0;
}

CutoverRequest requestOf(Members& body) {
  CutoverRequest request;
  request.freezeSource = body.boolean("freeze_source").value_or(true);
  const std::string compare = body.choice("compare_type", kCutoverComparisons).value_or("contents");
  if (compare == "lines") request.compare = CompareType::lines;
  if (compare == "none") request.compare.reset();
  request.timeoutSeconds = timeoutOf(body);
  request.dryRun = body.boolean("dry_run").value_or(false);
  return request;
}

ordered_json encodeSteps(const Cutover& cutover) {
  ordered_json steps = ordered_json::array();
  for (const CutoverStep& step : cutover.steps)
    steps.push_back(
        {{"name", step.name}, {"status", step.status}, {"message", step.message}, {"time", isoTime(step.millis)}});
  return steps;
}

}  // namespace

http::Response startCutover(const Call& call) {
  const json body = call.request.body.empty() ? json::object() : parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  const CutoverRequest request = requestOf(root);
  if (!problems.empty()) return errorResponse(problems, call.request);
  call.jobs().cutOver(call.actor, call.jobId(), request);
  return jsonResponse({{"job_id", call.jobId()}, {"status", toText(CutoverState::running)}}, 202);
}

http::Response showCutover(const Call& call) {
  const auto cutover = call.jobs().lastCutover(call.actor, call.jobId());
  if (!cutover) return jsonResponse({{"job_id", call.jobId()}, {"status", "NONE"}, {"steps", ordered_json::array()}});
  const CutoverRequest& request = cutover->request;
  ordered_json out = {{"job_id", call.jobId()},
                      {"status", toText(cutover->state)},
                      {"dry_run", request.dryRun},
                      {"freeze_source", request.freezeSource},
                      {"compare_type", request.compare ? toText(*request.compare) : std::string_view("none")},
                      {"deadline", isoTime(cutover->deadline)},
                      {"position", cutover->shown},
                      {"compare_task_id", cutover->compareId},
                      {"error_msg", cutover->failure}};
  out["steps"] = encodeSteps(*cutover);
  return jsonResponse(out);
}

http::Response switchOver(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  const std::vector<std::string> ids = root.texts("jobs");
  if (problems.empty() && ids.empty()) problems.push_back(missingProblem("jobs"));
  if (ids.size() > call.api.maxJobsPerBatch)
    problems.push_back(notAllowedProblem("jobs", std::to_string(ids.size()) + " elements",
                                         "1 to " + std::to_string(call.api.maxJobsPerBatch)));
  if (!problems.empty()) return errorResponse(problems, call.request);
  std::vector<ItemResult> results;
  for (const std::string& id : ids)
    results.push_back(itemResult(call.jobs(), call.actor, id, [&] {
      call.jobs().switchOver(call.actor, id);
      return std::string();
    }));
  return jsonResponse({{"count", results.size()}, {"results", encodeResults(results)["jobs"]}});
}

http::Response cancelCutover(const Call& call) {
  call.jobs().cancelCutover(call.actor, call.jobId());
  return jsonResponse({{"job_id", call.jobId()}, {"status", toText(CutoverState::goingBack)}}, 202);
}

}  // namespace drs::api
