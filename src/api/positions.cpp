#include "api/call.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

// Where an incremental-only job starts: set it, or ask the source where its log ends (v5-endpoints.md 3).

namespace drs::api {

using nlohmann::json;
using nlohmann::ordered_json;

http::Response setStartPosition(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  const std::string file = root.requiredText("file_and_position");
  const std::string gtids = root.text("gtid_set").value_or("");
  if (!problems.empty()) return errorResponse(problems, call.request);
  call.jobs().setStartPosition(call.actor, call.jobId(), file, gtids);
  return jsonResponse(encodeSuccess(call.jobs().job(call.actor, call.jobId())));
}

http::Response collectPosition(const Call& call) {
  if (!call.request.body.empty()) {
    const json body = parseBody(call.request);
    std::vector<Problem> problems;
    Members root(&body, "", problems);
    // The position at a past time would need a search through the logs; the present end is what is offered.
    if (const auto time = root.text("reset_position_time"); time && !time->empty())
      problems.push_back(notAllowedProblem("reset_position_time", *time, "absent"));
    if (!problems.empty()) return errorResponse(problems, call.request);
  }
  const std::string id = call.jobs().collectPosition(call.actor, call.jobId());
  return jsonResponse({{"id", id}, {"status", "pending"}, {"job_id", call.jobId()}}, 202);
}

http::Response showPosition(const Call& call) {
  const std::string queryId = requiredQuery(call.request, "query_id");
  const QueryAnswer answer = call.jobs().answer(call.actor, call.jobId(), queryId);
  if (answer.record.kind != TaskKind::position) throw Error(Msg::unknownQuery, {queryId}, Origin::request);
  ordered_json out = {{"job_id", call.jobId()}, {"position", answer.position}, {"status", toText(answer.record.state)}};
  if (answer.record.fault) {
    out["error_code"] = answer.record.fault->code;
    out["error_msg"] = textOf(*answer.record.fault);
  }
  return jsonResponse(out);
}

}  // namespace drs::api
