#pragma once

#include "engine/redis/control_keys.h"
#include "wire/resp/encoder.h"
#include "wire/resp/reply.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What stands in each slot of a target cluster, beside the data of that slot and written in the same transactions
// (docs/adr/2026-11-28-cluster-targets.md).

namespace drs::redis {

/// The control key of a slot: a sorted set. Its member "<plan> <epoch> <seat>" names who may write, with the number of
/// the last batch that touched the slot as score; "m <generation>" has the offset of the stream up to which the slot is
/// done.
struct SlotState {
  std::optional<Fence> owner;    ///< nothing: nobody has claimed the slot
  std::uint32_t seat = 0;        ///< which of the owner's claims
  std::uint64_t sequence = 0;    ///< of the owner's last batch here; 0 if it is not whole
  bool isWhole = true;           ///< false: a guard has found that the owner's last batch is missing
  std::uint64_t generation = 0;  ///< the copy that `offset` counts from; 0: none yet
  std::uint64_t offset = 0;
};

/// The name of the control key of a lane in a slot.
[[nodiscard]] std::string slotKey(const std::string& jobId, std::uint32_t lane, std::uint16_t slot);
/// Where the mark of the whole lane stands: in its first slot.
[[nodiscard]] std::string clusterMarkKey(const std::string& jobId, std::uint32_t lane, std::uint16_t slot);
/// The lane of a control key or mark of the job; nothing: it is no such key.
[[nodiscard]] std::optional<std::uint32_t> laneOfKey(const std::string& jobId, std::string_view key);

[[nodiscard]] std::string seatText(const Fence& fence, std::uint32_t seat);
[[nodiscard]] std::string generationText(std::uint64_t generation);

/// Reads the answer to ZRANGE key 0 -1 WITHSCORES. Of several owners the newest counts; what the guard of an older one
/// has left is none.
[[nodiscard]] SlotState parseSlotState(const resp::Reply& reply);

[[nodiscard]] bool isNewer(const Fence& a, const Fence& b);

/// The mark of a lane at a cluster: LaneMark, and what each slot must have had when it was written.
struct ClusterMark {
  LaneMark mark;
  std::uint64_t generation = 0;
  std::vector<std::uint64_t> sequences;  ///< by slot (resp::kSlots of them): of the last batch that touched it; 0: none
};
[[nodiscard]] std::string toText(const ClusterMark& mark);
/// Nothing if the text is no such mark.
[[nodiscard]] std::optional<ClusterMark> parseClusterMark(std::string_view text);

}  // namespace drs::redis
