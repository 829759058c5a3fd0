#include "api/call.h"
#include "api/encode_job.h"
#include "api/encode_progress.h"
#include "api/error_response.h"
#include "api/json_io.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// GET /jobs/{job_id}?type=… (v5-endpoints.md 2.5).

namespace drs::api {
namespace {

using nlohmann::ordered_json;

ordered_json headOf(const JobRecord& job) {
  return {{"id", job.id}, {"status", job.status}};
}

ordered_json detail(const Call&, const JobRecord& job) {
  return encodeJobDetail(job);
}

ordered_json progressOf(const JobRecord& job, const JobProgress& figures) {
  ordered_json out = headOf(job);
  out["progress_info"] = encodeProgress(job, figures);
  out["migration_object_progress_info"] = encodeObjectProgress(job, figures);
  return out;
}

ordered_json progress(const Call& call, const JobRecord& job) {
  return progressOf(job, call.jobs().progress(call.actor, job.id));
}

ordered_json overview(const Call& call, const JobRecord& job) {
  const JobProgress figures = call.jobs().progress(call.actor, job.id);
  ordered_json out = progressOf(job, figures);
  out["create_time"] = isoTime(job.createMillis);
  out["metrics"] = encodeMetrics(job, figures, call.api.clock->now());
  return out;
}

/// A query of another kind is unknown here.
QueryAnswer answerOf(const Call& call, const std::string& queryId, TaskKind kind) {
  QueryAnswer answer = call.jobs().answer(call.actor, call.jobId(), queryId);
  if (answer.record.kind != kind) throw Error(Msg::unknownQuery, {queryId}, Origin::request);
  return answer;
}

/// Why a question has no answer. One whose task was stopped has no fault of its own.
Fault whyFailed(const QueryRecord& record) {
  return record.fault.value_or(
      faultOf(Error(Msg::wrongState, {"Answering", "the task is changed, reset or ended"}), 0));
}

/// A pre-check that did not come to its end, in the shape of one that did.
PrecheckReport failedReport(const QueryRecord& record) {
  PrecheckReport report;
  report.process = 100;
  PrecheckRow& row = report.items.emplace_back();
  row.item = "checkJobDbObjectInfo";
  row.group = "objects";
  row.result = PrecheckRow::Result::failed;
  row.reason = "the pre-check could not be run: " + textOf(whyFailed(record));
  return report;
}

/// With query_id the answer to an action, without it what the validation found.
ordered_json network(const Call& call, const JobRecord& job) {
  ordered_json out = headOf(job);
  std::vector<NetworkRow> rows = job.networkResults;
  if (const auto queryId = queryText(call.request, "query_id")) {
    const QueryAnswer answer = answerOf(call, *queryId, TaskKind::network);
    rows = answer.network;
    if (answer.record.state == QueryState::failed) {
      const Fault why = whyFailed(answer.record);
      rows.push_back({"", false, why.code, why.text});
    }
  }
  out["network_results"] = encodeNetworkResults(rows);
  return out;
}

ordered_json precheck(const Call& call, const JobRecord& job) {
  ordered_json out = headOf(job);
  PrecheckReport report = job.precheck;
  if (const auto queryId = queryText(call.request, "query_id")) {
    const QueryAnswer answer = answerOf(call, *queryId, TaskKind::precheck);
    report = answer.precheck.value_or(PrecheckReport{});
    if (answer.record.state == QueryState::failed) report = failedReport(answer.record);
  }
  out["precheck_result"] = encodePrecheck(report);
  return out;
}

ordered_json log(const Call& call, const JobRecord& job) {
  static constexpr EventLevel kLevels[] = {EventLevel::info, EventLevel::warn, EventLevel::error};
  static constexpr std::string_view kNames[] = {"Info", "Warn", "Error"};
  std::optional<EventLevel> level;
  if (const auto wanted = queryChoice(call.request, "log_level", kNames))
    level = kLevels[std::find(std::begin(kNames), std::end(kNames), *wanted) - std::begin(kNames)];
  const Page<EventRecord> page = call.jobs().logs(call.actor, job.id, level, pagingOf(call.request));
  ordered_json out = headOf(job);
  out["total_count"] = page.total;
  out["logs"] = encodeLogs(page.items);
  return out;
}

struct Kind {
  std::string_view type;
  ordered_json (*encode)(const Call&, const JobRecord&);
};

constexpr Kind kKinds[] = {{"detail", detail},     {"overview", overview}, {"network", network},
                           {"precheck", precheck}, {"progress", progress}, {"log", log}};
constexpr std::string_view kDetailTypes[] = {"detail", "overview", "network", "precheck", "progress", "log", "compare"};

}  // namespace

http::Response showJob(const Call& call) {
  const std::string type = requiredQueryChoice(call.request, "type", kDetailTypes);
  if (type == "compare") return showCompare(call);
  const JobRecord job = call.jobs().job(call.actor, call.jobId());
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.type == type; });
  return jsonResponse({{"job", kind->encode(call, job)}});
}

}  // namespace drs::api
