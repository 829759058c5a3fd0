#pragma once

#include "engine/engine.h"
#include "engine/redis/capabilities.h"
#include "engine/redis/scope.h"
#include "engine/redis/servers.h"
#include "pipeline/lane.h"

#include <memory>
#include <stop_token>
#include <string>

namespace drs::redis {

/// The runs of a job's lanes.
[[nodiscard]] std::unique_ptr<LaneRunner> makeLaneRunner(const EngineJob& job);

/// Where a lane keeps what its source has sent; on the node that runs it.
[[nodiscard]] std::string spoolFolderOf(const EngineJob& job, std::uint32_t lane);

/// The slots of a lane, in Lane::text. "": the source is no cluster.
[[nodiscard]] std::string encodeSlots(const std::vector<SlotRange>& slots);
/// Throws Error(internal) for another text.
[[nodiscard]] std::vector<SlotRange> decodeSlots(const std::string& text);

}  // namespace drs::redis
