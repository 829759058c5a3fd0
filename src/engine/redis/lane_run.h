#pragma once

#include "engine/engine.h"
#include "pipeline/lane.h"

#include <stop_token>

namespace drs::redis {

/// One run of a lane: takes the target over, loads the snapshot if it has to, follows the stream until the stop. Throws
/// what LaneRunner::run() throws.
void runLane(const EngineJob& job, const LaneContext& context, const std::stop_token& stop);

}  // namespace drs::redis
