#pragma once

#include "engine/engine.h"
#include "pipeline/lane.h"

#include <memory>

namespace drs::redis {

/// What there is to copy of a job's source, a lane for each server, and the runs and comparisons of it.
[[nodiscard]] std::unique_ptr<LaneRunner> makeLaneRunner(const EngineJob& job);

}  // namespace drs::redis
