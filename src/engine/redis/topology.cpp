#include "engine/redis/servers.h"

#include <algorithm>
#include <map>
#include <optional>

// Which servers a source consists of, and from which of them to read.

namespace drs::redis {
namespace {

/// Replicas that nobody named may have addresses that cannot be reached from here.
constexpr std::chrono::milliseconds kPatienceUnasked = std::chrono::seconds(3);

/// A server that answers, and what it says of itself.
struct Seen {
  net::Address address;
  Info info;

  [[nodiscard]] bool isReplica() const { return info.is("role", "slave"); }
  [[nodiscard]] bool isInSync() const {
    return isReplica() && info.is("master_link_status", "up") && !info.is("master_sync_in_progress", "1");
  }
};

bool same(const net::Address& a, const net::Address& b) {
  return a.host == b.host && a.port == b.port;
}

[[noreturn]] void notReady(const std::string& address, const std::string& what, const std::string& why) {
  throw Error(Msg::redisNotReady, {address, what, why}, Origin::source);
}

class Topology {
 public:
  Topology(const EngineJob& job, const std::stop_token& stop) : job_(job), stop_(stop) {}

  std::vector<Shard> read() {
    const AddressList list = addressesOf(job_, Side::source);
    if (isClusterRoute(job_.spec)) return cluster(list);
    return {list.sentinelName.empty() ? single(list) : watched(list)};
  }

 private:
  std::unique_ptr<Connection> open(const net::Address& address, bool asked) {
    if (stop_.stop_requested()) throw Error(Msg::internal, {"stopped"});
    ConnectOptions options = optionsOf(job_, Side::source, address);
    if (!asked) options.connectTimeout = std::min(options.connectTimeout, kPatienceUnasked);
    return Connection::open(options);
  }

  /// Nothing if it does not answer; the error is kept.
  std::optional<Seen> look(const net::Address& address, bool asked) {
    try {
      return Seen{address, infoOf(*open(address, asked))};
    } catch (const Error& error) {
      if (stop_.stop_requested()) throw;
      last_ = error;
      return std::nullopt;
    }
  }

  [[noreturn]] void throwLast() {
    if (last_) throw Error(*last_);
    throw Error(Msg::missingMember, {"source_endpoint[0].endpoint.ip"}, Origin::request);
  }

  static void describe(Shard& shard, const Seen& seen) {
    shard.address = seen.address;
    shard.usedMemory = seen.info.number("used_memory").value_or(0);
    for (const Info::Keyspace& each : seen.info.keyspace()) shard.keys += each.keys;
    shard.replId = seen.info.find("master_replid").value_or("");
    shard.readsPrimary = !seen.isReplica();
    if (shard.readsPrimary) shard.primary = seen.address;
  }

  Shard oneShard(const Seen& read, const std::optional<net::Address>& primary) {
    if (read.info.is("cluster_enabled", "1"))
      throw Error(Msg::crossField,
                  {"base_info.engine_type", read.address.text() + " is a node of a cluster; rediscluster-to-gaussredis "
                                                                  "copies all of its shards"},
                  Origin::request);
    Shard shard;
    shard.name = "0";
    describe(shard, read);
    if (primary) shard.primary = *primary;
    if (shard.primary.host.empty())
      shard.primary = {read.info.find("master_host").value_or(""),
                       static_cast<std::uint16_t>(read.info.number("master_port").value_or(0))};
    return shard;
  }

  /// One server, or the servers of one replication.
  Shard single(const AddressList& list) {
    std::vector<Seen> seen;
    for (const Address& each : list.addresses)
      if (auto server = look({each.host, each.port}, true)) seen.push_back(std::move(*server));
    if (seen.empty()) throwLast();
    const Seen* master = nullptr;
    for (const Seen& each : seen) {
      if (each.isReplica()) continue;
      if (master != nullptr)
        throw Error(Msg::crossField,
                    {"source_endpoint[0].endpoint.ip", master->address.text() + " and " + each.address.text() +
                                                           " are no replicas, so that each has data of its own"},
                    Origin::request);
      master = &each;
    }
    requireOneHistory(seen);
    const auto replica = std::find_if(seen.begin(), seen.end(), [](const Seen& s) { return s.isInSync(); });
    const Seen& read = replica != seen.end() ? *replica : master != nullptr ? *master : seen.front();
    return oneShard(read, master != nullptr ? std::optional(master->address) : std::nullopt);
  }

  /// Servers that follow one another have the same replication id; before 4.0 they do not tell.
  static void requireOneHistory(const std::vector<Seen>& seen) {
    const Seen* first = nullptr;
    for (const Seen& each : seen) {
      const bool follows = !each.isReplica() || each.isInSync();
      const auto id = each.info.find("master_replid");
      if (!follows || !id) continue;
      if (first != nullptr && first->info.find("master_replid") != id)
        throw Error(Msg::crossField,
                    {"source_endpoint[0].endpoint.ip", first->address.text() + " and " + each.address.text() +
                                                           " are not of one replication, so that each has other data"},
                    Origin::request);
      if (first == nullptr) first = &each;
    }
  }

  Shard watched(const AddressList& list) {
    const Watched servers = askSentinels(job_, Side::source, list, stop_);
    for (const net::Address& each : servers.replicas)
      if (const auto seen = look(each, false); seen && seen->isInSync()) return oneShard(*seen, servers.master);
    const auto master = look(servers.master, true);
    if (!master) throwLast();
    return oneShard(*master, servers.master);
  }

  // --- clusters ----------------------------------------------------------------------------------------------------

  static std::vector<ClusterNode> nodesOf(Connection& connection) {
    const resp::Reply reply = connection.ask({"CLUSTER", "NODES"});
    if (!reply.isError()) return parseClusterNodes(reply.text(), connection.address());
    return parseClusterSlots(connection.call({"CLUSTER", "SLOTS"}), connection.address());
  }

  void askNode(const net::Address& address) {
    try {
      const auto connection = open(address, true);
      Seen seen{address, infoOf(*connection)};
      if (seen.info.is("cluster_enabled", "0"))
        throw Error(
            Msg::crossField,
            {"base_info.engine_type", address.text() + " is no node of a cluster; redis-to-gaussredis copies it"},
            Origin::request);
      std::vector<ClusterNode> nodes = nodesOf(*connection);
      for (ClusterNode& node : nodes) {
        if (node.address.host.empty()) node.address.host = address.host;
        if (node.myself || same(node.address, address)) {
          reached_[node.id] = address;
          seen_.emplace(node.id, seen);
        }
      }
      const bool whole = uncoveredSlots(nodes).empty();
      if (view_.empty() || (whole && !uncoveredSlots(view_).empty()))
        view_ = std::move(nodes), viewOf_ = address.text();
    } catch (const Error& error) {
      if (error.msg() == Msg::crossField || stop_.stop_requested()) throw;
      last_ = error;
    }
  }

  std::vector<Shard> cluster(const AddressList& list) {
    for (const Address& each : list.addresses) askNode({each.host, each.port});
    if (view_.empty()) throwLast();
    if (const std::string missing = uncoveredSlots(view_); !missing.empty())
      notReady(viewOf_, "the whole cluster", "no shard has the slots " + missing);
    std::vector<Shard> shards;
    for (const ClusterNode& node : view_)
      if (node.masterId.empty() && !node.slots.empty()) shards.push_back(shardOf(node));
    std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) { return a.slots < b.slots; });
    return shards;
  }

  [[nodiscard]] net::Address addressOf(const ClusterNode& node) const {
    const auto found = reached_.find(node.id);
    return found == reached_.end() ? node.address : found->second;
  }

  Shard shardOf(const ClusterNode& master) {
    Shard shard;
    shard.cluster = true;
    shard.name = std::to_string(master.slots.front().first);
    shard.slots = master.slots;
    shard.primary = addressOf(master);
    shard.nodeIds.push_back(master.id);
    std::vector<const ClusterNode*> replicas;
    for (const ClusterNode& node : view_) {
      if (node.masterId != master.id) continue;
      shard.nodeIds.push_back(node.id);
      if (!node.failed) replicas.push_back(&node);
    }
    // Those that the request names come first.
    std::stable_partition(replicas.begin(), replicas.end(),
                          [&](const ClusterNode* node) { return seen_.contains(node->id); });
    for (const ClusterNode* node : replicas)
      if (const auto seen = lookAt(*node); seen && seen->isInSync()) return described(std::move(shard), *seen);
    const auto seen = lookAt(master);
    if (!seen) notReady(shard.primary.text(), "the slots from " + shard.name, last_ ? last_->text() : "no answer");
    if (seen->isReplica())
      notReady(shard.primary.text(), "the slots from " + shard.name, "it is no longer the primary of its shard");
    return described(std::move(shard), *seen);
  }

  static Shard described(Shard shard, const Seen& seen) {
    const net::Address primary = shard.primary;
    describe(shard, seen);
    shard.primary = primary;
    return shard;
  }

  std::optional<Seen> lookAt(const ClusterNode& node) {
    if (const auto found = seen_.find(node.id); found != seen_.end()) return found->second;
    return look(addressOf(node), node.masterId.empty());
  }

  const EngineJob& job_;
  const std::stop_token& stop_;
  std::optional<Error> last_;
  std::vector<ClusterNode> view_;
  std::string viewOf_;
  std::map<std::string, net::Address>
      reached_;  ///< by node: the address of the request, which goes before the announced
  std::map<std::string, Seen> seen_;
};

}  // namespace

std::vector<Shard> shardsOf(const EngineJob& job, const std::stop_token& stop) {
  return Topology(job, stop).read();
}

}  // namespace drs::redis
