#pragma once

#include "engine/mysql/connection.h"

#include <map>
#include <string>
#include <vector>

namespace drs::mysql {

/// A record of a statement whose names are old ones or new ones, by the server's version.
using StatusRecord = std::map<std::string, std::string>;
/// A column by its new or its old name; empty if there is none.
[[nodiscard]] std::string columnOf(const StatusRecord& record, const char* name, const char* oldName);

/// One record for each replication that the server receives; asks for REPLICATION CLIENT (MariaDB: REPLICA MONITOR).
/// Throws what Connection throws.
[[nodiscard]] std::vector<StatusRecord> replicaStatus(Connection& connection);

/// One record for each replica that is connected to the server and has registered.
[[nodiscard]] std::vector<StatusRecord> registeredReplicas(Connection& connection);

}  // namespace drs::mysql
