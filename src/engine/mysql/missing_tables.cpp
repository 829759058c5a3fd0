#include "engine/mysql/missing_tables.h"

#include "engine/mysql/sink_lookup.h"

#include <exception>
#include <map>
#include <set>
#include <vector>

namespace drs::mysql {
namespace {

/// Lists hide tables from an account that has lost its rights; the table itself answers with another error then.
bool isGone(Connection& connection, const TableName& table) {
  constexpr unsigned kNoSuchDatabase = 1049;
  constexpr unsigned kNoSuchTable = 1146;
  try {
    (void)connection.value("SELECT 1 FROM " + quoteName(table) + " LIMIT 0");
    return false;
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
    return connection.lastErrno() == kNoSuchTable || connection.lastErrno() == kNoSuchDatabase;
  }
}

std::vector<TableName> missingOf(Connection& connection, const std::set<TableName>& made) {
  std::map<std::string, std::set<TableName>> there;
  std::vector<TableName> missing;
  for (const TableName& table : made) {
    auto found = there.find(table.database);
    if (found == there.end()) found = there.emplace(table.database, tablesOf(connection, table.database)).first;
    if (!found->second.contains(table) && isGone(connection, table)) missing.push_back(table);
  }
  return missing;
}

}  // namespace

void forgetMissing(SinkSession& session) noexcept {
  try {
    Connection& connection = session.connect();
    const ControlTables& control = session.control();
    control.forgetMade(connection, missingOf(connection, control.made(connection)));
  } catch (const std::exception&) {
    session.drop();
  }
}

}  // namespace drs::mysql
