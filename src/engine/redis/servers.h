#pragma once

#include "engine/engine.h"
#include "engine/redis/capabilities.h"
#include "engine/redis/cluster_nodes.h"
#include "engine/redis/connection.h"
#include "engine/redis/info.h"
#include "model/address_list.h"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// One ordered log of a source: a server, or a shard of a cluster, with its replicas.
struct Shard {
  std::string name;      ///< "0"; of a cluster: the first of its slots. Stays the same over fail-overs
  net::Address address;  ///< the server to read from: a replica in sync if there is one, else the primary
  net::Address primary;  ///< as reached from here, if its address was given; else as announced
  bool readsPrimary = true;
  bool cluster = false;
  std::vector<SlotRange> slots;      ///< of a cluster; sorted
  std::vector<std::string> nodeIds;  ///< of a cluster: the primary's, then those of its replicas
  std::uint64_t usedMemory = 0;      ///< bytes, of `address`; 0: it does not tell
  std::uint64_t keys = 0;            ///< of all databases; 0: it does not tell, or is empty
  std::string replId;                ///< of the stream now; empty: it does not tell
};

/// What `ip` of the endpoint, or the instance catalogue, says: with the ports of db_port or the default (6379;
/// Sentinels 26379) where none was given. Throws Error: missingMember, valueNotAllowed (with the path),
/// unknownInstance.
[[nodiscard]] AddressList addressesOf(const EngineJob& job, Side side);

/// How to reach one server of a side; secrets opened. Throws Error: missingMember, valueNotAllowed (a certificate that
/// is none).
[[nodiscard]] ConnectOptions optionsOf(const EngineJob& job, Side side, const net::Address& address);

/// What Sentinels know of a server that they watch over.
struct Watched {
  net::Address master;
  std::vector<net::Address> replicas;  ///< those that Sentinel takes for alive and in sync
};
/// Asks one Sentinel after the other until one names a master that says itself that it is one. The Sentinels are asked
/// without a login first, then with the endpoint's. Throws the last Error: cannotResolve, cannotConnect, tlsFailed,
/// redisNotReady (no master now), redisRefused (the name is not known), accessDenied, connectionLost, badReply.
[[nodiscard]] Watched askSentinels(const EngineJob& job, Side side, const AddressList& sentinels,
                                   const std::stop_token& stop);

/// The server of a side that takes writes: the one address; the first of several that says it is a master; what the
/// Sentinels say. Does not ask a single address what it is. Throws Error as askSentinels(); redisNotReady if none of
/// several is a master.
[[nodiscard]] ConnectOptions primaryOf(const EngineJob& job, Side side, const std::stop_token& stop);

/// The logs of the job's source as it stands now, by name; of a cluster only if every slot has one. A server of the
/// request that is a replica with a link to its master is preferred; then, of clusters and behind Sentinels, any such
/// replica that can be reached; then the primary. Opens connections of its own. Throws Error: those of
/// Connection::open() of the last server, if none answers; crossField (engine_type does not fit the source);
/// redisNotReady (slots without a shard, a shard without a server that answers); redisRefused (INFO or CLUSTER is not
/// allowed).
[[nodiscard]] std::vector<Shard> shardsOf(const EngineJob& job, const std::stop_token& stop);

/// What the job's target takes; of a cluster what all of its masters take. Throws Error as probeCapabilities().
[[nodiscard]] Capabilities targetCapabilities(const EngineJob& job, const std::stop_token& stop);

/// Is the job's source a cluster by its engine_type?
[[nodiscard]] bool isClusterRoute(const JobSpec& spec);

/// INFO, whole or one section. Throws Error as Connection::call().
[[nodiscard]] Info infoOf(Connection& connection, std::string_view section = {});

}  // namespace drs::redis
