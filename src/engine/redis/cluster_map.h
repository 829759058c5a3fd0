#pragma once

#include "engine/engine.h"
#include "engine/redis/cluster_nodes.h"

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// Who has which slot of a cluster that is a target.
struct ClusterMap {
  struct Node {
    std::string id;
    net::Address address;
  };
  static constexpr std::uint16_t kNobody = 0xFFFF;

  std::vector<Node> masters;          ///< those that have slots, sorted by id
  std::vector<std::uint16_t> owner;   ///< by slot: index of `masters`, or kNobody
  std::vector<std::uint16_t> moving;  ///< slots on the move, sorted: their keys lie on two nodes

  [[nodiscard]] const Node* ownerOf(std::uint16_t slot) const {
    return owner.at(slot) == kNobody ? nullptr : &masters[owner[slot]];
  }
  /// The slots of a master, sorted.
  [[nodiscard]] std::vector<SlotRange> slotsOf(std::size_t master) const;
  /// As text; empty: every slot has an owner.
  [[nodiscard]] std::string uncovered() const;
};

/// Puts together what several nodes say: of two that claim a slot, the one of the higher configuration epoch has it, as
/// the nodes themselves settle it. `views`: one for each node that was asked.
[[nodiscard]] ClusterMap mergeViews(const std::vector<std::vector<ClusterNode>>& views);

/// Reads the map anew; `known`: the last one, whose nodes are asked too. Throws Error as Connection::open() if no node
/// answers; Error(redisNotReady) if no node says anything of a slot.
using ReadClusterMap = std::function<ClusterMap(const ClusterMap* known, const std::stop_token& stop)>;

/// As `read`, when no slot is on the move: only then a scan of all nodes sees every key. Waits ten seconds for it, then
/// throws Error(redisNotReady) that names the slots; some stay open for ever, after a move that was broken off.
[[nodiscard]] ClusterMap readSettledMap(const ReadClusterMap& read, const ClusterMap* known,
                                        const std::stop_token& stop);

/// Of the job's target: the addresses of the request are asked, and those that were known.
[[nodiscard]] ClusterMap readTargetMap(const EngineJob& job, const ClusterMap* known, const std::stop_token& stop);

}  // namespace drs::redis
