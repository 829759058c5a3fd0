#include "engine/mysql/log_statements.h"

#include "base/ascii.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/ghost_table.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/statement_session.h"
#include "wire/mysql/ddl_statement.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

/// Is the collation id one of utf8mb3 or utf8mb4? Table names in plans are UTF-8; other bytes cannot be compared to
/// them.
bool isUtf8(std::uint16_t collation) {
  const auto in = [collation](std::uint16_t first, std::uint16_t last) {
    return collation >= first && collation <= last;
  };
  return collation == 33 || collation == 45 || collation == 46 || collation == 76 || collation == 83 || in(192, 215) ||
         in(223, 247) || in(255, 323) || in(576, 608) || in(1057, 1070) || in(2048, 4095);
}

/// Of a CREATE TABLE.
bool hasForeignKeys(const QueryEvent& query) {
  const DdlStatement ddl = parseDdl(query.sql, SqlSyntax::fromMode(query.sqlMode));
  return ddl.kind != DdlKind::createTableLike && ddl.tables.size() > 1;
}

}  // namespace

std::string LogStatements::folded(std::string name) const {
  return fold_ ? lowerCase(name) : std::move(name);
}

bool LogStatements::comparable(std::string_view name, const QueryEvent& query) const {
  return isAscii(name) || (!fold_ && isUtf8(query.clientCharset));
}

LogStatements::Target LogStatements::targetOf(const ObjectName& name, const QueryEvent& query) const {
  const std::string database = name.database.empty() ? std::string(query.database) : name.database;
  return {{folded(database), folded(name.name)}, comparable(database, query) && comparable(name.name, query)};
}

bool LogStatements::concerns(const Target& target) const {
  if (tables_.planOf(target.name) || scope_.covers(target.name)) return true;
  return !target.certain && (!isAscii(target.name.database) || scope_.coversDatabase(target.name.database));
}

bool LogStatements::isGhost(const Target& target) const {
  if (!scope_.followsGhosts || !target.certain) return false;
  const std::vector<std::string> names = tablesOfGhost(target.name.table);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return tables_.planOf({target.name.database, name}).has_value(); });
}

bool LogStatements::concernsDatabase(const std::string& name, const QueryEvent& query) const {
  const std::string database = folded(name.empty() ? std::string(query.database) : name);
  return scope_.coversDatabase(database) || !comparable(database, query);
}

/// The statement is not analysed: it may concern whatever database it names or runs in. A change of rows names a
/// database only before a point; what another statement is about nobody knows.
bool LogStatements::mayConcern(const Statement& statement, const QueryEvent& query) const {
  if (scope_.coversDatabase(std::string(query.database))) return true;
  const bool known = statement.kind == StatementKind::rowChange;
  const std::vector<std::string>& databases = known ? statement.qualifiers : statement.names;
  return std::any_of(statement.names.begin(), statement.names.end(),
                     [&](const std::string& name) { return !comparable(name, query); }) ||
         std::any_of(databases.begin(), databases.end(), [&](const std::string& name) {
           return scope_.coversDatabase(name) || scope_.coversDatabase(lowerCase(name));
         });
}

/// Planned tables exist and others of the selection do not: every statement that changes this stops the lane first.
bool LogStatements::didNothing(const Statement& statement, const Target& target, const std::string& group) const {
  if (!target.certain) return false;
  const auto plan = tables_.planOf(target.name);
  const bool exists = plan.has_value();
  if (statement.kind == StatementKind::createTable) {
    // Read once more for the rows of its transaction.
    if (exists && !group.empty() && tables_.bornIn(*plan) == group) return true;
    return statement.ifNotExists && exists;
  }
  return statement.kind == StatementKind::dropTable && !exists;
}

/// Our mark, logged as a statement, would not be found: what came from the target would go back there.
void LogStatements::refuseMark(const Statement& statement) const {
  if (scope_.target.empty()) return;
  const auto& names = statement.qualifiers;
  if (std::find(names.begin(), names.end(), kControlSchema) == names.end()) return;
  throwUnsupported("a change of " + std::string(kControlSchema) + " that is logged as a statement, not as rows",
                   "Set binlog_format=ROW at the source, then reset the task.");
}

std::optional<SchemaChange> LogStatements::judge(const Statement& statement, const QueryEvent& query,
                                                 const std::string& group) const {
  TaggedStatement tagged = withoutTag(query.sql);
  SchemaChange change;
  change.table.database = query.database;
  change.sql = tagged.sql;
  change.origins = std::move(tagged.origins);
  change.returns = !scope_.target.empty() && hasOrigin(change.origins, scope_.target);
  change.session = statementSession(query, systemTimeZone_);
  change.session.foldsNames = fold_;
  change.session.isUnicode = isUtf8(query.clientCharset);
  switch (statement.kind) {
    case StatementKind::truncateTable: {
      const Target target = targetOf(statement.tables.front(), query);
      if (change.returns || !concerns(target)) return std::nullopt;
      change.table = target.name;
      if (const auto plan = tables_.planOf(target.name)) {
        change.kind = SchemaChange::Kind::truncate;
        change.plan = *plan;
      }
      return change;
    }
    case StatementKind::createTable:
    case StatementKind::alterTable:
    case StatementKind::dropTable:
    case StatementKind::renameTable:
      if (statement.temporary) return std::nullopt;
      for (const ObjectName& name : statement.tables) {
        const Target target = targetOf(name, query);
        const bool creates = statement.kind == StatementKind::createTable;
        if (!concerns(target) && !(creates && isGhost(target))) continue;
        if (didNothing(statement, target, group)) continue;
        change.table = target.name;
        change.isNew = creates && target.certain && !tables_.planOf(target.name) && !hasForeignKeys(query);
        return change;
      }
      return std::nullopt;
    case StatementKind::createDatabase:
    case StatementKind::alterDatabase:
    case StatementKind::dropDatabase:
      if (!concernsDatabase(statement.database, query)) return std::nullopt;
      change.table = {statement.database, {}};
      return change;
    case StatementKind::rowChange:
      refuseMark(statement);
      if (!mayConcern(statement, query)) return std::nullopt;
      throwUnsupported(
          fmt::format("{} in the database {} is logged as a statement, not as rows", statement.verb, query.database),
          "Set binlog_format=ROW at the source, also for each session, then reset the task.");
    case StatementKind::unknown:
      if (!mayConcern(statement, query)) return std::nullopt;
      return change;
    default:
      return std::nullopt;
  }
}

}  // namespace drs::mysql
