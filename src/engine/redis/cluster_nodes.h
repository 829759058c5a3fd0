#pragma once

#include "net/stream.h"
#include "wire/resp/reply.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs::redis {

/// From the first to the last slot, both included.
using SlotRange = std::pair<std::uint16_t, std::uint16_t>;

/// One node as another one sees it.
struct ClusterNode {
  std::string id;        ///< 40 hexadecimal digits; changes at no fail-over
  net::Address address;  ///< as announced; the host may be empty: the one of the node that was asked
  std::string masterId;  ///< of a replica; empty: a master
  bool myself = false;   ///< the node that was asked
  bool failed = false;   ///< fail or fail?, without address, or in handshake
  std::uint64_t epoch =
      0;  ///< of its configuration: grows when slots come to it, so the higher claim counts; 0: not told
  std::vector<SlotRange> slots;
  std::vector<std::uint16_t> openSlots;  ///< being moved to or from it (known of `myself` only)
  std::vector<std::uint16_t> importing;  ///< of openSlots: those that come to it
};

/// The answer to CLUSTER NODES. Lines that are no nodes are passed over. Throws Error(badReply) if none is one.
[[nodiscard]] std::vector<ClusterNode> parseClusterNodes(std::string_view text, const std::string& server);

/// The answer to CLUSTER SLOTS, for servers that refuse CLUSTER NODES: without `myself`, open slots and failures; nodes
/// without an id (before 4.0) get their address as one. Throws Error(badReply).
[[nodiscard]] std::vector<ClusterNode> parseClusterSlots(const resp::Reply& reply, const std::string& server);

/// The slots that nobody has, as text ("5461-5470, 9000", at most ten pieces); empty: all of them are covered.
[[nodiscard]] std::string uncoveredSlots(const std::vector<ClusterNode>& nodes);

}  // namespace drs::redis
