#include "job/task_results.h"

#include "base/ids.h"
#include "job/in_force.h"
#include "job/lifecycle.h"
#include "job/target_tables.h"
#include "store/records_json.h"
#include "store/rows.h"

#include <algorithm>
#include <random>

namespace drs {
namespace {

constexpr int kUnexplainedFactor = 5;
// An end that does not come through is told to the user soon: he can end by force.
constexpr int kEndRetryLimit = 3;
constexpr int kCompareRetryLimit = 3;
constexpr UnixMillis kAfterFence = 1000;

bool isQuery(TaskKind kind) {
  return kind == TaskKind::network || kind == TaskKind::precheck || kind == TaskKind::objects ||
         kind == TaskKind::position;
}

/// The task as stored, if this claim still holds it.
std::optional<TaskRecord> held(StoreTransaction& tx, const TaskRecord& task) {
  std::optional<TaskRecord> stored = tx.task(task.id);
  if (!stored || stored->state != TaskState::running || stored->epoch != task.epoch) return std::nullopt;
  return stored;
}

JobRecord jobOf(StoreTransaction& tx, const TaskRecord& task) {
  std::optional<JobRecord> job = tx.job(task.jobId);
  if (!job) throw Error(Msg::storeDamaged, {"the task " + task.id + " has no job"}, Origin::store);
  return std::move(*job);
}

void letGo(StoreTransaction& tx, TaskRecord& stored, TaskState state) {
  stored.state = state;
  stored.owner.clear();
  stored.leaseUntil = 0;
  (void)tx.update(stored);
}

/// A cancelled task has no result, however its run ended.
void cancelled(StoreTransaction& tx, TaskRecord& stored) {
  letGo(tx, stored, TaskState::cancelled);
  JobRecord job = jobOf(tx, stored);
  Lifecycle(tx).noteDrained(job);
}

void applySkips(JobRecord& job) {
  for (PrecheckRow& row : job.precheck.items) {
    const bool listed = std::find(job.skippedItems.begin(), job.skippedItems.end(), row.item) != job.skippedItems.end();
    row.skipped = row.skippable && listed;
  }
}

void finishCompare(StoreTransaction& tx, const TaskRecord& task, const Error& error) {
  std::optional<CompareRecord> comparison = tx.comparison(task.queryId);
  if (!comparison || comparison->state == CompareState::cancelled) return;
  comparison->state = CompareState::failed;
  comparison->error = error.text();
  comparison->endMillis = tx.now();
  tx.update(*comparison);
}

/// Takes the plan's target tables for the job, before the first row is written.
void holdTargets(StoreTransaction& tx, const JobRecord& job, const InstanceCatalogue& instances) {
  constexpr std::int64_t kAll = 1'000'000'000;
  const std::vector<std::string> keys = targetKeys(specInForce(job), instances, tx.tables(job.id, "", {0, kAll}).items);
  tx.releaseTargets(job.id);
  for (const TargetHolder& holder : tx.targetHolders(job.id, keys)) {
    const std::optional<JobRecord> other = tx.job(holder.jobId);
    if (!other || mayShareTarget(*job.spec, *other->spec)) continue;
    throw Error(Msg::targetTaken, {tableOfKey(holder.key), other->name}, Origin::target);
  }
  tx.holdTargets(job.id, keys);
}

/// is_auto_create_compare: the rows of a full copy are counted on both sides when it is complete.
void compareAtEnd(StoreTransaction& tx, const JobRecord& job) {
  CompareRecord comparison;
  comparison.id = newUuid();
  comparison.jobId = job.id;
  comparison.type = CompareType::lines;
  comparison.createMillis = tx.now();
  tx.insert(comparison);
  tx.insert(job.id, {.kind = TaskKind::compare, .payload = "{}", .queryId = comparison.id, .notBefore = 0});
  Lifecycle(tx).log(job, EventLevel::info, "A comparison of the rows' numbers begins by itself (lines)");
}

void stepForward(StoreTransaction& tx, JobRecord& job, const TaskRecord& task, const TaskOutcome& outcome,
                 const Settings& settings) {
  Lifecycle life(tx);
  if (task.kind == TaskKind::plan) holdTargets(tx, job, settings.instances);
  if (task.kind == TaskKind::reset) tx.eraseFinished(job.id);
  const bool openChunks = tx.unfinished(job.id, TaskKind::copy) || tx.unfinished(job.id, TaskKind::lane);
  const Step step = nextStep(task.kind, taskTypeInForce(job), openChunks);
  if (step.phase) life.move(job, *step.phase);
  if (step.task) life.create(job, {.kind = *step.task, .payload = outcome.nextPayload, .queryId = {}, .notBefore = 0});
  if (step.phase == Phase::copied && job.compareAtEnd && syncTypesOf(*job.spec).data) compareAtEnd(tx, job);
  if (job.phase != Phase::ended) return;
  tx.releaseTargets(job.id);
  tx.eraseFinished(job.id);
}

void validationDone(StoreTransaction& tx, JobRecord& job, const TaskRecord& task) {
  applySkips(job);
  const std::optional<Error> why = whyNotValid(job);
  std::optional<Fault> fault;
  if (why) fault = faultOf(*why, tx.now());
  Lifecycle(tx).validated(job, why ? Validation::failed : Validation::passed, fault);
  if (!task.queryId.empty())
    tx.finishQuery(task.queryId, QueryState::success, encodePrecheck(job.precheck), std::nullopt);
}

}  // namespace

std::optional<Error> whyNotValid(const JobRecord& job) {
  for (const NetworkRow& row : job.networkResults) {
    if (row.success) continue;
    const bool saysWhere = row.errorMessage.find(row.ip) != std::string::npos;
    const std::string where = saysWhere ? "" : row.ip + ": ";
    return Error(Msg::precheckFailed, {"connection test: " + where + row.errorMessage}, Origin::request);
  }
  if (job.precheck.mayStart()) return std::nullopt;
  std::string names;
  for (const PrecheckRow& row : job.precheck.items) {
    if (row.result == PrecheckRow::Result::failed && !row.skipped)
      names += (names.empty() ? "" : "; ") + row.item + ": " + row.reason;
  }
  return Error(Msg::precheckFailed, {names.empty() ? "it has not run to its end" : names}, Origin::request);
}

bool completeTask(StoreTransaction& tx, const TaskRecord& task, const TaskOutcome& outcome, const Settings& settings) {
  std::optional<TaskRecord> stored = held(tx, task);
  if (!stored) return false;
  if (stored->cancel) {
    cancelled(tx, *stored);
    return true;
  }
  letGo(tx, *stored, TaskState::done);
  JobRecord job = jobOf(tx, task);
  if (outcome.also) outcome.also(tx, job);
  for (const NewTask& next : outcome.newTasks) tx.insert(job.id, next);
  Lifecycle life(tx);
  life.save(job);
  if (task.kind == TaskKind::validate) {
    validationDone(tx, job, task);
  } else if (isQuery(task.kind)) {
    applySkips(job);
    life.save(job);
    tx.finishQuery(task.queryId, QueryState::success, outcome.answer, std::nullopt);
  } else if (task.kind != TaskKind::compare && task.kind != TaskKind::sourceLog) {
    stepForward(tx, job, task, outcome, settings);
  }
  life.noteDrained(job);
  return true;
}

bool releaseTask(StoreTransaction& tx, const TaskRecord& task, UnixMillis notBefore) {
  std::optional<TaskRecord> stored = held(tx, task);
  if (!stored) return false;
  if (stored->cancel) {
    cancelled(tx, *stored);
    return true;
  }
  stored->notBefore = notBefore;
  stored->deaths = 0;
  letGo(tx, *stored, TaskState::pending);
  JobRecord job = jobOf(tx, task);
  Lifecycle(tx).noteDrained(job);
  return true;
}

bool failTask(StoreTransaction& tx, const TaskRecord& task, const Error& error, const Settings& settings) {
  std::optional<TaskRecord> stored = held(tx, task);
  if (!stored) return false;
  if (stored->cancel) {
    cancelled(tx, *stored);
    return true;
  }
  // Another worker stands in the target already: this claim is over, the next one has a newer epoch. Only if that goes
  // on, as with a store that was restored from an old copy, somebody has to look.
  if (error.msg() == Msg::fenced && task.attempts < settings.retryLimit) {
    stored->attempts = task.attempts + 1;
    stored->notBefore = tx.now() + kAfterFence;
    letGo(tx, *stored, TaskState::pending);
    JobRecord job = jobOf(tx, task);
    Lifecycle(tx).noteDrained(job);
    return true;
  }
  JobRecord job = jobOf(tx, task);
  const Fault fault = faultOf(error, tx.now());
  stored->error = error.text();
  if (task.kind == TaskKind::validate) {
    letGo(tx, *stored, TaskState::done);
    Lifecycle(tx).validated(job, Validation::failed, fault);
    if (!task.queryId.empty()) tx.finishQuery(task.queryId, QueryState::failed, "", fault);
    return true;
  }
  if (isQuery(task.kind)) {
    letGo(tx, *stored, TaskState::done);
    tx.finishQuery(task.queryId, QueryState::failed, "", fault);
    return true;
  }
  if (task.kind == TaskKind::sourceLog) {  // the task itself is as well as before; it is asked again by the clock
    letGo(tx, *stored, TaskState::done);
    return true;
  }
  int limit = settings.retryLimit;
  if (task.kind == TaskKind::end) limit = std::min(limit, kEndRetryLimit);
  if (task.kind == TaskKind::compare) limit = std::min(limit, kCompareRetryLimit);
  stored->deaths = 0;
  // A cut-over goes on until it has let go of the source again.
  if (error.action() == Action::retry && (task.attempts < limit || task.kind == TaskKind::cutover)) {
    stored->attempts = task.attempts + 1;
    const UnixMillis delay = retryDelay(task.attempts, settings.retryMaxSeconds, std::random_device{}());
    stored->notBefore = tx.now() + delay;
    letGo(tx, *stored, TaskState::pending);
    Lifecycle(tx).log(job, EventLevel::warn,
                      error.text() + " (" + std::string(toText(task.kind)) + ", try " +
                          std::to_string(stored->attempts) + ", next in " + std::to_string((delay + 999) / 1000) +
                          " s)");
  } else if (task.kind == TaskKind::compare) {
    letGo(tx, *stored, TaskState::done);
    finishCompare(tx, task, error);
  } else {
    letGo(tx, *stored, TaskState::pending);
    if (!job.fault) Lifecycle(tx).fault(job, fault);
  }
  Lifecycle(tx).noteDrained(job);
  return true;
}

void reapTask(StoreTransaction& tx, const TaskRecord& task, WorkerEnd end, const Settings& settings) {
  if (end == WorkerEnd::alive) {
    (void)releaseTask(tx, task, 0);
    return;
  }
  std::optional<TaskRecord> stored = held(tx, task);
  if (!stored) return;
  stored->deaths = stored->place == stored->deathPlace ? stored->deaths + 1 : 1;
  stored->deathPlace = stored->place;
  const int limit = end == WorkerEnd::crashed ? settings.poisonLimit : settings.poisonLimit * kUnexplainedFactor;
  if (stored->deaths >= limit && !stored->cancel) {
    const Error poisonous(Msg::taskPoisonous, {std::string(toText(task.kind)) + " " + std::to_string(task.number),
                                               std::to_string(stored->deaths)});
    (void)failTask(tx, task, poisonous, settings);
    return;
  }
  letGo(tx, *stored, stored->cancel ? TaskState::cancelled : TaskState::pending);
  JobRecord job = jobOf(tx, task);
  Lifecycle(tx).log(job, EventLevel::warn,
                    "A worker ended while it ran the task " + std::string(toText(task.kind)) + " " +
                        std::to_string(task.number) + "; another one takes over");
  Lifecycle(tx).noteDrained(job);
}

UnixMillis retryDelay(int attempts, int mostSeconds, std::uint64_t chance) {
  constexpr UnixMillis kFirst = 1000;
  const UnixMillis most = UnixMillis{mostSeconds} * 1000;
  const UnixMillis grown = attempts >= 20 ? most : std::min(most, kFirst << attempts);
  const UnixMillis tenth = grown / 5;
  return grown - tenth + static_cast<UnixMillis>(chance % static_cast<std::uint64_t>(2 * tenth + 1));
}

}  // namespace drs
