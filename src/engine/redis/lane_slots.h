#pragma once

#include "engine/redis/cluster_nodes.h"
#include "wire/resp/slot.h"

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

using SlotSet = std::bitset<resp::kSlots>;

[[nodiscard]] SlotSet slotSetOf(const std::vector<SlotRange>& ranges);
/// Sorted, as few as possible.
[[nodiscard]] std::vector<SlotRange> rangesOf(const SlotSet& slots);
/// The slots for users: "5461-5470, 9000", at most ten pieces.
[[nodiscard]] std::string describe(const SlotSet& slots);

/// What a lane of a cluster may do with slots, as it stands in its mark (LaneMark::shard). Of all lanes of a job at
/// most one has a slot for its own at any time, however the source's servers see it: only that one writes to it.
struct LaneSlots {
  /// Commands on a slot that are not applied yet although later ones of the stream are.
  struct Held {
    std::uint64_t from = 0;  ///< of the stream: what is behind it waits
    std::uint64_t db = 0;    ///< of the source's stream at `from`
    bool operator==(const Held&) const = default;
  };
  SlotSet own;
  std::map<std::uint16_t, Held> held;

  /// The stream must be read from behind this offset when the lane has applied all up to `offset` but for what is held.
  [[nodiscard]] std::uint64_t neededFrom(std::uint64_t offset) const;
  bool operator==(const LaneSlots&) const = default;
};

/// One word.
[[nodiscard]] std::string toText(const LaneSlots& slots);
/// Throws Error(internal) for another text.
[[nodiscard]] LaneSlots parseLaneSlots(std::string_view text);

}  // namespace drs::redis
