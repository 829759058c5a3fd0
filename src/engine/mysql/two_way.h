#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"

#include <optional>
#include <string>

// multi_write: replication in both directions, or in a ring. Each server of the group has an identity in its control
// schema; our transactions carry the identities of the servers that they passed (origins.h), and a task leaves out what
// passed its own target before.

namespace drs::mysql {

/// True if the job carries statements over, or some of them.
[[nodiscard]] bool carriesStatements(const JobSpec& spec);

/// The identity that the server has in `drs_ctl`.server; nothing if it has none yet. Throws Error(clonedServer) if it
/// belongs to another server (the data folder was copied), and what Connection throws.
[[nodiscard]] std::optional<std::string> findIdentity(Connection& connection);
/// The same, and gives the server an identity if it has none; it stays when the last task has ended, because the logs
/// of the other servers name it.
[[nodiscard]] std::string makeIdentity(Connection& connection);
/// Of one side of the job. Opens a session.
[[nodiscard]] std::string identityOf(const EngineJob& job, Side side);

/// What our marks say of changes that were made at the source itself: its identity, or kUnknownOrigin if the job is not
/// two-way.
[[nodiscard]] std::string sourceOrigin(const EngineJob& job);

/// The servers whose statements reach this one by two-way tasks, as far as these have noted it: a list as in origins.h.
[[nodiscard]] std::string statementOrigins(Connection& connection);
/// Notes at the target that the job brings the source's statements there. Throws Error(crossField) if they would come
/// back to where they were made. Nothing for jobs that carry no statements, and for those of one direction.
void noteStatements(const EngineJob& job, Connection& target);

}  // namespace drs::mysql
