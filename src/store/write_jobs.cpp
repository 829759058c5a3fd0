#include "base/ascii.h"
#include "base/ids.h"
#include "model/job_spec_json.h"
#include "store/records_json.h"
#include "store/rows.h"
#include "store/sql_text.h"
#include "store/store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace drs {
namespace {

std::string orEmpty(const std::optional<std::string>& text) {
  return text.value_or("");
}

SqlValue faultText(const std::optional<Fault>& fault) {
  if (!fault) return std::monostate{};
  return encodeFault(*fault);
}

/// What lists filter on, out of the spec, in the order of kListColumns.
constexpr std::string_view kListColumns =
    "name_key, job_type, engine_type, net_type, job_direction, charging_mode, enterprise_project_id, instance_ids, "
    "addresses";

void collectEndpoint(const Endpoint& endpoint, std::set<std::string>& instances, std::set<std::string>& addresses) {
  if (endpoint.instanceId) instances.insert(*endpoint.instanceId);
  if (endpoint.ip) addresses.insert(toLowerAscii(*endpoint.ip));
  for (const Endpoint& shard : endpoint.sourceSharding.value_or(std::vector<Endpoint>{}))
    collectEndpoint(shard, instances, addresses);
}

std::string joined(const std::set<std::string>& texts) {
  std::string out = ",";
  for (const auto& text : texts) out += text + ",";
  return out;
}

SqlParams listColumns(const JobSpec& spec) {
  const BaseInfo& base = spec.baseInfo;
  std::set<std::string> instances;
  std::set<std::string> addresses;
  for (const auto* side : {&spec.sourceEndpoint, &spec.targetEndpoint}) {
    for (const EndpointInfo& info : *side) collectEndpoint(info.endpoint, instances, addresses);
  }
  return {toLowerAscii(orEmpty(base.name)),
          orEmpty(base.jobType),
          orEmpty(base.engineType),
          orEmpty(base.netType),
          orEmpty(base.jobDirection),
          base.chargingMode.value_or("on_demand"),
          base.enterpriseProjectId.value_or("0"),
          joined(instances),
          joined(addresses)};
}

std::string specText(const JobSpec& spec) {
  return encodeJob(spec, EncodeFor::store).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// "$first, …" for `count` parameters.
std::string placeholders(std::size_t first, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "$" : ", $") + std::to_string(first + i);
  return out;
}

/// The columns of a job that change during its life, in the order of stateOf().
constexpr std::string_view kStateColumns =
    "phase, desired, drained, fault, status, validation, network_results, precheck, skipped_items, skip_reason, "
    "start_position, "
    "compare_at_end, reversed, plan, start_at_millis, started_millis, copy_started_millis, copy_ended_millis, "
    "stream_started_millis, ended_millis, "
    "update_millis";
constexpr std::size_t kStateCount = 21;

SqlParams stateOf(const JobRecord& job) {
  return {sqlOf(toText(job.phase)),
          sqlOf(toText(job.desired)),
          sqlOf(job.drained),
          faultText(job.fault),
          job.status,
          sqlOf(toText(job.validation)),
          encodeNetwork(job.networkResults),
          encodePrecheck(job.precheck),
          encodeStrings(job.skippedItems),
          job.skipReason,
          job.startPosition,
          sqlOf(job.compareAtEnd),
          sqlOf(job.reversed),
          sqlOf(job.plan),
          job.startAtMillis,
          job.startedMillis,
          job.copyStartedMillis,
          job.copyEndedMillis,
          job.streamStartedMillis,
          job.endedMillis,
          job.updateMillis};
}

}  // namespace

void StoreTransaction::insert(const BatchRecord& batch) {
  session_.query(sqlText({"INSERT INTO batch (", kBatchColumns, ") VALUES (", placeholders(1, 7), ")"}),
                 {batch.id, batch.projectId, batch.domainName, batch.userName, sqlOf(toText(batch.status)),
                  batch.createMillis, batch.commitMillis});
}

void StoreTransaction::update(const BatchRecord& batch) {
  session_.query("UPDATE batch SET status = $2, commit_millis = $3 WHERE id = $1",
                 {batch.id, sqlOf(toText(batch.status)), batch.commitMillis});
}

void StoreTransaction::insert(const JobRecord& job) {
  const std::string specId = newUuid();
  SqlParams params{job.id, job.batchId,      job.projectId, job.name,  job.userName,
                   specId, sqlOf(job.epoch), job.version,   job.order, job.createMillis};
  for (SqlValue& value : stateOf(job)) params.push_back(std::move(value));
  for (SqlValue& value : listColumns(*job.spec)) params.push_back(std::move(value));
  session_.query(sqlText({"INSERT INTO job (id, batch_id, project_id, name, user_name, spec_id, epoch, version, ",
                          "batch_order, create_millis, ", kStateColumns, ", ", kListColumns, ") VALUES (",
                          placeholders(1, params.size()), ")"}),
                 params);
  session_.query("INSERT INTO job_spec (job_id, spec_id, spec) VALUES ($1, $2, $3)",
                 {job.id, specId, specText(*job.spec)});
}

void StoreTransaction::update(JobRecord& job) {
  SqlParams params{job.id, job.version};
  for (SqlValue& value : stateOf(job)) params.push_back(std::move(value));
  const auto result = session_.query(sqlText({"UPDATE job SET version = version + 1, (", kStateColumns, ") = (",
                                              placeholders(3, kStateCount), ") WHERE id = $1 AND version = $2"}),
                                     params);
  if (result.changed != 1)
    throw Error(Msg::storeFailed, {"the job " + job.id + " was changed at the same time"}, Origin::store);
  ++job.version;
}

void StoreTransaction::updateSpec(JobRecord& job, std::shared_ptr<const JobSpec> spec) {
  const std::string specId = newUuid();
  const std::string text = specText(*spec);
  SqlParams params{job.id, specId, orEmpty(spec->baseInfo.name)};
  for (SqlValue& value : listColumns(*spec)) params.push_back(std::move(value));
  session_.query(sqlText({"UPDATE job SET spec_id = $2, name = $3, (", kListColumns, ") = (", placeholders(4, 9),
                          ") WHERE id = $1"}),
                 params);
  session_.query("UPDATE job_spec SET spec_id = $2, spec = $3 WHERE job_id = $1", {job.id, specId, text});
  job.name = orEmpty(spec->baseInfo.name);
  job.spec = std::move(spec);
}

void StoreTransaction::insertToken(const std::string& projectId, const std::string& token, const std::string& batchId) {
  session_.query(
      "INSERT INTO client_token (project_id, token, batch_id, create_millis) VALUES ($1, $2, $3, now_ms()) "
      "ON CONFLICT (project_id, token) DO UPDATE SET batch_id = excluded.batch_id, create_millis = "
      "excluded.create_millis",
      {projectId, token, batchId});
}

void StoreTransaction::append(const EventRecord& event) {
  session_.query(
      "INSERT INTO job_event (job_id, number, millis, level, message, user_name) SELECT $1, coalesce(max(number), 0) + "
      "1, "
      "CASE WHEN $2 = 0 THEN now_ms() ELSE $2 END, $3, $4, $5 FROM job_event WHERE job_id = $1",
      {event.jobId, event.millis, sqlOf(toText(event.level)), event.message, event.userName});
}

void StoreTransaction::insert(const QueryRecord& query) {
  session_.query(sqlText({"INSERT INTO query (", kQueryColumns, ") VALUES (", placeholders(1, 7), ")"}),
                 {query.id, query.jobId, sqlOf(toText(query.kind)), sqlOf(toText(query.state)), query.result,
                  faultText(query.fault), query.createMillis});
}

void StoreTransaction::finishQuery(const std::string& id, QueryState state, const std::string& result,
                                   const std::optional<Fault>& fault) {
  session_.query("UPDATE query SET state = $2, result = $3, fault = $4 WHERE id = $1",
                 {id, sqlOf(toText(state)), result, faultText(fault)});
}

void StoreTransaction::replaceTables(const std::string& jobId, const std::vector<TableRecord>& tables) {
  session_.query("DELETE FROM job_table WHERE job_id = $1", {jobId});
  const std::string text =
      sqlText({"INSERT INTO job_table (job_id, ", kTableColumns, ") VALUES (", placeholders(1, 12), ")"});
  for (const TableRecord& t : tables) {
    session_.query(
        text, {jobId, sqlOf(t.plan), t.sourceDatabase, t.sourceTable, t.targetDatabase, t.targetTable,
               sqlOf(t.estimatedRows), sqlOf(t.estimatedBytes), sqlOf(t.rows), sqlOf(t.bytes), t.chunks, t.chunksDone});
  }
}

void StoreTransaction::addRows(const std::string& jobId, const std::vector<TableCount>& counts) {
  for (const TableCount& count : counts) {
    session_.query(
        "UPDATE job_table SET rows_done = rows_done + $3, bytes_done = bytes_done + $4, chunks_done = chunks_done + 1 "
        "WHERE job_id = $1 AND plan = $2",
        {jobId, sqlOf(count.plan), sqlOf(count.rows), sqlOf(count.bytes)});
  }
}

void StoreTransaction::addChunk(const std::string& jobId, std::size_t plan) {
  session_.query("UPDATE job_table SET chunks = chunks + 1 WHERE job_id = $1 AND plan = $2", {jobId, sqlOf(plan)});
}

void StoreTransaction::setDocument(const std::string& jobId, const std::string& name, const std::string& text) {
  session_.query(
      "INSERT INTO job_document (job_id, name, text) VALUES ($1, $2, $3) ON CONFLICT (job_id, name) DO UPDATE SET text "
      "= excluded.text",
      {jobId, name, text});
}

void StoreTransaction::dropDocuments(const std::string& jobId) {
  session_.query("DELETE FROM job_document WHERE job_id = $1", {jobId});
}

void StoreTransaction::holdTargets(const std::string& jobId, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    session_.query("INSERT INTO target_table (name, job_id) VALUES ($1, $2) ON CONFLICT (name, job_id) DO NOTHING",
                   {key, jobId});
  }
}

void StoreTransaction::releaseTargets(const std::string& jobId) {
  session_.query("DELETE FROM target_table WHERE job_id = $1", {jobId});
}

void StoreTransaction::insert(const CompareRecord& c) {
  session_.query(sqlText({"INSERT INTO comparison (", kCompareColumns, ") VALUES (", placeholders(1, 9), ")"}),
                 {c.id, c.jobId, sqlOf(toText(c.type)), sqlOf(toText(c.state)), c.options, c.error, c.createMillis,
                  c.startMillis, c.endMillis});
}

void StoreTransaction::update(const CompareRecord& c) {
  session_.query("UPDATE comparison SET state = $2, error = $3, start_millis = $4, end_millis = $5 WHERE id = $1",
                 {c.id, sqlOf(toText(c.state)), c.error, c.startMillis, c.endMillis});
}

void StoreTransaction::put(const CompareTableRecord& t) {
  session_.query("DELETE FROM compared_table WHERE compare_id = $1 AND number = $2", {t.compareId, sqlOf(t.number)});
  session_.query(
      sqlText({"INSERT INTO compared_table (", kComparedColumns, ") VALUES (", placeholders(1, 12), ")"}),
      {t.compareId, sqlOf(t.number), t.sourceDatabase, t.sourceTable, t.targetDatabase, t.targetTable,
       sqlOf(t.sourceRows), sqlOf(t.targetRows), sqlOf(t.differences), sqlOf(toText(t.result)), t.error, t.listed});
}

void StoreTransaction::addConflicts(const std::string& jobId, const std::vector<ConflictRow>& rows,
                                    std::uint64_t most) {
  const std::string text = sqlText({"INSERT INTO conflict (job_id, ", kConflictColumns, ") VALUES (",
                                    placeholders(1, 13), ") ON CONFLICT (job_id, number) DO NOTHING"});
  std::uint64_t last = 0;
  for (const ConflictRow& row : rows) {
    session_.query(text,
                   {jobId, sqlOf(row.number), row.millis, row.transaction, row.database, row.table, row.kind,
                    std::int64_t{row.kept ? 1 : 0}, sqlOf(row.gaveWay), row.key, row.before, row.after, row.detail});
    last = row.number;
  }
  if (last > most)
    session_.query("DELETE FROM conflict WHERE job_id = $1 AND number <= $2", {jobId, sqlOf(last - most)});
}

void StoreTransaction::eraseConflicts(const std::string& jobId) {
  session_.query("DELETE FROM conflict WHERE job_id = $1", {jobId});
}

void StoreTransaction::putStatements(const std::string& jobId, const std::vector<StatementRow>& rows,
                                     std::int64_t most) {
  constexpr std::string_view kReplace =
      ") ON CONFLICT (job_id, number) DO UPDATE SET position_text = excluded.position_text, state = excluded.state, "
      "reason = excluded.reason";
  const std::string text =
      sqlText({"INSERT INTO statement (job_id, ", kStatementColumns, ") VALUES (", placeholders(1, 12), kReplace});
  for (const StatementRow& row : rows)
    session_.query(text, {jobId, sqlOf(row.number), row.transaction, row.position, row.committed, row.recorded,
                          row.kind, row.state, row.sql, row.fingerprint, row.reason, row.cleaned});
  session_.query(
      "DELETE FROM statement WHERE job_id = $1 AND number <= (SELECT number FROM statement WHERE job_id = $1 ORDER BY "
      "number DESC LIMIT 1 OFFSET $2)",
      {jobId, most});
}

void StoreTransaction::cleanStatement(const std::string& jobId, std::uint64_t number, UnixMillis now) {
  session_.query("UPDATE statement SET cleaned_millis = $3 WHERE job_id = $1 AND number = $2 AND cleaned_millis = 0",
                 {jobId, sqlOf(number), now});
}

void StoreTransaction::eraseStatements(const std::string& jobId) {
  session_.query("DELETE FROM statement WHERE job_id = $1", {jobId});
}

void StoreTransaction::setValue(const std::string& key, const std::string& value) {
  session_.query(
      "INSERT INTO store_value (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {key, value});
}

void StoreTransaction::eraseJob(const std::string& jobId) {
  session_.query("DELETE FROM compared_table WHERE compare_id IN (SELECT id FROM comparison WHERE job_id = $1)",
                 {jobId});
  for (const std::string_view table : {"comparison", "query", "conflict", "statement", "target_table", "job_document",
                                       "job_table", "job_event", "task", "job_spec"}) {
    session_.query(sqlText({"DELETE FROM ", table, " WHERE job_id = $1"}), {jobId});
  }
  session_.query("DELETE FROM job WHERE id = $1", {jobId});
}

void StoreTransaction::eraseOld(UnixMillis queriesBefore, UnixMillis comparisonsBefore) {
  session_.query("DELETE FROM query WHERE create_millis < $1", {queriesBefore});
  session_.query("DELETE FROM client_token WHERE create_millis < $1", {queriesBefore});
  session_.query("DELETE FROM compared_table WHERE compare_id IN (SELECT id FROM comparison WHERE create_millis < $1)",
                 {comparisonsBefore});
  session_.query("DELETE FROM comparison WHERE create_millis < $1", {comparisonsBefore});
  session_.query("DELETE FROM task WHERE state IN ('done', 'cancelled') AND class = 2 AND create_millis < $1",
                 {queriesBefore});
}

}  // namespace drs
