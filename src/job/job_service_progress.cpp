#include "job/delay_alarms.h"
#include "job/in_force.h"
#include "job/job_service_impl.h"
#include "job/lane_record.h"
#include "job/object_store.h"
#include "job/plan_store.h"
#include "job/remaining.h"
#include "job/tasks_common.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

// How far a job is: read from its tables, from what its running tasks say of themselves, and from its documents.

namespace drs {
namespace {

/// Figures are written about once a second; what came since then is assumed, up to this age.
constexpr UnixMillis kOldestFigure = 2000;
constexpr std::int64_t kAllTables = 1'000'000'000;

int percentOf(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<int>(std::min<double>(99, static_cast<double>(part) * 100 / static_cast<double>(whole)));
}

bool isCopyOver(const JobRecord& job) {
  return job.copyEndedMillis != 0 || job.phase == Phase::streaming || job.phase == Phase::copied ||
         job.phase == Phase::finishing;
}

/// A task that was claimed again still has the figures of the run before.
bool saysFigures(const TaskRecord& task) {
  return task.state == TaskState::running && task.progress.updateMillis >= task.claimMillis;
}

bool isCopying(const TaskRecord& task) {
  return (task.kind == TaskKind::copy || task.kind == TaskKind::lane) && saysFigures(task);
}

/// Adds what a running copy has read beside what is committed. It reads its tables one after the other, so that all
/// before the last that has rows are read.
void addRunning(std::map<std::size_t, TableWork*>& tables, const TaskRecord& task) {
  std::set<std::size_t> begun;
  for (const TableCount& count : task.progress.tables) {
    begun.insert(count.plan);
    const auto found = tables.find(count.plan);
    if (found == tables.end()) continue;
    found->second->runningRows += count.rows;
    found->second->runningBytes += count.bytes;
  }
  if (task.kind == TaskKind::lane) return;
  const std::vector<std::size_t> order = decodeChunk(task.payload).plans;
  const auto last = std::find_if(order.rbegin(), order.rend(), [&](std::size_t plan) { return begun.contains(plan); });
  if (last == order.rend()) return;
  for (auto plan = order.begin(); plan != last.base() - 1; ++plan)
    if (const auto found = tables.find(*plan); found != tables.end()) found->second->read = true;
}

std::vector<TableWork> workOf(std::vector<TableRecord> tables, const std::vector<TaskRecord>& tasks) {
  std::vector<TableWork> out;
  out.reserve(tables.size());
  for (TableRecord& table : tables) out.emplace_back().table = std::move(table);
  std::map<std::size_t, TableWork*> byPlan;
  for (TableWork& work : out) byPlan[work.table.plan] = &work;
  for (const TaskRecord& task : tasks)
    if (isCopying(task)) addRunning(byPlan, task);
  return out;
}

/// Nodes copy side by side; each task of a node says how fast the node is.
JobRate rateOf(const StoreView& view, const JobRecord& job, const std::vector<TaskRecord>& tasks) {
  std::map<std::string, const TaskRecord*> newest;
  for (const TaskRecord& task : tasks) {
    if (!isCopying(task) || task.progress.rate.bytes == 0) continue;
    const TaskRecord*& of = newest[task.owner];
    if (of == nullptr || of->progress.updateMillis < task.progress.updateMillis) of = &task;
  }
  if (newest.empty()) return view.lastRate(job.id).value_or(JobRate());
  JobRate sum;
  for (const auto& [owner, task] : newest) {
    const JobRate& one = task->progress.rate;
    sum.rows += one.rows;
    sum.bytes += one.bytes;
    sum.unlimited += one.unlimited;
    sum.limit = one.limit;
  }
  return sum;
}

void addCounts(JobProgress& out, const TaskProgress& p) {
  out.transactions += p.transactions;
  out.changes += p.rows;
  out.conflictsKept += p.conflictsKept;
  out.conflictsOverwritten += p.conflictsOverwritten;
}

/// Several lanes: the slowest one counts.
void addStream(JobProgress& out, const JobRecord& job, const TaskRecord& task) {
  if (classOf(task.kind) != TaskClass::stream) return;
  const TaskProgress& p = task.progress;
  if (out.delayMillis && p.delayMillis && *p.delayMillis < *out.delayMillis) return addCounts(out, p);
  if (job.phase == Phase::streaming) {
    const Delays delays = delaysOf(job, p);
    out.delayMillis = delays.total;
    out.rpoMillis = delays.rpo;
    out.rtoMillis = delays.rto;
  }
  out.position = p.position;
  addCounts(out, p);
}

/// What is done of the indexes. FULL_TRANS adds them before its replay, in the stream task.
struct IndexState {
  bool known = false;                         ///< false: the task was planned by an older version
  bool complete = false;                      ///< all are there
  std::map<std::size_t, std::uint64_t> work;  ///< by table
  std::map<std::size_t, std::uint64_t> left;  ///< by table
  std::uint64_t all = 0, done = 0, rate = 0;  ///< bytes of work
  UnixMillis saidAt = 0;                      ///< 0 = it has not begun
};

IndexState indexesOf(const StoreView& view, const JobRecord& job, const std::vector<TaskRecord>& tasks) {
  IndexState out;
  const bool replayFirst = job.spec->baseInfo.taskType == "FULL_TRANS";
  // The copy of a FULL_TRANS has ended when all is there.
  const bool wasCopied = replayFirst && job.copyEndedMillis != 0;
  out.complete =
      job.phase == Phase::streaming || job.phase == Phase::copied || job.streamStartedMillis != 0 || wasCopied;
  const auto document = view.document(job.id, kIndexDocument);
  out.known = document.has_value();
  for (const IndexWork& work : document ? decodeIndexWork(*document) : std::vector<IndexWork>()) {
    out.work[work.plan] = out.left[work.plan] = work.bytes;
    out.all += work.bytes;
  }
  for (const TaskRecord& task : tasks) {
    const bool adds = task.kind == (replayFirst ? TaskKind::stream : TaskKind::finish);
    const bool isBehind = replayFirst && (task.kind == TaskKind::finish || (adds && !task.progress.position.empty()));
    out.complete = out.complete || isBehind;
    if (!adds) continue;
    for (const TableCount& count : task.progress.tables) {
      const auto found = out.left.find(count.plan);
      if (found == out.left.end()) continue;
      found->second -= std::min(found->second, count.bytes);
      if (found->second == 0) out.left.erase(found);
    }
    out.rate = task.progress.rate.bytes;
    if (saysFigures(task)) out.saidAt = task.progress.updateMillis;
  }
  if (out.known && out.left.empty()) out.complete = true;
  if (out.complete) out.left.clear();
  out.done = out.all;
  for (const auto& [plan, bytes] : out.left) out.done -= bytes;
  return out;
}

int indexPercentOf(const IndexState& indexes, std::size_t plan) {
  if (indexes.complete) return 100;
  if (!indexes.known) return 0;
  const auto left = indexes.left.find(plan);
  if (left == indexes.left.end()) return 100;
  const std::uint64_t work = indexes.work.at(plan);
  return percentOf(work - left->second, work);
}

std::int64_t rounded(double seconds) {
  return std::llround(std::max(0.0, seconds));
}

/// Of the rows: what is left by the rate measured, less what came since the figures were taken.
std::int64_t dataSeconds(const JobProgress& out, const JobRecord& job, UnixMillis saidAt, UnixMillis now) {
  if (out.dataPercent == 100) return 0;
  const auto seconds = secondsOfCopy(out.bytesExpected - out.bytesDone, out.rate, speedRulesOf(*job.spec), now);
  if (!seconds) return -1;
  const UnixMillis age = saidAt == 0 ? 0 : std::clamp<UnixMillis>(now - saidAt, 0, kOldestFigure);
  return std::max<std::int64_t>(1, rounded(*seconds - static_cast<double>(age) / 1000));
}

/// Of the indexes. Not every server says how far it is with a table's: the time since the last word counts as work.
std::int64_t indexSeconds(const IndexState& indexes, UnixMillis now) {
  if (indexes.left.empty()) return 0;
  const double seconds = secondsOfIndexes(indexes.all - indexes.done, indexes.rate);
  const UnixMillis spent = indexes.saidAt == 0 ? 0 : std::max<UnixMillis>(0, now - indexes.saidAt);
  return std::max<std::int64_t>(1, rounded(seconds - static_cast<double>(spent) / 1000));
}

void addPercents(JobProgress& out, const JobRecord& job, const IndexState& indexes) {
  const bool incremental = out.taskType == "INCR_TRANS";
  const bool working = job.phase != Phase::creating && job.phase != Phase::draft && job.phase != Phase::scheduled &&
                       job.phase != Phase::planning;
  const bool copied = isCopyOver(job) || (incremental && working && job.streamStartedMillis != 0);
  const bool allCopied = out.tables > 0 && out.tablesDone == out.tables;
  out.structPercent = working && (out.tables > 0 || copied) ? 100 : 0;
  out.dataPercent = copied || allCopied ? 100 : percentOf(out.bytesDone, out.bytesExpected);
  out.indexPercent = indexes.complete ? 100 : percentOf(indexes.done, indexes.all);
  const bool over = copied && job.phase != Phase::finishing;
  out.percent = over ? 100 : std::min(99, out.dataPercent);
}

void addRemaining(JobProgress& out, const JobRecord& job, const IndexState& indexes, UnixMillis saidAt,
                  UnixMillis now) {
  if (out.percent == 100) {
    out.remainingSeconds = out.dataSeconds = out.indexSeconds = 0;
    return;
  }
  if (job.phase != Phase::copying && job.phase != Phase::finishing) return;
  out.dataSeconds = dataSeconds(out, job, saidAt, now);
  out.indexSeconds = indexSeconds(indexes, now);
  if (out.dataSeconds >= 0) out.remainingSeconds = out.dataSeconds + out.indexSeconds;
}

/// While rows are copied each table counts; before and after, sums are enough.
void addTables(JobProgress& out, const StoreView& view, const JobRecord& job, const std::vector<TaskRecord>& tasks) {
  const TableTotals totals = view.tableTotals(job.id);
  out.tables = totals.tables;
  out.tablesDone = totals.done;
  out.rowsEstimated = totals.estimatedRows;
  out.rowsDone = totals.rows;
  out.bytesDone = out.bytesExpected = totals.bytes;
  if (isCopyOver(job)) return;
  const auto work = workOf(view.tables(job.id, "", {0, kAllTables}).items, tasks);
  const auto expected = expectedBytes(work);
  out.rowsDone = out.bytesDone = out.bytesExpected = 0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    out.rowsDone += work[i].rows();
    out.bytesDone += work[i].bytes();
    out.bytesExpected += expected[i];
  }
  out.rate = rateOf(view, job, tasks);
}

/// The lanes one by one, with what the running ones say of themselves.
void addShards(JobProgress& out, const StoreView& view, const JobRecord& job,
               const std::vector<TaskRecord>& phaseTasks) {
  if (std::ranges::none_of(phaseTasks, [](const TaskRecord& task) { return task.kind == TaskKind::lane; })) return;
  const std::vector<TaskRecord> tasks = view.tasks(job.id);
  std::map<std::size_t, int> percents;
  for (const TableWork& work : workOf(view.tables(job.id, "", {0, kAllTables}).items, tasks))
    percents[work.table.plan] = percentOf(work.rows(), expectedRows(work));
  const std::vector<StoredLane> lanes = lanesOf(tasks);
  for (const TaskRecord& task : tasks) {
    if (task.kind != TaskKind::lane || task.state == TaskState::cancelled) continue;
    const StoredLane stored = decodeLane(task.payload);
    JobProgress::Shard& shard = out.shards.emplace_back();
    shard.name = stored.lane.name;
    shard.subTask = stored.subTask;
    using State = JobProgress::Shard::State;
    // One whose turn has not come runs for a moment to find that out.
    const bool copies = task.state == TaskState::running && mayLoad(stored, lanes);
    shard.state = stored.loaded ? State::following : copies ? State::copying : State::waiting;
    shard.percent = stored.loaded ? 100 : percents[stored.lane.number];
    shard.position = task.progress.position;
    if (!stored.loaded || !saysFigures(task)) continue;
    shard.delayMillis = task.progress.delayMillis;
    shard.unreceivedBytes = task.progress.unreceivedBytes;
    shard.unappliedBytes = task.progress.unappliedBytes;
  }
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

JobProgress JobService::progress(const Actor& actor, const std::string& jobId) {
  const StoreView view = impl_->store.view();
  const JobRecord job = impl_->find(view, actor, jobId, true);
  const std::vector<TaskRecord> tasks = view.phaseTasks(jobId);
  JobProgress out;
  out.status = job.status;
  out.taskType = taskTypeInForce(job);
  out.updateMillis = job.updateMillis;
  UnixMillis copySaidAt = 0;
  for (const TaskRecord& task : tasks) {
    addStream(out, job, task);
    out.updateMillis = std::max(out.updateMillis, task.progress.updateMillis);
    if (isCopying(task)) copySaidAt = std::max(copySaidAt, task.progress.updateMillis);
  }
  addTables(out, view, job, tasks);
  addShards(out, view, job, tasks);
  const IndexState indexes = indexesOf(view, job, tasks);
  addPercents(out, job, indexes);
  addRemaining(out, job, indexes, copySaidAt, view.now());
  const bool structured = out.structPercent == 100;
  const bool counted = structured && (indexes.known || indexes.complete);
  out.tablesIndexed = counted ? out.tables - static_cast<std::int64_t>(indexes.left.size()) : 0;
  addObjects(out, objectsOf(view, jobId));
  return out;
}

Page<TableProgress> JobService::tableProgress(const Actor& actor, const std::string& jobId, const std::string& search,
                                              Paging paging) {
  const StoreView view = impl_->store.view();
  const JobRecord job = impl_->find(view, actor, jobId, true);
  const std::vector<TaskRecord> tasks = view.phaseTasks(jobId);
  Page<TableRecord> tables = view.tables(jobId, search, paging);
  const IndexState indexes = indexesOf(view, job, tasks);
  Page<TableProgress> out;
  out.total = tables.total;
  const bool over = isCopyOver(job);
  for (TableWork& work : workOf(std::move(tables.items), tasks)) {
    const bool done = over || (work.table.chunks > 0 && work.table.chunksDone >= work.table.chunks);
    TableProgress& one = out.items.emplace_back();
    one.percent = done ? 100 : percentOf(work.rows(), expectedRows(work));
    one.indexPercent = indexPercentOf(indexes, work.table.plan);
    one.bytesExpected = expectedBytes({work}).front();
    work.table.rows = work.rows();
    work.table.bytes = work.bytes();
    one.table = std::move(work.table);
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

}  // namespace drs
