#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/task_group.h"
#include "job/settings.h"
#include "store/store.h"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs {

/// Why a running task was asked to stop.
enum class StopReason {
  none,
  unwanted,  ///< paused, ended, faulted or cancelled
  shutdown,  ///< the worker stops
  lost,      ///< the lease is gone, or could not be renewed in time
};

/// Keeps the leases of one worker: renews all of them with one statement every third of their life, sees within
/// `pollMillis` that a task is not wanted any more, and stops a task whose lease may have run out, even if the store
/// does not answer: the deadline counts from before the renewal was sent, less a margin.
/// Also carries the figures that tasks report to the store, all in one transaction about once a second.
/// Threads: two of its own; the methods from any.
class LeaseKeeper {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  LeaseKeeper(Store& store, std::string owner, const Settings& settings, const Clock& clock, Log log,
              std::function<void(const Error&)> onStoreError);
  ~LeaseKeeper();  ///< as stop()

  void start();
  void stop();

  /// A task that was claimed; `askedAt`: before the claim was sent.
  void hold(const TaskRecord& task, const std::stop_source& stop, SteadyTime askedAt);
  /// The run is over. Returns why it was stopped, if it was.
  StopReason drop(const LeaseId& lease);
  [[nodiscard]] StopReason reason(const LeaseId& lease) const;
  /// Tries that failed since the last progress of the run.
  [[nodiscard]] int attempts(const LeaseId& lease) const;
  void report(const LeaseId& lease, const TaskProgress& progress);
  void stopAll();

  /// One round of renewing, looking and writing figures, and one look at the deadlines; the threads do nothing else.
  void renewRound();
  void watchRound();

 private:
  struct Held {
    TaskRecord task;
    std::stop_source stop;
    SteadyTime deadline, since, savedAt;
    StopReason reason = StopReason::none;
    bool changed = false, reported = false;
  };

  void renewLoop(const std::stop_token& stop);
  void watchLoop(const std::stop_token& stop);
  void settle(const std::vector<LeaseId>& asked, const std::vector<RenewedLease>& leases,
              std::optional<SteadyTime> deadline);
  void flush();
  [[nodiscard]] std::vector<LeaseId> heldIds() const;
  static void end(Held& held, StopReason reason);

  Store& store_;
  const std::string owner_;
  const Settings& settings_;
  const Clock& clock_;
  const Log log_;
  const std::function<void(const Error&)> onStoreError_;
  mutable std::mutex mutex_;
  std::map<LeaseId, Held> held_;          ///< by claim: a lost run may still end beside the task's next one
  SteadyTime renewedAt_{}, flushedAt_{};  // of the renewing thread
  std::optional<TaskGroup> threads_;
};

}  // namespace drs
