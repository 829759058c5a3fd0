#include "job/lifecycle.h"

#include <algorithm>
#include <array>

namespace drs {
namespace {

/// One row of the table in docs/architecture.md; empty = does not occur, the running status is shown.
struct StatusRow {
  Phase phase;
  std::string_view running, paused, faulted;
};

constexpr auto kStatuses = std::to_array<StatusRow>({
    {Phase::creating, "CREATING", "", "CREATE_FAILED"},
    {Phase::draft, "CONFIGURATION", "", ""},
    {Phase::scheduled, "WAITING_FOR_START", "", ""},
    {Phase::planning, "STARTJOBING", "PAUSING", "START_JOB_FAILED"},
    {Phase::copying, "FULL_TRANSFER_STARTED", "PAUSING", "FULL_TRANSFER_FAILED"},
    {Phase::finishing, "FULL_TRANSFER_COMPLETE", "PAUSING", "FULL_TRANSFER_FAILED"},
    {Phase::copied, "FULL_TRANSFER_COMPLETE", "PAUSING", "FULL_TRANSFER_FAILED"},
    {Phase::streaming, "INCRE_TRANSFER_STARTED", "PAUSING", "INCRE_TRANSFER_FAILED"},
    {Phase::editing, "CHANGE_JOB_STARTED", "", "CHANGE_JOB_FAILED"},
    {Phase::switchingOver, "INCRE_TRANSFER_STARTED", "PAUSING", "INCRE_TRANSFER_FAILED"},
    {Phase::ending, "RELEASE_RESOURCE_STARTED", "", "RELEASE_RESOURCE_FAILED"},
    {Phase::ended, "RELEASE_RESOURCE_COMPLETE", "", ""},
    {Phase::deleted, "DELETED", "", ""},
});

const StatusRow& rowOf(Phase phase) noexcept {
  return kStatuses[static_cast<std::size_t>(phase)];
}

const std::vector<TaskKind> kAllTasks = {TaskKind::validate, TaskKind::network, TaskKind::precheck, TaskKind::objects,
                                         TaskKind::position, TaskKind::plan,    TaskKind::copy,     TaskKind::finish,
                                         TaskKind::stream,   TaskKind::lane,    TaskKind::compare,  TaskKind::end,
                                         TaskKind::reset,    TaskKind::cutover, TaskKind::sourceLog};

/// What a job's log says when it moves.
std::string_view wordsOf(Phase phase) noexcept {
  switch (phase) {
    case Phase::creating:
      return "The task is created";
    case Phase::draft:
      return "The task can be configured";
    case Phase::scheduled:
      return "The task waits for its start time";
    case Phase::planning:
      return "Planning begins";
    case Phase::copying:
      return "The full copy begins";
    case Phase::finishing:
      return "All rows are copied; indexes and keys are added";
    case Phase::copied:
      return "The full copy is complete";
    case Phase::streaming:
      return "The replication of changes begins";
    case Phase::editing:
      return "The task is being changed";
    case Phase::switchingOver:
      return "The cut-over begins";
    case Phase::ending:
      return "The task is ending";
    case Phase::ended:
      return "The task has ended";
    case Phase::deleted:
      return "The task is deleted";
  }
  return "";
}

void setTimes(JobRecord& job, Phase phase, UnixMillis now) {
  const auto once = [now](UnixMillis& stamp) {
    if (stamp == 0) stamp = now;
  };
  if (phase == Phase::planning) {
    once(job.startedMillis);
    job.copyStartedMillis = job.copyEndedMillis = job.streamStartedMillis = 0;
  }
  if (phase == Phase::copying) once(job.copyStartedMillis);
  const bool behindCopy = phase == Phase::finishing || phase == Phase::copied || phase == Phase::streaming;
  if (behindCopy && job.copyStartedMillis != 0) once(job.copyEndedMillis);
  if (phase == Phase::streaming) once(job.streamStartedMillis);
  if (phase == Phase::ended) once(job.endedMillis);
}

}  // namespace

std::string_view apiStatus(Phase phase, Desired desired, bool faulted, bool drained) noexcept {
  const StatusRow& row = rowOf(phase);
  if (faulted && !row.faulted.empty()) return row.faulted;
  if (desired == Desired::pause && drained && !row.paused.empty()) return row.paused;
  return row.running;
}

const std::vector<std::string_view>& apiStatuses() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> out;
    for (const StatusRow& row : kStatuses) {
      for (const auto status : {row.running, row.paused, row.faulted}) {
        if (!status.empty() && std::find(out.begin(), out.end(), status) == out.end()) out.push_back(status);
      }
    }
    return out;
  }();
  return all;
}

Step nextStep(TaskKind done, std::string_view taskType, bool openChunks) noexcept {
  const bool full = taskType == "FULL_TRANS";
  const bool incremental = taskType == "INCR_TRANS";
  // A FULL_TRANS replays up to a fixed end before it adds what is missing, so that it shows one moment of the source.
  const Step copyDone = full ? Step{std::nullopt, TaskKind::stream} : Step{Phase::finishing, TaskKind::finish};
  switch (done) {
    case TaskKind::reset:
      return {std::nullopt, TaskKind::plan};
    case TaskKind::plan:
      if (incremental) return {Phase::streaming, TaskKind::stream};
      if (openChunks) return {Phase::copying, std::nullopt};
      return {full ? Phase::copying : Phase::finishing, copyDone.task};
    case TaskKind::copy:
      return openChunks ? Step{} : copyDone;
    case TaskKind::finish:
      return full ? Step{Phase::copied, std::nullopt} : Step{Phase::streaming, TaskKind::stream};
    case TaskKind::stream:
      return full ? Step{std::nullopt, TaskKind::finish} : Step{};
    case TaskKind::lane:
      return openChunks ? Step{} : Step{Phase::copied, std::nullopt};
    case TaskKind::end:
      return {Phase::ended, std::nullopt};
    default:
      return {};
  }
}

bool isLogUnread(const JobRecord& job) {
  if (job.phase == Phase::copying || job.phase == Phase::finishing) return true;
  return job.phase == Phase::streaming && (job.desired == Desired::pause || job.fault);
}

void Lifecycle::save(JobRecord& job) {
  job.status = apiStatus(job.phase, job.desired, job.fault.has_value(), job.drained);
  tx_.update(job);
}

void Lifecycle::move(JobRecord& job, Phase phase, const std::string& user) {
  if (phase == job.phase) return;
  const UnixMillis now = tx_.now();
  const bool isBack = job.phase == Phase::switchingOver && phase == Phase::streaming;
  job.phase = phase;
  job.updateMillis = now;
  setTimes(job, phase, now);
  save(job);
  const std::string_view words = isBack ? "The replication of changes goes on as before the cut-over" : wordsOf(phase);
  log(job, EventLevel::info, std::string(words) + " (" + job.status + ")", user);
}

void Lifecycle::want(JobRecord& job, Desired desired, const std::string& user) {
  if (desired == job.desired) return;
  job.desired = desired;
  job.updateMillis = tx_.now();
  job.drained = desired != Desired::run && !tx_.running(job.id);
  save(job);
  if (desired == Desired::pause) log(job, EventLevel::info, "A pause was asked for", user);
  if (desired == Desired::run) log(job, EventLevel::info, "The task goes on", user);
}

void Lifecycle::fault(JobRecord& job, const Fault& fault) {
  job.fault = fault;
  job.updateMillis = tx_.now();
  job.drained = !tx_.running(job.id);
  save(job);
  log(job, EventLevel::error,
      fault.text + (fault.remedy.empty() ? "" : ". " + fault.remedy) + " (" + fault.code + ", " + job.status + ")");
}

void Lifecycle::clearFault(JobRecord& job) {
  if (!job.fault) return;
  job.fault.reset();
  job.updateMillis = tx_.now();
  save(job);
}

void Lifecycle::noteDrained(JobRecord& job) {
  const bool still = job.desired != Desired::run || job.fault.has_value();
  if (!still || job.drained || tx_.running(job.id)) return;
  job.drained = true;
  save(job);
  if (job.desired == Desired::pause && !job.fault)
    log(job, EventLevel::info, "The task is paused (" + job.status + ")");
}

void Lifecycle::lanesLoaded(JobRecord& job) {
  if (job.phase == Phase::copying && job.spec->baseInfo.taskType != "FULL_TRANS") move(job, Phase::streaming);
}

void Lifecycle::begin(JobRecord& job, const std::string& user) {
  move(job, Phase::planning, user);
  create(job, {.kind = TaskKind::plan, .payload = "{}", .queryId = {}, .notBefore = 0});
}

void Lifecycle::end(JobRecord& job, bool force, const std::string& user) {
  finish(job, require(force ? JobAction::forceEnd : JobAction::end, job), force, user);
}

void Lifecycle::endBehindCutover(JobRecord& job) {
  finish(job, Phase::ending, false, {});
}

void Lifecycle::finish(JobRecord& job, Phase next, bool force, const std::string& user) {
  const bool wasDraft = job.phase == Phase::draft;
  tx_.cancelTasks(job.id, kAllTasks);
  job.desired = Desired::end;
  job.fault.reset();
  job.drained = !tx_.running(job.id);
  if (next == job.phase) save(job);
  move(job, next, user);
  if (wasDraft) refreshBatch(job.batchId);
  if (next == Phase::ending) {
    const std::string payload = force ? R"({"force":true})" : R"({"force":false})";
    create(job, {.kind = TaskKind::end, .payload = payload, .queryId = {}, .notBefore = 0});
  }
}

void Lifecycle::create(JobRecord& job, const NewTask& task) {
  if (task.kind == TaskKind::plan) {
    ++job.plan;
    save(job);
  }
  tx_.insert(job.id, task);
}

void Lifecycle::validated(JobRecord& job, Validation result, const std::optional<Fault>& why) {
  job.validation = result;
  job.fault = result == Validation::failed ? why : std::nullopt;
  job.updateMillis = tx_.now();
  save(job);
  if (result == Validation::passed) log(job, EventLevel::info, "The validation succeeded");
  if (why) log(job, EventLevel::error, "The validation failed: " + why->text);

  refreshBatch(job.batchId);
}

void Lifecycle::refreshBatch(const std::string& batchId) {
  std::optional<BatchRecord> batch = tx_.batch(batchId);
  if (!batch || batch->status == BatchStatus::committed) return;
  batch->status = BatchStatus::validateSuccess;
  for (const JobRecord& other : tx_.jobsOfBatch(batch->id)) {
    if (other.phase != Phase::draft) continue;  // started, or ended, on its own
    if (other.validation == Validation::running) {
      batch->status = BatchStatus::validating;
      break;
    }
    if (other.validation == Validation::failed) batch->status = BatchStatus::validateFailed;
  }
  tx_.update(*batch);
}

void Lifecycle::log(const JobRecord& job, EventLevel level, const std::string& message, const std::string& user) {
  tx_.append({.jobId = job.id, .number = 0, .millis = 0, .level = level, .message = message, .userName = user});
}

}  // namespace drs
