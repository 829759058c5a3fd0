#include "engine/mysql/made_objects.h"

#include "engine/mysql/account_text.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/object_reader.h"
#include "engine/mysql/sink_lookup.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {

MadeObjects::MadeObjects(std::string_view jobId) : id_(quoteText(jobId)) {}

std::string MadeObjects::where(ObjectKind kind, const TableName& target) const {
  return fmt::format("job_id = {} AND kind = '{}' AND db_name = {} AND object_name = {}", id_, toText(kind),
                     quoteText(target.database), quoteText(target.table));
}

void MadeObjects::note(Connection& connection, ObjectKind kind, const TableName& target) const {
  connection.execute(
      fmt::format("INSERT INTO {}.made_object (job_id, kind, db_name, object_name) VALUES ({}, '{}', {}, {}) "
                  "ON DUPLICATE KEY UPDATE job_id = job_id",
                  kControlSchema, id_, toText(kind), quoteText(target.database), quoteText(target.table)));
}

void MadeObjects::forget(Connection& connection, ObjectKind kind, const TableName& target) const {
  connection.execute(fmt::format("DELETE FROM {}.made_object WHERE {}", kControlSchema, where(kind, target)));
}

bool MadeObjects::isMade(Connection& connection, ObjectKind kind, const TableName& target) const {
  return connection.value(fmt::format("SELECT 1 FROM {}.made_object WHERE {}", kControlSchema, where(kind, target)))
      .has_value();
}

std::vector<std::pair<ObjectKind, TableName>> MadeObjects::all(Connection& connection) const {
  std::vector<std::pair<ObjectKind, TableName>> out;
  if (!hasControlTables(connection)) return out;
  for (const auto& row : connection.query(fmt::format(
           "SELECT kind, db_name, object_name FROM {}.made_object WHERE job_id = {}", kControlSchema, id_))) {
    for (const ObjectKind kind : kObjectKinds)
      if (toText(kind) == row.at(0)) out.emplace_back(kind, TableName{row.at(1).value_or(""), row.at(2).value_or("")});
  }
  // Accounts last: a server may refuse to drop one that is the DEFINER of something.
  std::stable_partition(out.begin(), out.end(), [](const auto& one) { return !isAccountKind(one.first); });
  return out;
}

bool objectExists(Connection& connection, ObjectKind kind, const TableName& name) {
  const auto found = [&](const char* from, const char* database, const char* object, const std::string& more = {}) {
    return connection
        .value(fmt::format("SELECT 1 FROM information_schema.{} WHERE {} = {} AND {} = {}{} LIMIT 1", from, database,
                           quoteText(name.database), object, quoteText(name.table), more))
        .has_value();
  };
  switch (kind) {
    case ObjectKind::role:
    case ObjectKind::account: {
      const Account account = parseAccount(name.table, {}).value_or(Account{});
      return connection
          .value("SELECT 1 FROM mysql.user WHERE User = " + quoteText(account.user) +
                 " AND Host = " + quoteText(account.host))
          .has_value();
    }
    case ObjectKind::view:
      return tableExists(connection, name);
    case ObjectKind::function:
    case ObjectKind::procedure:
      return found("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME", " AND ROUTINE_TYPE = '" + sqlWord(kind) + "'");
    case ObjectKind::trigger:
      return found("TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME");
    case ObjectKind::event:
      return found("EVENTS", "EVENT_SCHEMA", "EVENT_NAME");
  }
  return false;
}

std::string dropStatement(ObjectKind kind, const TableName& name) {
  if (isAccountKind(kind))
    return std::string(kind == ObjectKind::role ? "DROP ROLE" : "DROP USER") + " IF EXISTS " +
           quoteAccount(parseAccount(name.table, {}).value_or(Account{}));
  return "DROP " + sqlWord(kind) + " IF EXISTS " + quoteName(name);
}

}  // namespace drs::mysql
