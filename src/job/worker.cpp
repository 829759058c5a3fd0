#include "job/worker.h"

#include "base/ids.h"
#include "base/task_group.h"
#include "job/chores.h"
#include "job/delay_alarms.h"
#include "job/lease_keeper.h"
#include "job/left_spools.h"
#include "job/task_results.h"
#include "job/task_runner.h"
#include "store/rows.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <sys/statvfs.h>
#include <system_error>
#include <vector>

namespace drs {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kChoresEvery{10};
constexpr std::chrono::minutes kExpiryEvery{1};
constexpr std::chrono::hours kCleanSpoolsEvery{1};

/// A claimed task and its thread.
struct Slot {
  Slot(TaskRecord taskRecord, JobRecord jobRecord) : task(std::move(taskRecord)), job(std::move(jobRecord)) {}
  TaskRecord task;
  JobRecord job;
  std::stop_source stop;
  std::atomic<bool> done = false;
  TaskGroup threads;  // last: joined before the rest goes
};

}  // namespace

class Worker::Impl {
 public:
  Impl(Store& store, const Sealer& sealer, const Registry& registry, const Settings& settings, TaskBodies bodies,
       Log log, WorkerOptions options)
      : store_(store),
        settings_(settings),
        bodies_(std::move(bodies)),
        log_(std::move(log)),
        options_(options),
        owner_(settings.nodeName + "/" + newUuid()),
        keeper_(store, owner_, settings, clock_, log_, [this](const Error& error) { noteStoreError(error); }),
        runner_(store, sealer, registry, settings, bodies_, keeper_, log_,
                [this](const Error& error) { noteStoreError(error); }) {}

  ~Impl() { stop(); }

  void start() {
    std::error_code ignored;
    std::filesystem::create_directories(settings_.dataFolder + "/spill", ignored);
    if (options_.exclusive) store_.expireForeignLeases(owner_);
    keeper_.start();
    loop_.emplace();
    loop_->start("worker", [this](const std::stop_token& stop) { loop(stop); });
  }

  void stop() {
    if (!loop_) return;
    loop_.reset();
    keeper_.stopAll();
    slots_.clear();  // joins; each run has stored its outcome, the leases stay renewed until then
    keeper_.stop();
  }

  WorkerHealth health() const {
    const std::lock_guard lock(mutex_);
    if (!damage_.empty()) return {false, damage_};
    return {problem_.empty(), problem_};
  }

  Load load() const { return {tasks_.load(), streams_.load(), delayed_.load(), runner_.heldBack()}; }

 private:
  void loop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      round();
      std::unique_lock lock(mutex_);
      freed_.wait_for(lock, stop, milliseconds(settings_.pollMillis), [this] { return slotFreed_; });
      slotFreed_ = false;
    }
  }

  void round() {
    std::erase_if(slots_, [](const std::unique_ptr<Slot>& slot) { return slot->done.load(); });
    const std::string problem = damaged() ? health().reason : diskProblem();
    if (!problem.empty()) {
      setProblem(problem);
      return;
    }
    try {
      doChores();
      for (std::unique_ptr<Slot>& slot : claim()) launch(std::move(slot));
      setProblem("");
    } catch (const Error& error) {
      noteStoreError(error);
    } catch (const std::exception& error) {
      setProblem(error.what());
    }
    countSlots();
  }

  void doChores() {
    const SteadyTime now = clock_.steady();
    if (now - watchedAt_ >= kChoresEvery) {
      store_.write([this](StoreTransaction& tx) {
        delayed_ = watchDelays(tx);
        watchSourceLogs(tx);
      });
      watchedAt_ = now;
    }
    if (now - expiredAt_ >= kExpiryEvery) {
      store_.write(endExpiredJobs);
      expiredAt_ = now;
    }
    if (!cleanedAt_ || now - *cleanedAt_ >= kCleanSpoolsEvery) {
      store_.write(removeOldRows);
      removeLeftSpools(store_.view(), settings_.dataFolder, owner_, log_);
      cleanedAt_ = now;
    }
  }

  /// Takes over from the dead, starts what is due and claims for the free slots, in one transaction.
  std::vector<std::unique_ptr<Slot>> claim() {
    const SteadyTime before = clock_.steady();
    std::vector<std::unique_ptr<Slot>> claimed;
    store_.write([&](StoreTransaction& tx) {
      claimed.clear();
      startDueJobs(tx);
      for (const TaskRecord& task : tx.expired()) {
        // A run of ours that is still there is renewed, or ends as lost, before the task is taken up again.
        if (!runs(task)) reapTask(tx, task, endOf(task), settings_);
      }
      const UnixMillis ttl = UnixMillis{settings_.leaseTtlSeconds} * 1000;
      for (const TaskClass taskClass : {TaskClass::brief, TaskClass::stream, TaskClass::work}) {
        // Every piece of work holds one session to each side.
        const std::int64_t perJob = taskClass == TaskClass::work ? settings_.sessionsPerJob : settings_.maxStreams;
        for (TaskRecord& task : tx.claim(owner_, taskClass, freeSlots(taskClass), ttl, perJob)) {
          std::optional<JobRecord> job = tx.job(task.jobId);
          if (job) claimed.push_back(std::make_unique<Slot>(std::move(task), std::move(*job)));
        }
      }
    });
    for (const auto& slot : claimed) keeper_.hold(slot->task, slot->stop, before);
    return claimed;
  }

  void launch(std::unique_ptr<Slot> owned) {
    Slot& slot = *owned;
    slots_.push_back(std::move(owned));
    try {
      slot.threads.start(std::string(toText(slot.task.kind)), [this, &slot](const std::stop_token&) {
        runner_.run(slot.task, slot.job, slot.stop.get_token());
        slot.done = true;
        const std::lock_guard lock(mutex_);
        slotFreed_ = true;
        freed_.notify_all();
      });
    } catch (const std::system_error& error) {
      // No thread to be had: the lease runs out, and the task is claimed again.
      log_.error("task {} could not be started: {}", slot.task.id, error.what());
      keeper_.drop(leaseOf(slot.task));
      slots_.pop_back();
    }
  }

  bool runs(const TaskRecord& task) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const auto& slot) { return !slot->done && leaseOf(slot->task) == leaseOf(task); });
  }

  WorkerEnd endOf(const TaskRecord& task) const {
    if (task.owner == owner_) return WorkerEnd::alive;
    return options_.exclusive && options_.crashedBefore ? WorkerEnd::crashed : WorkerEnd::unknown;
  }

  std::int64_t freeSlots(TaskClass taskClass) const {
    const std::int64_t most = taskClass == TaskClass::stream ? settings_.maxStreams : settings_.maxRunningTasks;
    return most - running(taskClass);
  }

  std::int64_t running(TaskClass taskClass) const {
    return std::count_if(slots_.begin(), slots_.end(),
                         [&](const auto& slot) { return classOf(slot->task.kind) == taskClass; });
  }

  void countSlots() {
    streams_ = static_cast<std::size_t>(running(TaskClass::stream));
    tasks_ = slots_.size() - streams_;
  }

  std::string diskProblem() const {
    struct statvfs disk{};
    if (::statvfs(settings_.dataFolder.c_str(), &disk) != 0) return "the data folder cannot be read";
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (free >= settings_.minFreeDiskBytes) return {};
    return "the disk of the data folder is nearly full: " + std::to_string(free >> 20U) + " MiB are free, " +
           std::to_string(settings_.minFreeDiskBytes >> 20U) + " MiB are needed";
  }

  bool damaged() const {
    const std::lock_guard lock(mutex_);
    return !damage_.empty();
  }

  void setProblem(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    if (problem != problem_) {
      if (problem.empty()) log_.info("work goes on");
      if (!problem.empty()) log_.error("no work is taken: {}", problem);
    }
    problem_ = problem;
  }

  void noteStoreError(const Error& error) {
    setProblem(error.text());
    if (error.msg() != Msg::storeDamaged) return;
    const std::lock_guard lock(mutex_);
    damage_ = error.text();
  }

  Store& store_;
  const Settings& settings_;
  const TaskBodies bodies_;
  const Log log_;
  const WorkerOptions options_;
  const std::string owner_;
  const Clock clock_;
  LeaseKeeper keeper_;
  TaskRunner runner_;

  std::vector<std::unique_ptr<Slot>> slots_;  // of the loop's thread, and of stop() behind it
  SteadyTime watchedAt_{}, expiredAt_{};
  std::optional<SteadyTime> cleanedAt_;
  std::atomic<std::size_t> tasks_ = 0, streams_ = 0, delayed_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  bool slotFreed_ = false;
  std::string problem_, damage_;
  std::optional<TaskGroup> loop_;
};

Worker::Worker(Store& store, const Sealer& sealer, const Registry& registry, const Settings& settings,
               TaskBodies bodies, Log log, WorkerOptions options)
    : impl_(std::make_unique<Impl>(store, sealer, registry, settings, std::move(bodies), std::move(log), options)) {}

Worker::~Worker() = default;

void Worker::start() {
  impl_->start();
}
void Worker::stop() {
  impl_->stop();
}
WorkerHealth Worker::health() const {
  return impl_->health();
}
Worker::Load Worker::load() const {
  return impl_->load();
}

}  // namespace drs
