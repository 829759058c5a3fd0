#include "engine/redis/cluster_map.h"
#include "engine/redis/prober_checks.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

// Checks of the connections, the versions, and of what both servers are to each other.

namespace drs::redis {
namespace {

constexpr std::uint32_t kOldest = 20800, kOldestCluster = 30000;
constexpr std::uint32_t kNewestRedis = 89999, kNewestValkey = 99999;
constexpr double kClockSeconds = 10;

Verdict checkSourceConnection(ProbeState& state) {
  (void)state.sources();
  return passed();
}

Verdict checkTargetConnection(ProbeState& state) {
  (void)state.target();
  return passed();
}

/// Passwords and data as plain text over a public network.
Verdict checkTls(ProbeState& state) {
  if (state.job().spec.baseInfo.netType != "eip") return passed();
  Findings found;
  const auto look = [&](const std::vector<EndpointInfo>& list, const char* side) {
    if (!list.empty() && (!list.front().ssl || !list.front().ssl->sslLink.value_or(false)))
      found.warn(std::string(side) + " is reached over a public network (net_type eip) without TLS");
  };
  look(state.job().spec.sourceEndpoint, "the source");
  look(state.job().spec.targetEndpoint, "the target");
  return found.verdict("Set ssl.ssl_link and give the CA in ssl_cert_key");
}

std::optional<std::uint32_t> versionAs(const Info& info, std::uint32_t& newest) {
  newest = info.isValkey() ? kNewestValkey : kNewestRedis;
  return info.version();
}

Verdict checkSourceVersion(ProbeState& state) {
  const std::uint32_t oldest = isClusterRoute(state.job().spec) ? kOldestCluster : kOldest;
  Findings found;
  for (const SourceServer& each : state.sources()) {
    std::uint32_t newest = 0;
    const auto version = versionAs(each.info, newest);
    if (!version)
      found.unknown(each.name(), "its version", "INFO does not tell it");
    else if (*version < oldest)
      found.fail(each.name() + " is " + each.info.versionText());
    else if (*version > newest)
      found.warn(each.name() + " is " + each.info.versionText() + ", newer than what this version was tested with");
  }
  return found.verdict("Supported are Redis 2.8 (as cluster 3.0) to 8.x and Valkey 7.2 to 9.x");
}

Verdict checkTargetVersion(ProbeState& state) {
  const auto& info = state.targetInfo();
  if (!info)
    return alarm(
        "the target's version is unknown, because it refuses INFO: " + state.targetInfoRefusal() +
        ". What it takes was found by trying it; that its version is older than the source's could not be seen");
  std::uint32_t newest = 0;
  const auto version = versionAs(*info, newest);
  const std::string name = state.target().address() + " is " + info->versionText();
  if (!version) return alarm("the target's version is unknown, because INFO does not tell it");
  if (*version < kOldest) return failed(name + "; supported are Redis 2.8 and later, Valkey, GeminiDB Redis");
  if (*version > newest) return alarm(name + ", newer than what this version was tested with");
  for (const SourceServer& each : state.sources()) {
    const auto source = each.info.version();
    if (source && each.info.isValkey() == info->isValkey() && *source / 100 > *version / 100)
      return alarm(name + ", older than the source (" + each.info.versionText() +
                   "): commands that it does not know stop the task when they come");
  }
  return passed();
}

/// A copy onto itself would end in removing what it read.
Verdict checkIdentity(ProbeState& state) {
  const auto& info = state.targetInfo();
  if (!info)
    return alarm("whether the target is the source itself is unknown, because it refuses INFO: " +
                 state.targetInfoRefusal());
  const auto run = info->find("run_id"), stream = info->find("master_replid");
  Findings found;
  for (const SourceServer& each : state.sources()) {
    if (run && each.info.find("run_id") == run)
      found.fail(each.name() + " and the target " + state.target().address() + " are the same server");
    else if (stream && !stream->empty() && stream == each.info.find("master_replid"))
      found.fail(each.name() + " and the target " + state.target().address() + " are of the same replication");
  }
  return found.verdict("Choose another target; of a replica, REPLICAOF NO ONE makes a server of its own");
}

/// Seconds since 1970; nothing if the server refuses TIME.
std::optional<double> clockOf(Connection& connection) {
  const resp::Reply reply = connection.ask({"TIME"});
  const auto seconds = reply.at(0).integer(), micros = reply.at(1).integer();
  if (!seconds || !micros) return std::nullopt;
  return static_cast<double>(*seconds) + static_cast<double>(*micros) / 1e6;
}

/// Times to live are carried over as moments.
Verdict checkClocks(ProbeState& state) {
  const auto target = clockOf(state.target());
  if (!target) return alarm("the target's clock is unknown, because it refuses TIME");
  const auto asked = std::chrono::steady_clock::now();
  Findings found;
  for (SourceServer& each : state.sources()) {
    const auto source = clockOf(*each.connection);
    const double since = std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count();
    if (!source) {
      found.unknown(each.name(), "its clock", "it refuses TIME");
    } else if (const double ahead = *target + since - *source; std::abs(ahead) > kClockSeconds) {
      found.warn(fmt::format(
          "the target's clock is {:.0f} s {} that of {}: keys with a time to live go {} at the target", std::abs(ahead),
          ahead > 0 ? "ahead of" : "behind", each.name(), ahead > 0 ? "earlier" : "later"));
    }
  }
  return found.verdict("Set the clocks (NTP)");
}

/// A cluster as target: whole, of servers that guard a slot's transaction, and only database 0.
Verdict checkNodes(ProbeState& state) {
  Findings found;
  const ClusterMap map = readTargetMap(state.job(), nullptr, state.stop());
  if (const std::string missing = map.uncovered(); !missing.empty()) found.fail("no node has the slots " + missing);
  for (auto& node : state.targets()) {
    const Info info(node->call({"CLUSTER", "INFO"}).text());
    if (!info.is("cluster_state", "ok"))
      found.fail(node->address() + " says cluster_state:" + info.find("cluster_state").value_or("?"));
  }
  if (!state.capabilities().guard)
    found.fail(
        "a node does not take ZADD … GT as Redis 6.2 and later do, which keeps a worker that was replaced from writing "
        "to a slot");
  for (const Selection::Database& each : state.selection().databases())
    if (each.target != 0)
      found.fail(fmt::format("keys are to go to database {}, and a cluster has only 0", each.target));
  if (!map.moving.empty()) found.warn("slots are on the move; as long as one is, what goes there waits");
  if (!isClusterRoute(state.job().spec))
    found.warn(
        "the target is a cluster and the source is none: commands over keys of several slots stop the task (RENAME, "
        "SUNIONSTORE, LMOVE …), but for DEL, UNLINK, MSET and MSETNX; transactions are divided by slot");
  return found.verdict();
}

Verdict checkTargetCluster(ProbeState& state) {
  const Capabilities& target = state.capabilities();
  if (target.cluster) return checkNodes(state);
  if (!target.clusterKnown)
    return alarm(
        "whether the target is a node of a cluster is unknown, because INFO does not tell it; a task stops at "
        "the first key of another node (MOVED)");
  return passed();
}

Verdict checkNodeNumber(ProbeState& state) {
  if (state.job().spec.targetEndpoint.empty()) return passed();
  std::int64_t wanted = 0;
  for (const auto* list : {&state.job().spec.sourceEndpoint, &state.job().spec.targetEndpoint})
    for (const EndpointInfo& each : *list)
      if (each.config) wanted = std::max(wanted, each.config->nodeNum.value_or(0));
  const auto shards = static_cast<std::int64_t>(state.sources().size());
  if (wanted <= shards) return passed();
  return failed(fmt::format(
      "node_num is {}, and the source has {} shards; at most one node for each, better one for four", wanted, shards));
}

}  // namespace

const std::vector<Check>& serverChecks() {
  static const std::vector<Check> kChecks = {
      {"srcDbConnection", kConnection, checkSourceConnection},
      {"dstDbConnection", kConnection, checkTargetConnection},
      {"sslLinkCheck", kConnection, checkTls},
      {"srcDbVersionSupport", kConnection, checkSourceVersion},
      {"dstDbVersionSupport", kConnection, checkTargetVersion},
      {"dstClusterModeCheck", kConnection, checkTargetCluster},
      {"nodeNumCheck", kConnection, checkNodeNumber},
      {"dbServerUuidConsistency", kConsistency, checkIdentity},
      {"dbClockConsistency", kConsistency, checkClocks},
  };
  return kChecks;
}

}  // namespace drs::redis
