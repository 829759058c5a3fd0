#pragma once

#include "base/log.h"
#include "crypto/sealer.h"
#include "engine/engine.h"
#include "job/settings.h"
#include "job/task_body.h"
#include "store/store.h"

#include <memory>
#include <string>

namespace drs {

/// Whether a node can work, for /readyz.
struct WorkerHealth {
  bool ok = true;
  std::string reason;  ///< why not
};

/// What a worker knows of its surroundings.
struct WorkerOptions {
  /// No other process uses the store (the data folder's lock is held), so that leases of earlier incarnations end at
  /// once instead of after their time.
  bool exclusive = false;
  /// The previous process of this folder ended itself (CrashMark::crashedBefore()).
  bool crashedBefore = false;
};

/// Claims tasks from the store under leases and runs them, each on its own threads, until told to stop. One in a
/// process.
///
/// Limits: at most settings.maxRunningTasks plan, copy, finish and compare tasks, as many short ones (validation,
/// tests, queries, end, reset), and settings.maxStreams streams at a time. When the disk is nearly full or the store
/// fails, nothing new is taken. Chores (scheduled starts, expired jobs, old rows) are done on the way.
class Worker {
 public:
  Worker(Store& store, const Sealer& sealer, const Registry& registry, const Settings& settings, TaskBodies bodies,
         Log log, WorkerOptions options);
  ~Worker();  ///< as stop()

  /// Starts the threads. Throws Error(storeFailed).
  void start();
  /// Stops claiming, asks running tasks to drain, waits for them (their bodies end within seconds) and releases the
  /// leases.
  void stop();
  [[nodiscard]] WorkerHealth health() const;
  /// Tasks that run now, for the metrics.
  struct Load {
    std::size_t tasks = 0, streams = 0;
    std::size_t delayed = 0;   ///< jobs of the store with an alarm of alarm_notify's delays
    std::size_t heldBack = 0;  ///< jobs whose copies wait because their source is busy
  };
  [[nodiscard]] Load load() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drs
