#pragma once

#include "engine/redis/cluster_nodes.h"
#include "engine/redis/servers.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace drs::redis {

/// The lanes of a job as they were planned: which lane follows which servers of a cluster. Slots move, names of shards
/// with them; the ids of nodes stay. Threads: any.
class LaneRoster {
 public:
  explicit LaneRoster(const std::vector<Shard>& shards);
  /// As it stands in Lane::text, behind '|'. Empty if there is none: no cluster.
  explicit LaneRoster(const std::string& laneText);

  /// "id,id;id,id": for Lane::text.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::size_t lanes() const;
  /// The lane that follows the node; nothing: none does.
  [[nodiscard]] std::optional<std::uint32_t> laneOf(const std::string& nodeId) const;
  /// Replicas that have come since belong to the lanes of their masters.
  void learn(const std::vector<ClusterNode>& nodes);
  /// The shard of a lane among those that the source has now; null: there is none.
  [[nodiscard]] const Shard* find(const std::vector<Shard>& shards, std::uint32_t lane) const;

 private:
  [[nodiscard]] std::optional<std::uint32_t> knownLaneOf(const std::string& nodeId) const;

  mutable std::mutex mutex_;                   ///< guards what follows
  std::vector<std::vector<std::string>> ids_;  ///< by lane
};

/// What stands in Lane::text before the roster: the slots.
[[nodiscard]] std::string slotsPart(const std::string& laneText);
/// That text. "": the source is no cluster.
[[nodiscard]] std::string encodeSlots(const std::vector<SlotRange>& slots);
/// Throws Error(internal) for another text.
[[nodiscard]] std::vector<SlotRange> decodeSlots(const std::string& text);

}  // namespace drs::redis
