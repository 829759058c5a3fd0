#include "engine/redis/cluster_map.h"

#include "base/task_group.h"
#include "engine/redis/servers.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace drs::redis {
namespace {

/// A node that does not answer must not hold the others up for long.
constexpr std::chrono::milliseconds kMapPatience = std::chrono::seconds(3);
constexpr std::chrono::seconds kMovePatience{10};
constexpr std::chrono::milliseconds kMovePause{100};
constexpr std::size_t kSlotsNamed = 10;

struct Claim {
  std::string id;
  std::uint64_t epoch = 0;
};

std::vector<ClusterNode> nodesSeenBy(Connection& connection, const net::Address& asked) {
  const resp::Reply reply = connection.ask({"CLUSTER", "NODES"});
  std::vector<ClusterNode> nodes = reply.isError()
                                       ? parseClusterSlots(connection.call({"CLUSTER", "SLOTS"}), connection.address())
                                       : parseClusterNodes(reply.text(), connection.address());
  for (ClusterNode& node : nodes) {
    // The address by which a node was reached goes before the one that it announces.
    if (node.myself) node.address = asked;
    if (node.address.host.empty()) node.address.host = asked.host;
  }
  return nodes;
}

}  // namespace

std::vector<SlotRange> ClusterMap::slotsOf(std::size_t master) const {
  std::vector<SlotRange> out;
  for (std::size_t i = 0; i < owner.size(); ++i) {
    const auto slot = static_cast<std::uint16_t>(i);
    if (owner[i] != master) continue;
    if (!out.empty() && out.back().second + 1 == slot)
      out.back().second = slot;
    else
      out.emplace_back(slot, slot);
  }
  return out;
}

std::string ClusterMap::uncovered() const {
  std::vector<ClusterNode> nodes(masters.size());
  for (std::size_t i = 0; i < masters.size(); ++i) nodes[i].slots = slotsOf(i);
  return uncoveredSlots(nodes);
}

ClusterMap mergeViews(const std::vector<std::vector<ClusterNode>>& views) {
  std::vector<Claim> claims(resp::kSlots);
  std::map<std::string, net::Address> addresses;
  std::set<std::string> reached;
  std::set<std::uint16_t> moving;
  for (const auto& view : views) {
    for (const ClusterNode& node : view) {
      if (node.myself || !reached.contains(node.id)) addresses[node.id] = node.address;
      if (node.myself) reached.insert(node.id);
      moving.insert(node.openSlots.begin(), node.openSlots.end());
      if (!node.masterId.empty()) continue;
      for (const auto& [first, last] : node.slots)
        for (std::size_t slot = first; slot <= last; ++slot) {
          Claim& claim = claims[slot];
          if (claim.id.empty() || node.epoch > claim.epoch) claim = {node.id, node.epoch};
        }
    }
  }
  std::map<std::string, std::uint16_t> numbers;
  for (const Claim& claim : claims)
    if (!claim.id.empty()) numbers.emplace(claim.id, 0);
  ClusterMap out;
  out.moving.assign(moving.begin(), moving.end());
  for (auto& [id, number] : numbers) {
    number = static_cast<std::uint16_t>(out.masters.size());
    out.masters.push_back({id, addresses[id]});
  }
  for (const Claim& claim : claims) out.owner.push_back(claim.id.empty() ? ClusterMap::kNobody : numbers.at(claim.id));
  return out;
}

ClusterMap readSettledMap(const ReadClusterMap& read, const ClusterMap* known, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kMovePatience;
  ClusterMap map = read(known, stop);
  while (!map.moving.empty()) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::string slots;
      for (std::size_t i = 0; i < map.moving.size() && i < kSlotsNamed; ++i)
        slots += fmt::format("{}{}", i == 0 ? "" : ", ", map.moving[i]);
      if (map.moving.size() > kSlotsNamed) slots += ", ...";
      throw Error(Msg::redisNotReady,
                  {"the target", "a look at all of its keys",
                   fmt::format("slots are on the move ({}). End the move, or let CLUSTER SETSLOT <slot> STABLE close "
                               "what was broken off",
                               slots)},
                  Origin::target);
    }
    (void)sleepFor(kMovePause, stop);
    map = read(&map, stop);
  }
  return map;
}

ClusterMap readTargetMap(const EngineJob& job, const ClusterMap* known, const std::stop_token& stop) {
  std::vector<net::Address> asked;
  const auto add = [&](const net::Address& address) {
    const auto same = [&](const net::Address& a) { return a.host == address.host && a.port == address.port; };
    if (std::ranges::none_of(asked, same)) asked.push_back(address);
  };
  for (const Address& each : addressesOf(job, Side::target).addresses) add({each.host, each.port});
  if (known != nullptr)
    for (const ClusterMap::Node& each : known->masters) add(each.address);
  std::vector<std::vector<ClusterNode>> views;
  std::optional<Error> last;
  // What the first ones name is asked too: after a fail-over only the others may know who is master.
  for (std::size_t i = 0; i < asked.size() && !stop.stop_requested(); ++i) {
    try {
      ConnectOptions options = optionsOf(job, Side::target, asked[i]);
      options.connectTimeout = std::min(options.connectTimeout, kMapPatience);
      options.answerTimeout = std::min(options.answerTimeout, kMapPatience);
      const auto connection = Connection::open(options);
      views.push_back(nodesSeenBy(*connection, asked[i]));
      for (const ClusterNode& node : views.back())
        if (!node.failed && node.masterId.empty() && !node.myself && !node.slots.empty()) add(node.address);
    } catch (const Error& error) {
      last = error;
    }
  }
  if (stop.stop_requested()) throw Error(Msg::internal, {"stopped"});
  if (views.empty() && last) throw Error(*last);
  ClusterMap map = mergeViews(views);
  if (map.masters.empty())
    throw Error(Msg::redisNotReady, {"the target", "its slots", "no node of the cluster has any"}, Origin::target);
  return map;
}

Capabilities targetCapabilities(const EngineJob& job, const std::stop_token& stop) {
  const ConnectOptions primary = primaryOf(job, Side::target, stop);
  Capabilities all = probeCapabilities(primary, stop);
  if (!all.cluster) return all;
  bool isFirst = true;
  for (const ClusterMap::Node& node : readTargetMap(job, nullptr, stop).masters) {
    const Capabilities one = probeCapabilities(optionsOf(job, Side::target, node.address), stop);
    all = std::exchange(isFirst, false) ? one : weakest(std::move(all), one);
  }
  return all;
}

}  // namespace drs::redis
