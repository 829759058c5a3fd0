#pragma once

#include "engine/engine.h"
#include "store/records.h"

// Behind a switchover of disaster recovery a job goes the other way round. What it was asked for stays as it was
// written; everything that works asks here what is in force.

namespace drs {

/// Single-active disaster recovery: one side takes the writes, the other one stands by.
[[nodiscard]] bool isSingleActive(const JobSpec& spec);

/// "FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS". A job that was switched over copies no more.
[[nodiscard]] std::string taskTypeInForce(const JobRecord& job);

/// The request with source and target as they are now.
[[nodiscard]] JobSpec specInForce(const JobRecord& job);

/// The job with source and target exchanged, following the log from its start position. Secrets are still opened under
/// the names that they were sealed under.
[[nodiscard]] EngineJob reversed(EngineJob job);

}  // namespace drs
