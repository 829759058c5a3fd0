#pragma once

#include "engine/engine.h"
#include "engine/redis/connection.h"

#include <string>
#include <string_view>

// Reading a source that gives nothing to replicas: by SCAN and DUMP, like any client. What it costs stands in
// docs/reference/redis-scan.md.

namespace drs::redis {

/// The pre-check items of which one has to be skipped for it: whether PSYNC is there, and may be used.
inline constexpr std::string_view kCommandItem = "srcCommandCheck";
inline constexpr std::string_view kReplicationRightItem = "srcDbPrivilegesIsEnoughForIncre";

/// Has the user of the job chosen to do without replication, by skipping one of the items?
[[nodiscard]] bool readsByScan(const EngineJob& job);

/// Do these flags of notify-keyspace-events tell of every change of a key: one of K and E, and A or each class?
[[nodiscard]] bool tellEveryChange(std::string_view flags);

/// Why the source cannot be read by SCAN; empty: it can, or what stands in the way cannot be asked. `follows`: changes
/// are to be followed. Throws Error: connectionLost, badReply.
[[nodiscard]] std::string whyNotByScan(Connection& source, bool follows);

}  // namespace drs::redis
