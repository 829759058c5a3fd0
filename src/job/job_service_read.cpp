#include "job/job_service_impl.h"
#include "job/object_store.h"

#include <algorithm>
#include <array>
#include <utility>

namespace drs {
namespace {

/// The name in the API's vocabulary of GET …/actions for each of ours that has one.
constexpr auto kNames = std::to_array<std::pair<JobAction, std::string_view>>({
    {JobAction::edit, "MODIFY_CONFIGURATION"},
    {JobAction::precheck, "PRE_CHECK"},
    {JobAction::start, "START"},
    {JobAction::pause, "PAUSE"},
    {JobAction::resume, "CONTINUE_JOB"},
    {JobAction::reset, "RESET"},
    {JobAction::end, "FREE_RESOURCE"},
    {JobAction::remove, "DELETE"},
});

std::string currentOf(const JobRecord& job) {
  switch (job.phase) {
    case Phase::creating:
    case Phase::draft:
      return "CREATE";
    case Phase::scheduled:
    case Phase::planning:
      return "START";
    case Phase::editing:
      return "CHANGE";
    case Phase::switchingOver:
      return "SWITCH_OVER";
    case Phase::ending:
    case Phase::ended:
      return "FREE_RESOURCE";
    case Phase::deleted:
      return "DELETE";
    default:
      return job.desired == Desired::pause ? "PAUSE" : "START";
  }
}

int percentOf(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<int>(std::min<std::uint64_t>(99, part * 100 / whole));
}

/// What running copies have read, beside what is committed.
void addRunning(std::vector<TableRecord>& tables, const std::vector<TaskRecord>& running) {
  for (const TaskRecord& task : running) {
    if (task.kind != TaskKind::copy) continue;
    for (const TableCount& count : task.progress.tables) {
      const auto found =
          std::find_if(tables.begin(), tables.end(), [&](const TableRecord& t) { return t.plan == count.plan; });
      if (found == tables.end()) continue;
      found->rows += count.rows;
      found->bytes += count.bytes;
    }
  }
}

bool isCopyOver(const JobRecord& job) {
  return job.copyEndedMillis != 0 || job.phase == Phase::streaming || job.phase == Phase::copied ||
         job.phase == Phase::finishing;
}

void addStream(JobProgress& out, const TaskRecord& task) {
  if (task.kind != TaskKind::stream) return;
  const TaskProgress& p = task.progress;
  out.delayMillis = p.delayMillis;
  out.position = p.position;
  out.transactions = p.transactions;
  out.changes = p.rows;
  out.conflictsKept = p.conflictsKept;
  out.conflictsOverwritten = p.conflictsOverwritten;
}

void addPercents(JobProgress& out, const JobRecord& job, const TableTotals& totals) {
  const bool incremental = out.taskType == "INCR_TRANS";
  const bool working = job.phase != Phase::creating && job.phase != Phase::draft && job.phase != Phase::scheduled &&
                       job.phase != Phase::planning;
  const bool over = isCopyOver(job) || (incremental && working && job.streamStartedMillis != 0);
  const bool allCopied = totals.tables > 0 && totals.done == totals.tables;
  out.structPercent = working && (totals.tables > 0 || over) ? 100 : 0;
  out.dataPercent = over || allCopied ? 100 : percentOf(out.rowsDone, std::max(out.rowsEstimated, out.rowsDone));
  const bool indexed = job.phase == Phase::streaming || job.phase == Phase::copied || job.streamStartedMillis != 0;
  out.indexPercent = indexed ? 100 : 0;
  out.percent = over ? 100 : std::min(99, out.dataPercent);
}

ObjectPlans objectsOf(const StoreView& view, const std::string& jobId) {
  auto document = view.document(jobId, kObjectListDocument);
  if (!document) document = view.document(jobId, kObjectsDocument);  // planned by an older version
  return document ? decodeObjects(*document).objects : ObjectPlans();
}

void addObjects(JobProgress& out, const ObjectPlans& objects) {
  for (const ObjectKind kind : kObjectKinds) {
    JobProgress::Objects totals{kind, 0, 0};
    for (const ObjectPlan& object : objects) {
      if (object.kind != kind) continue;
      ++totals.all;
      totals.done += object.done ? 1 : 0;
    }
    if (totals.all > 0) out.objects.push_back(totals);
  }
}

}  // namespace

Page<JobRecord> JobService::listJobs(const Actor& actor, JobFilter filter) {
  filter.projectId = actor.projectId;
  return impl_->store.view().jobs(filter);
}

JobRecord JobService::job(const Actor& actor, const std::string& jobId) {
  return impl_->find(impl_->store.view(), actor, jobId, true);
}

JobActions JobService::actions(const Actor& actor, const std::string& jobId) {
  return actionsOf(job(actor, jobId));
}

JobActions JobService::actionsOf(const JobRecord& job) {
  JobActions out;
  const auto add = [&out](bool possible, std::string_view name) {
    (possible ? out.available : out.unavailable).emplace_back(name);
  };
  for (const auto& [action, name] : kNames) {
    const bool possible = decide(action, job).kind == Decision::Kind::allowed;
    if (action == JobAction::resume) {
      add(possible && !job.fault, name);  // after a pause; after a fault it is called RETRY
      add(possible && job.fault, "RETRY");
    } else {
      add(possible, name);
    }
  }
  add(decide(JobAction::edit, job).kind == Decision::Kind::allowed, "CHOOSE_OBJECT");
  add(job.precheck.process == 100, "QUERY_PRE_CHECK");
  out.current = currentOf(job);
  return out;
}

JobProgress JobService::progress(const Actor& actor, const std::string& jobId) {
  const StoreView view = impl_->store.view();
  const JobRecord job = impl_->find(view, actor, jobId, true);
  const TableTotals totals = view.tableTotals(jobId);
  JobProgress out;
  out.status = job.status;
  out.taskType = job.spec->baseInfo.taskType.value_or("");
  out.tables = totals.tables;
  out.tablesDone = totals.done;
  out.rowsEstimated = totals.estimatedRows;
  out.bytesEstimated = totals.estimatedBytes;
  out.rowsDone = totals.rows;
  out.bytesDone = totals.bytes;
  out.updateMillis = job.updateMillis;
  for (const TaskRecord& task : view.phaseTasks(jobId)) {
    if (task.kind == TaskKind::copy && task.state == TaskState::running) {
      for (const TableCount& count : task.progress.tables) {
        out.rowsDone += count.rows;
        out.bytesDone += count.bytes;
      }
    }
    addStream(out, task);
    out.updateMillis = std::max(out.updateMillis, task.progress.updateMillis);
  }
  if (job.phase != Phase::streaming) out.delayMillis.reset();
  addPercents(out, job, totals);
  addObjects(out, objectsOf(view, jobId));
  if (out.percent == 100) out.remainingSeconds = 0;
  if (job.phase == Phase::copying && out.dataPercent > 0 && job.copyStartedMillis != 0) {
    const std::int64_t spent = view.now() - job.copyStartedMillis;
    out.remainingSeconds = spent * (100 - out.dataPercent) / out.dataPercent / 1000;
  }
  return out;
}

Page<TableProgress> JobService::tableProgress(const Actor& actor, const std::string& jobId, const std::string& search,
                                              Paging paging) {
  const StoreView view = impl_->store.view();
  const JobRecord job = impl_->find(view, actor, jobId, true);
  Page<TableRecord> tables = view.tables(jobId, search, paging);
  addRunning(tables.items, view.runningTasks(jobId));
  Page<TableProgress> out;
  out.total = tables.total;
  const bool over = isCopyOver(job);
  for (TableRecord& table : tables.items) {
    const bool done = over || (table.chunks > 0 && table.chunksDone >= table.chunks);
    const int percent = done ? 100 : percentOf(table.rows, std::max(table.estimatedRows, table.rows));
    out.items.push_back({.table = std::move(table), .percent = percent});
  }
  return out;
}

Page<ObjectPlan> JobService::objectProgress(const Actor& actor, const std::string& jobId, ObjectKind kind,
                                            const std::string& search, Paging paging) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId, true);
  const auto matches = [&](const TableName& name) {
    return name.database.find(search) != std::string::npos || name.table.find(search) != std::string::npos;
  };
  Page<ObjectPlan> out;
  for (ObjectPlan& object : objectsOf(view, jobId)) {
    if (object.kind != kind || (!matches(object.source) && !matches(object.target))) continue;
    if (out.total >= paging.offset && out.total < paging.offset + paging.limit) out.items.push_back(std::move(object));
    ++out.total;
  }
  return out;
}

Page<EventRecord> JobService::logs(const Actor& actor, const std::string& jobId, std::optional<EventLevel> level,
                                   Paging paging) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId, true);
  return view.events(jobId, level, paging);
}

}  // namespace drs
