#include "base/ids.h"
#include "job/job_service_impl.h"
#include "store/records_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

DbObject only(DbObject objects, const std::vector<std::string>& databases) {
  if (databases.empty() || !objects.objectInfo) return objects;
  std::erase_if(*objects.objectInfo, [&](const auto& entry) {
    return std::find(databases.begin(), databases.end(), entry.first) == databases.end();
  });
  return objects;
}

/// Sent means: planned and taken over by the copy or the stream, also of a task that has ended since. A reset begins
/// anew.
bool isSent(const JobRecord& job) {
  return job.copyStartedMillis != 0 || job.streamStartedMillis != 0 || job.phase == Phase::finishing;
}

/// A selection of everything names no database: the plan does.
void addPlannedDatabases(DbObject& objects, const StoreView& view, const std::string& jobId) {
  constexpr std::int64_t kAll = 1'000'000'000;
  objects.objectInfo.emplace();
  for (const TableRecord& table : view.tables(jobId, "", {0, kAll}).items) {
    DatabaseObject& database = (*objects.objectInfo)[table.sourceDatabase];
    database.name = table.targetDatabase;
    database.all = true;
  }
}

DbObject selected(const StoreView& view, const JobRecord& job, const ObjectsQuery& query) {
  DbObject objects = job.spec->dbObject;
  const bool sent = isSent(job);
  if (query.type == "synchronized" && sent && !objects.objectInfo) addPlannedDatabases(objects, view, job.id);
  objects = only(std::move(objects), query.databases);
  if (query.type == "synchronized" && !sent) {
    objects.objectInfo.emplace();
    return objects;
  }
  if (!objects.objectInfo) return objects;
  for (auto& [name, database] : *objects.objectInfo) {
    database.isSynchronized = sent;
    if (!database.tables) continue;
    for (auto& [tableName, table] : *database.tables) table.isSynchronized = sent;
  }
  return objects;
}

}  // namespace

std::string JobService::testNetwork(const Actor& actor, const std::string& jobId,
                                    const std::vector<EndpointInfo>& endpoints) {
  std::string queryId;
  impl_->act(actor, jobId, JobAction::testNetwork, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    Json payload = Json::object();
    if (!endpoints.empty()) {
      JobSpec spec = *job.spec;
      std::vector<EndpointInfo> sources, targets;
      for (const EndpointInfo& info : endpoints)
        (info.endpointRole.value_or("so") == "ta" ? targets : sources).push_back(info);
      if (!sources.empty()) spec.sourceEndpoint = sources;
      if (!targets.empty()) spec.targetEndpoint = targets;
      impl_->seal(spec, job.id);
      payload["spec"] = encodeJob(spec, EncodeFor::store);
    }
    queryId = impl_->ask(tx, job, TaskKind::network, dump(payload));
  });
  return queryId;
}

std::string JobService::precheck(const Actor& actor, const std::string& jobId, const std::string& mode) {
  std::string queryId;
  impl_->act(actor, jobId, JobAction::precheck, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (job.phase != Phase::draft) {
      queryId = impl_->ask(tx, job, TaskKind::precheck, dump(Json{{"mode", mode}}));
      return;
    }
    // Of a draft the whole validation is run again, so that its outcome counts for the commit.
    QueryRecord query;
    query.id = queryId = newUuid();
    query.jobId = job.id;
    query.kind = TaskKind::precheck;
    query.createMillis = tx.now();
    tx.insert(query);
    impl_->revalidate(tx, job, queryId);
  });
  return queryId;
}

std::string JobService::collectPosition(const Actor& actor, const std::string& jobId) {
  std::string queryId;
  impl_->act(actor, jobId, JobAction::collectPosition, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    queryId = impl_->ask(tx, job, TaskKind::position, "{}");
  });
  return queryId;
}

std::string JobService::collectObjects(const Actor& actor, const std::string& jobId, const ObjectsQuery& query) {
  std::string queryId;
  impl_->act(actor, jobId, JobAction::collectObjects, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (query.type == "source") {
      queryId = impl_->ask(tx, job, TaskKind::objects, dump(Json{{"databases", query.databases}}));
      return;
    }
    QueryRecord record;  // known already: answered at once
    record.id = queryId = newUuid();
    record.jobId = job.id;
    record.kind = TaskKind::objects;
    record.state = QueryState::success;
    record.result = dump(encodeDbObject(selected(tx, job, query)));
    record.createMillis = tx.now();
    tx.insert(record);
  });
  return queryId;
}

QueryAnswer JobService::answer(const Actor& actor, const std::string& jobId, const std::string& queryId) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  std::optional<QueryRecord> record = view.query(queryId);
  if (!record || record->jobId != jobId) throw Error(Msg::unknownQuery, {queryId}, Origin::request);
  QueryAnswer answer;
  answer.record = std::move(*record);
  if (answer.record.state != QueryState::success) return answer;
  const std::string& text = answer.record.result;
  if (answer.record.kind == TaskKind::network) answer.network = decodeNetwork(text);
  if (answer.record.kind == TaskKind::precheck) answer.precheck = decodePrecheck(text);
  if (answer.record.kind == TaskKind::position) answer.position = text;
  if (answer.record.kind == TaskKind::objects) {
    DbObject objects;
    (void)decodeDbObject(objects, Json::parse(text), "db_object");  // our own text: no rule to apply
    answer.objects = std::move(objects);
  }
  return answer;
}

DbObject JobService::selectedObjects(const Actor& actor, const std::string& jobId, const ObjectsQuery& query) {
  const StoreView view = impl_->store.view();
  return selected(view, impl_->find(view, actor, jobId), query);
}

// ---- comparisons ----

std::string JobService::createCompare(const Actor& actor, const std::string& jobId, const CompareRequest& request) {
  CompareRecord comparison;
  comparison.id = newUuid();
  impl_->act(actor, jobId, JobAction::createCompare, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (tx.unfinished(job.id, TaskKind::compare)) throw Error(Msg::busy, {job.id}, Origin::request);
    Json options = Json::parse(request.options, nullptr, false);
    if (!options.is_object()) options = Json::object();
    if (request.objects) options["db_object"] = encodeDbObject(*request.objects);
    comparison.jobId = job.id;
    comparison.type = request.type;
    comparison.options = dump(options);
    comparison.createMillis = tx.now();
    tx.insert(comparison);
    tx.insert(
        job.id,
        {.kind = TaskKind::compare, .payload = "{}", .queryId = comparison.id, .notBefore = request.startAtMillis});
    Lifecycle(tx).log(job, EventLevel::info, "A comparison was asked for (" + std::string(toText(request.type)) + ")",
                      actor.userName);
  });
  return comparison.id;
}

void JobService::cancelCompare(const Actor& actor, const std::string& jobId, const std::string& compareId) {
  impl_->store.write([&](StoreTransaction& tx) {
    const JobRecord job = impl_->find(tx, actor, jobId);
    const std::optional<CompareRecord> comparison = tx.comparison(compareId);
    if (!comparison || comparison->jobId != jobId) throw Error(Msg::unknownQuery, {compareId}, Origin::request);
    const bool unfinished = comparison->state == CompareState::waiting || comparison->state == CompareState::running;
    if (!unfinished)
      throw Error(Msg::wrongState, {"cancelling", "the comparison is " + std::string(toText(comparison->state))},
                  Origin::request);
    tx.cancelTasks(jobId, {TaskKind::compare});  // a job has one unfinished comparison at most
    Lifecycle(tx).log(job, EventLevel::info, "The comparison was cancelled", actor.userName);
  });
}

Page<CompareRecord> JobService::comparisons(const Actor& actor, const std::string& jobId, Paging paging) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  return view.comparisons(jobId, paging);
}

CompareResults JobService::compareResults(const Actor& actor, const std::string& jobId, const std::string& compareId) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  std::optional<CompareRecord> comparison = view.comparison(compareId);
  if (!comparison || comparison->jobId != jobId) throw Error(Msg::unknownQuery, {compareId}, Origin::request);
  return {std::move(*comparison), view.comparedTables(compareId)};
}

}  // namespace drs
