#pragma once

#include "engine/engine.h"
#include "pipeline/lane.h"

#include <stop_token>

namespace drs::redis {

/// One run of a lane whose source is read by SCAN (scan_mode.h), as LaneRunner::run(). First every key is brought; then
/// those that notifications name; and all of them again, keys that are missing at the source included, after each
/// start, whenever notifications may have been missed, and from time to time. Converges; what happens between two
/// looks at a key is not seen.
void runByScan(const EngineJob& job, const LaneContext& context, const std::stop_token& stop);

}  // namespace drs::redis
