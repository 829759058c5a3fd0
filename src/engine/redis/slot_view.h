#pragma once

#include "engine/redis/connection.h"
#include "engine/redis/lane_slots.h"

#include <cstdint>
#include <string>
#include <vector>

namespace drs::redis {

/// What the primary of a shard says of slots, its own word on its own: it alone knows at once what it has lost and what
/// it takes in. What others know of it may be seconds old.
struct SlotView {
  std::uint64_t arrived = 0;       ///< of the lane's stream: what had come before the view was taken. By SlotWatch
  std::uint64_t offset = 0;        ///< of the primary's stream, at the moment at which `owned` and `empty` hold
  std::uint64_t epoch = 0;         ///< of its configuration: grows when a slot comes back to it
  SlotSet owned;                   ///< it serves them
  SlotSet importing;               ///< they may be on their way to it, key by key or as a whole
  SlotSet empty;                   ///< of those that were asked for: it has no key in them
  bool knowsTrimming = false;      ///< slots have been moved to or from it the way of Redis 8.4
  std::vector<ClusterNode> nodes;  ///< all that it knows
};

/// Asks a server for its view. Throws Error: as Connection::call(); redisNotReady if it is no primary.
[[nodiscard]] SlotView viewOf(Connection& primary, const SlotSet& asked);

}  // namespace drs::redis
