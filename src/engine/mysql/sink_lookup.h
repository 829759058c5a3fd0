#pragma once

#include "engine/mysql/connection.h"
#include "model/table_schema.h"

#include <set>
#include <string>

namespace drs::mysql {

/// The condition that selects one table in a view of information_schema (by TABLE_SCHEMA and TABLE_NAME). Some servers
/// compare the names there without case although they keep tables apart that differ in nothing else.
[[nodiscard]] std::string onTable(const TableName& table);

/// Names of the tables, views and the like of a database that are exactly so written; with lower_case_table_names other
/// spellings name them as well: ask tableExists() for a name that is not found here.
[[nodiscard]] std::set<TableName> tablesOf(Connection& connection, const std::string& database);
[[nodiscard]] bool tableExists(Connection& connection, const TableName& table);
[[nodiscard]] bool databaseExists(Connection& connection, const std::string& name);

}  // namespace drs::mysql
