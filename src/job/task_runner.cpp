#include "job/task_runner.h"

#include "base/failpoint.h"
#include "job/in_force.h"
#include "job/lifecycle.h"
#include "job/task_results.h"

#include <optional>
#include <variant>

namespace drs {
namespace {

using std::chrono::milliseconds;

// A result that cannot be stored now is offered again, as long as the lease lives.
constexpr milliseconds kStoreRetry{500};
// A run that stopped by itself is not taken up again at once.
constexpr UnixMillis kPauseAfterEarlyStop = 1000;

class KeeperProgress : public ProgressSink {
 public:
  KeeperProgress(LeaseKeeper& keeper, LeaseId lease) : keeper_(keeper), lease_(std::move(lease)) {}
  void report(const TaskProgress& progress) override { keeper_.report(lease_, progress); }

 private:
  LeaseKeeper& keeper_;
  const LeaseId lease_;
};

/// Holds a share of the memory budget for the length of a run.
class Share {
 public:
  explicit Share(MemoryBudget& budget) : budget_(budget), bytes_(budget.take()) {}
  ~Share() { budget_.give(bytes_); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  MemoryBudget& budget_;
  const std::size_t bytes_;
};

}  // namespace

TaskRunner::TaskRunner(Store& store, const Sealer& sealer, const Registry& registry, const Settings& settings,
                       const TaskBodies& bodies, LeaseKeeper& keeper, Log log,
                       std::function<void(const Error&)> onStoreError)
    : store_(store),
      sealer_(sealer),
      registry_(registry),
      settings_(settings),
      bodies_(bodies),
      keeper_(keeper),
      log_(std::move(log)),
      onStoreError_(std::move(onStoreError)),
      instances_(std::make_shared<const InstanceCatalogue>(settings.instances)),
      memory_(settings.memoryBudgetBytes) {}

TaskContext TaskRunner::contextOf(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop,
                                  ProgressSink& progress, std::size_t queueBytes) {
  TaskContext context;
  context.task = task;
  context.job = job;
  context.plan = job.plan;
  context.epoch = task.epoch;
  context.store = &store_;
  context.registry = &registry_;
  context.settings = &settings_;
  context.cares = &cares_;
  context.progress = &progress;
  context.log = log_.with("job " + job.id);
  context.stop = stop;
  context.event = [store = &store_, id = job.id](EventLevel level, const std::string& message) {
    store->write([&](StoreTransaction& tx) {
      tx.append({.jobId = id, .number = 0, .millis = 0, .level = level, .message = message, .userName = {}});
    });
  };
  context.savePayload = [store = &store_, id = task.id, epoch = task.epoch](const std::string& payload) {
    bool saved = false;
    store->write([&](StoreTransaction& tx) { saved = tx.savePayload(id, epoch, payload); });
    return saved;
  };
  EngineJob& engine = context.engineJob;
  engine.id = job.id;
  engine.epoch = task.epoch;
  engine.spec = *job.spec;
  engine.spec.baseInfo.taskType = taskTypeInForce(job);
  engine.skippedItems = job.skippedItems;
  engine.open = [sealer = &sealer_, id = job.id](const Secret& secret, const std::string& path) {
    return secret.sealed ? sealer->open(secret.text, id, path) : secret.text;
  };
  if (job.reversed) engine = reversed(std::move(engine));
  engine.instances = instances_;
  engine.limits.queueBytes = queueBytes;
  engine.limits.maxSessions = settings_.sessionsPerJob;
  engine.limits.maxAppliers = settings_.appliersPerJob;
  engine.limits.chunkBytes = settings_.chunkBytes;
  engine.limits.transactionMemoryBytes = settings_.transactionMemoryBytes;
  engine.limits.maxTransactionBytes = settings_.maxTransactionBytes;
  engine.limits.spillFolder = settings_.dataFolder + "/spill";
  engine.limits.spoolFolder = settings_.dataFolder + "/spool";
  engine.limits.spoolBytes = settings_.spoolBytes;
  engine.limits.rescanSeconds = settings_.rescanSeconds;
  engine.limits.followsMovingSlots = settings_.followMovingSlots != 0;
  engine.limits.largeRows = largeRows_;
  engine.limits.networkTimeoutSeconds = settings_.networkTimeoutSeconds;
  engine.limits.lockWaitSeconds = settings_.mysqlLockWaitSeconds;
  engine.limits.heartbeatSeconds = settings_.mysqlHeartbeatSeconds;
  engine.definer = settings_.mysqlDefiner;
  if (!job.startPosition.empty()) engine.startPosition = Position{job.startPosition};
  engine.log = context.log;
  engine.note = [event = context.event, log = context.log](bool warning, const std::string& line) {
    try {
      event(warning ? EventLevel::warn : EventLevel::info, line);
    } catch (const Error& error) {
      log.warn("a line of the job's log is lost: {} ({})", line, error.text());
    }
  };
  return context;
}

void TaskRunner::run(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop) noexcept {
  try {
    runAndSettle(task, job, stop);
  } catch (const Error& error) {
    onStoreError_(error);
    log_.error("the outcome of task {} of job {} could not be stored: {}", task.id, job.id, error.text());
  } catch (const std::exception& error) {
    log_.error("the outcome of task {} of job {} could not be stored: {}", task.id, job.id, error.what());
  }
  keeper_.drop(leaseOf(task));
}

void TaskRunner::runAndSettle(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop) {
  failpoint("task.claimed");
  std::variant<TaskOutcome, Error> result =
      Error(Msg::internal, {"a task of the kind " + std::string(toText(task.kind)) + " cannot be run"});
  try {
    const auto body = bodies_.find(task.kind);
    if (body != bodies_.end()) {
      const Share memory(memory_);
      KeeperProgress progress(keeper_, leaseOf(task));
      TaskContext context = contextOf(task, job, stop, progress, memory.bytes());
      result = body->second->run(context);
    }
  } catch (const Error& error) {
    log_.warn("task {} {} of job {}: {} {}", toText(task.kind), task.number, job.id, error.text(), error.detail());
    result = error;
  } catch (const std::exception& error) {
    result = Error(Msg::internal, {error.what()});
  }
  failpoint("task.before_finish");

  // Whatever a body throws once it was told to stop is the noise of stopping.
  const bool stopped = keeper_.reason(leaseOf(task)) != StopReason::none;
  if (const auto* error = std::get_if<Error>(&result); error != nullptr && !stopped) {
    fail(task, *error);
    return;
  }
  const auto* outcome = std::get_if<TaskOutcome>(&result);
  if (outcome != nullptr && outcome->kind == TaskOutcome::Kind::done) {
    try {
      settle(task, [&](StoreTransaction& tx) { return completeTask(tx, task, *outcome, settings_); });
    } catch (const Error& error) {
      fail(task, error);
    }
    return;
  }
  UnixMillis pause = stopped ? 0 : kPauseAfterEarlyStop;
  if (outcome != nullptr && outcome->kind == TaskOutcome::Kind::again) pause = outcome->after.count();
  settle(task, [&](StoreTransaction& tx) { return releaseTask(tx, task, tx.now() + pause); });
}

void TaskRunner::fail(TaskRecord task, const Error& error) {
  task.attempts = keeper_.attempts(leaseOf(task));
  settle(task, [&](StoreTransaction& tx) { return failTask(tx, task, error, settings_); });
}

void TaskRunner::settle(const TaskRecord& task, const std::function<bool(StoreTransaction&)>& write) {
  while (keeper_.reason(leaseOf(task)) != StopReason::lost) {
    try {
      bool stored = false;
      store_.write([&](StoreTransaction& tx) { stored = write(tx); });
      if (!stored) log_.warn("task {} of job {} was taken over by another worker", task.id, task.jobId);
      return;
    } catch (const Error& error) {
      if (error.msg() != Msg::storeFailed) throw;
      onStoreError_(error);
      sleepFor(kStoreRetry, {});
    }
  }
}

}  // namespace drs
