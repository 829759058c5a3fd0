#pragma once

#include "engine/engine.h"

#include <cstddef>
#include <string>

namespace drs {

/// Limits and habits of a node; one member per setting of drsd.toml, [worker] and [limits] sections.
struct Settings {
  std::string dataFolder;
  std::string nodeName = "node-1";
  std::string region = "local-1";
  std::size_t maxJobsPerBatch = 100;
  int maxRunningTasks = 8;  ///< stream tasks of idle jobs count apart (maxStreams)
  int maxStreams = 200;
  std::size_t memoryBudgetBytes = 512U << 20U;               ///< for queues of all running tasks
  std::size_t transactionMemoryBytes = 8U << 20U;            ///< EngineLimits::transactionMemoryBytes
  std::size_t maxTransactionBytes = std::size_t{16} << 30U;  ///< EngineLimits::maxTransactionBytes
  std::size_t spoolBytes = std::size_t{16} << 30U;           ///< EngineLimits::spoolBytes
  int followMovingSlots = 0;                                 ///< EngineLimits::followsMovingSlots
  int rescanSeconds = 3600;                                  ///< EngineLimits::rescanSeconds
  int sessionsPerJob = 4;
  int appliersPerJob = 4;  ///< no more than sessionsPerJob
  std::size_t chunkBytes = 16U << 20U;
  int leaseTtlSeconds = 30, leaseRenewSeconds = 10, leaseMarginSeconds = 5;
  int pollMillis = 500;
  int poisonLimit = 3;         ///< crashes in a row that a task may cause before its job gets a fault
  int retryLimit = 12;         ///< tries in a row that may fail for a passing reason before the job gets a fault
  int retryMaxSeconds = 60;    ///< longest pause between two tries
  int snapshotSeconds = 1800;  ///< Source::limitSnapshots()
  std::size_t minFreeDiskBytes = 256U << 20U;  ///< below this no task is started and /readyz says so
  std::string mysqlDefiner = "keep";           ///< EngineJob::definer
  int networkTimeoutSeconds = 600;             ///< EngineLimits::networkTimeoutSeconds
  int mysqlLockWaitSeconds = 60;               ///< EngineLimits::lockWaitSeconds
  int mysqlHeartbeatSeconds = 0;               ///< EngineLimits::heartbeatSeconds
  SourceLimits source;                         ///< of every job's source
  InstanceCatalogue instances;
};

}  // namespace drs
