#include "engine/mysql/missing_tables.h"

#include "engine/mysql/sink_lookup.h"

#include <exception>
#include <map>
#include <set>
#include <vector>

namespace drs::mysql {
namespace {

std::vector<TableName> missingOf(Connection& connection, const std::set<TableName>& made) {
  std::map<std::string, std::set<TableName>> there;
  std::vector<TableName> missing;
  for (const TableName& table : made) {
    auto found = there.find(table.database);
    if (found == there.end()) found = there.emplace(table.database, tablesOf(connection, table.database)).first;
    if (!found->second.contains(table) && !tableExists(connection, table)) missing.push_back(table);
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
