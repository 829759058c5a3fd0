#include "engine/mysql/sink_lookup.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

/// The plain comparison is what servers find the table's row by; the second one decides.
std::string sameName(std::string_view column, const std::string& name) {
  const std::string text = quoteText(name);
  return fmt::format("{0} = {1} AND (@@lower_case_table_names <> 0 OR CAST({0} AS BINARY) = CAST({1} AS BINARY))",
                     column, text);
}

}  // namespace

std::string onTable(const TableName& table) {
  return sameName("TABLE_SCHEMA", table.database) + " AND " + sameName("TABLE_NAME", table.table);
}

std::set<TableName> tablesOf(Connection& connection, const std::string& database) {
  std::set<TableName> tables;
  for (const auto& row :
       connection.query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                        quoteText(database)))
    tables.insert({row.at(0).value_or(""), row.at(1).value_or("")});
  return tables;
}

bool tableExists(Connection& connection, const TableName& table) {
  return connection.value("SELECT 1 FROM information_schema.TABLES WHERE " + onTable(table)).has_value();
}

bool databaseExists(Connection& connection, const std::string& name) {
  return connection.value("SELECT 1 FROM information_schema.SCHEMATA WHERE " + sameName("SCHEMA_NAME", name))
      .has_value();
}

}  // namespace drs::mysql
