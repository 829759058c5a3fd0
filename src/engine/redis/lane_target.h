#pragma once

#include "engine/engine.h"
#include "engine/redis/scope.h"
#include "engine/redis/target_writer.h"
#include "pipeline/lane.h"

#include <memory>
#include <stop_token>
#include <vector>

namespace drs::redis {

/// TargetWriter::takeOver() for a run of a lane. `clusterSlots`: the lane's, if the target is a cluster; else null.
/// `job` outlives the writer.
[[nodiscard]] std::unique_ptr<TargetWriter> takeOverTarget(const EngineJob& job, const LaneContext& context,
                                                           const ConnectOptions& target, const Scope& scope,
                                                           const std::vector<SlotRange>* clusterSlots,
                                                           const std::stop_token& stop);

}  // namespace drs::redis
