#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drs::mysql {

/// Index::type of an index over an expression; its parts name only those of its columns that are plain ones.
inline constexpr const char* kFunctionalIndex = "FUNCTIONAL";

/// The Catalog of one side; opens its connection with the first call. On the source side definitions (createSql) are
/// read for the tables that the job selects only.
[[nodiscard]] std::unique_ptr<Catalog> makeCatalog(const EngineJob& job, Side side);

/// As Catalog::databases().
[[nodiscard]] std::vector<std::string> userDatabases(Connection& connection);

/// As Catalog::tables(), sorted by name; views, sequences and system-versioned tables are no base tables. `wanted` says
/// for which tables SHOW CREATE TABLE is run; of many tables a session of `second`, if given, reads a part. A database
/// that does not exist has no tables. Throws what Connection throws.
[[nodiscard]] std::vector<TableSchemaPtr> readTables(Connection& connection, const std::vector<std::string>& databases,
                                                     const std::function<bool(const TableName&)>& wanted,
                                                     const ConnectOptions* second = nullptr);

/// True for what no job copies: the server's own schemas and our control schema.
[[nodiscard]] bool isSystemDatabase(std::string_view name);

}  // namespace drs::mysql
