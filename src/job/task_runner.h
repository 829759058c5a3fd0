#pragma once

#include "base/log.h"
#include "crypto/sealer.h"
#include "engine/engine.h"
#include "job/lease_keeper.h"
#include "job/memory_budget.h"
#include "job/settings.h"
#include "job/source_cares.h"
#include "job/task_body.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace drs {

/// Runs the body of one claimed task after the other's fashion: makes its context, catches what it throws (the one
/// place for errors of tasks) and writes what became of it. Threads: any number of run() at a time.
class TaskRunner {
 public:
  TaskRunner(Store& store, const Sealer& sealer, const Registry& registry, const Settings& settings,
             const TaskBodies& bodies, LeaseKeeper& keeper, Log log, std::function<void(const Error&)> onStoreError);

  /// Returns when the run is over and its outcome is stored, or the lease is lost. `stop` is the token that the keeper
  /// knows. Never throws.
  void run(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop) noexcept;
  /// Jobs whose copies are held back now because their source is busy.
  [[nodiscard]] std::size_t heldBack() const { return cares_.heldBack(); }

 private:
  [[nodiscard]] TaskContext contextOf(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop,
                                      ProgressSink& progress, std::size_t queueBytes);
  void runAndSettle(const TaskRecord& task, const JobRecord& job, const std::stop_token& stop);
  void settle(const TaskRecord& task, const std::function<bool(StoreTransaction&)>& write);
  void fail(TaskRecord task, const Error& error);

  Store& store_;
  const Sealer& sealer_;
  const Registry& registry_;
  const Settings& settings_;
  const TaskBodies& bodies_;
  LeaseKeeper& keeper_;
  const Log log_;
  const std::function<void(const Error&)> onStoreError_;
  const std::shared_ptr<const InstanceCatalogue> instances_;
  MemoryBudget memory_;
  SourceCares cares_;
  const std::shared_ptr<LargeRows> largeRows_ = std::make_shared<LargeRows>();
};

}  // namespace drs
