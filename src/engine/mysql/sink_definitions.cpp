#include "engine/mysql/sink_definitions.h"

#include "base/failpoint.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_diff.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/missing_tables.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/table_ddl.h"
#include "transform/foreign_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace drs::mysql {
namespace {

[[noreturn]] void refuseTable(const TableName& table, const std::string& why) {
  throw Error(Msg::schemaDrift, {printable(table), why}, Origin::target);
}

// --- databases -----------------------------------------------------------------------------------------------------

void createDatabases(Connection& connection, const EngineJob& job, const Plans& plans, const Collations& collations) {
  std::map<std::string, std::string> missing;  // target → source
  for (const TablePlan& plan : plans) {
    if (!plan.createTable || missing.contains(plan.target.database)) continue;
    if (!databaseExists(connection, plan.target.database))
      missing.emplace(plan.target.database, plan.source->name.database);
  }
  if (missing.empty()) return;
  const auto source = Connection::open(connectOptions(job, Side::source));
  for (const auto& [target, name] : missing) {
    std::string sql = "CREATE DATABASE IF NOT EXISTS " + quoteName(target);
    const auto collation = source->value(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " + quoteText(name));
    // A default for later tables only: the columns that are copied name their own.
    if (const auto known = collations.nearest(collation.value_or("")))
      sql += fmt::format(" CHARACTER SET {} COLLATE {}", known->substr(0, known->find('_')), *known);
    connection.execute(sql);
  }
}

// --- tables --------------------------------------------------------------------------------------------------------

/// A table that stands there must take every row as it is, and keep all of them apart.
void checkStanding(const TablePlan& plan, const TableSchema& standing, const Collations& collations) {
  const std::string difference = definitionDifference(*plan.source, standing, collations);
  if (!difference.empty()) refuseTable(plan.target, difference);
  for (std::size_t i = 0; i < plan.source->columns.size(); ++i) {
    const Column& column = plan.source->columns[i];
    if (column.collation.empty() || !isInUniqueKey(*plan.source, i)) continue;
    for (const Column& other : standing.columns)
      if (lowerCase(other.name) == lowerCase(column.name) && !Collations::keepsApart(column.collation, other.collation))
        refuseTable(
            plan.target,
            fmt::format(
                "the unique key's column {} has collation {} at the source and {} at the target, which may take "
                "different values for equal",
                column.name, column.collation, other.collation));
  }
}

/// Where a selected table of the source goes; one that is not selected keeps its name.
TableName mappedName(const Plans& plans, const TableName& source) {
  const ForeignKey key{{}, {}, source.database, source.table, {}, {}, {}};
  TableName found = source;
  for (const TablePlan& plan : plans) {
    if (plan.source->name == source) return plan.target;
    if (refersTo(key, plan.source->name)) found = plan.target;
  }
  return found;
}

void checkStandingTables(Connection& connection, const Plans& plans, const Collations& collations) {
  std::set<std::string> databases;
  std::set<TableName> wanted;
  for (const TablePlan& plan : plans) {
    if (plan.createTable) continue;
    databases.insert(plan.target.database);
    wanted.insert(plan.target);
  }
  if (databases.empty()) return;
  std::map<TableName, TableSchemaPtr> standing;
  for (const TableSchemaPtr& table : readTables(connection, {databases.begin(), databases.end()},
                                                [&](const TableName& name) { return wanted.contains(name); }))
    standing[table->name] = table;
  for (const TablePlan& plan : plans) {
    if (plan.createTable) continue;
    const auto found = standing.find(plan.target);
    if (found == standing.end()) refuseTable(plan.target, "it does not exist at the target");
    checkStanding(plan, *found->second, collations);
    const std::string difference = foreignKeyDifference(*plan.source, *found->second,
                                                        [&](const TableName& name) { return mappedName(plans, name); });
    if (!difference.empty()) refuseTable(plan.target, difference);
  }
}

/// Where this is off, a TIMESTAMP without a default gets one, and the server's clock at every update. The column's
/// values are written all the same; so a server that does not let us switch it on is no obstacle.
void prepareTimestamps(Connection& connection) {
  try {
    connection.execute("SET SESSION explicit_defaults_for_timestamp = 1");
  } catch (const Error& error) {
    if (error.msg() != Msg::databaseError && error.msg() != Msg::accessDenied) throw;
  }
}

/// An index on a table of this size costs more as a statement of its own than row by row.
constexpr std::uint64_t kSmallTableBytes = 1U << 20U;

/// A server may add a column to tables without a key, or refuse them; what we make must be the source's table.
void allowKeylessTable(Connection& connection) {
  for (const std::string& variable : keylessObstacles(connection))
    connection.execute("SET SESSION " + variable + " = 0");
}

// --- indexes and foreign keys --------------------------------------------------------------------------------------

std::string foundKey(std::string_view database, std::string_view table) {
  return quoteName(database) + "." + quoteName(table);
}

std::set<std::string> namesOf(Connection& connection, const std::string& sql) {
  std::set<std::string> names;
  for (const auto& row : connection.query(sql)) names.insert(row.at(0).value_or(""));
  return names;
}

bool startsWith(const std::vector<std::string>& columns, const std::vector<std::string>& wanted) {
  // In any order: a parent may be looked up by any index that begins with exactly these columns.
  if (columns.size() < wanted.size()) return false;
  return std::is_permutation(wanted.begin(), wanted.end(), columns.begin());
}

/// The columns of this table that foreign keys of the plans refer to, one list for each.
std::vector<std::vector<std::string>> referencedColumns(const TablePlan& parent, const Plans& plans) {
  std::vector<std::vector<std::string>> lists;
  for (const TablePlan& child : plans)
    for (const ForeignKey& key : child.source->foreignKeys)
      if (key.referencedDatabase == parent.source->name.database && key.referencedTable == parent.source->name.table)
        lists.push_back(key.referencedColumns);
  return lists;
}

/// A full-text index is slow to build; others count as much as reading the table for them.
constexpr double kFulltextWeight = 10;

struct IndexStatement {
  std::string sql;
  std::size_t indexes = 0;
  double weight = 0;  ///< among the statements of its table
};

/// What is to be added: all that can be in one pass over the table, then the others.
std::vector<IndexStatement> indexStatements(Connection& connection, const TablePlan& plan, const Plans& plans,
                                            const TableDdl& ddl) {
  const auto there = namesOf(
      connection, "SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS WHERE " + onTable(plan.target));
  const auto referenced =
      plan.secondaryIndexes ? std::vector<std::vector<std::string>>() : referencedColumns(plan, plans);
  const std::string alter = "ALTER TABLE " + quoteName(plan.target);
  IndexStatement together{alter, 0, 1};
  std::vector<IndexStatement> statements;
  for (const IndexDdl& index : ddl.secondary) {
    const bool wanted =
        plan.secondaryIndexes || std::any_of(referenced.begin(), referenced.end(),
                                             [&](const auto& columns) { return startsWith(index.columns, columns); });
    if (!wanted || there.contains(index.name)) continue;
    if (index.alone) {
      statements.push_back({alter + " ADD " + index.sql, 1, kFulltextWeight});
      continue;
    }
    together.sql += (together.indexes++ == 0 ? " ADD " : ", ADD ") + index.sql;
    together.weight += 1;
  }
  if (together.indexes > 0) statements.insert(statements.begin(), std::move(together));
  return statements;
}

/// Whether there were any to add.
bool addIndexes(Connection& connection, const std::vector<IndexStatement>& statements, std::size_t number,
                IndexProgress& progress) {
  if (statements.empty()) return false;
  double weight = 0;
  for (const IndexStatement& statement : statements) weight += statement.weight;
  std::optional<IndexProgress::Build> build;
  if (connection.server().mariadb) build.emplace(progress, number, weight);  // the other does not tell
  for (const IndexStatement& statement : statements) {
    if (build) build->next(statement.weight, statement.indexes);
    connection.execute(statement.sql);
  }
  return true;
}

void raiseAutoIncrement(Connection& connection, const TablePlan& plan, std::uint64_t wanted) {
  // The counter is read from the definition: the statistics of information_schema may be a day old.
  const auto rows = connection.query("SHOW CREATE TABLE " + quoteName(plan.target));
  const std::string text = rows.empty() ? std::string() : rows[0].at(1).value_or("");
  const std::size_t end = text.rfind("\n)");
  const std::size_t at = end == std::string::npos ? end : text.find(" AUTO_INCREMENT=", end);
  std::uint64_t now = 0;
  if (at != std::string::npos) {
    const char* digits = text.data() + at + std::string_view(" AUTO_INCREMENT=").size();
    std::from_chars(digits, text.data() + text.size(), now);
  }
  if (now < wanted)
    connection.execute(fmt::format("ALTER TABLE {} AUTO_INCREMENT = {}", quoteName(plan.target), wanted));
}

void addForeignKeys(Connection& connection, const EngineJob& job, const TablePlan& plan,
                    const std::map<std::string, const TablePlan*, std::less<>>& tables) {
  const auto there = namesOf(connection,
                             "SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_TYPE = "
                             "'FOREIGN KEY' AND " +
                                 onTable(plan.target));
  for (const ForeignKey& key : plan.source->foreignKeys) {
    if (there.contains(key.name)) continue;
    const auto parent = tables.find(foundKey(key.referencedDatabase, key.referencedTable));
    if (parent == tables.end()) {
      job.log.warn("the foreign key {} of {} is left out: {}.{} is not selected", key.name, printable(plan.target),
                   key.referencedDatabase, key.referencedTable);
      continue;
    }
    connection.execute("ALTER TABLE " + quoteName(plan.target) + " ADD " +
                       foreignKeySql(*plan.source, key, parent->second->target));
  }
}

}  // namespace

std::vector<std::string> keylessObstacles(Connection& connection) {
  std::vector<std::string> names;
  for (const auto& row :
       connection.query("SHOW SESSION VARIABLES WHERE Variable_name IN ('sql_generate_invisible_primary_key', "
                        "'sql_require_primary_key') AND Value = 'ON'"))
    names.push_back(row.at(0).value_or(""));
  return names;
}

TargetDefinitions::TargetDefinitions(const EngineJob& job, ControlTables control, const Plans& plans,
                                     Connection& connection)
    : job_(job),
      control_(std::move(control)),
      plans_(plans),
      collations_(Collations::read(connection)),
      made_(control_.made(connection)) {
  for (const TablePlan& plan : plans) tables_[foundKey(plan.source->name.database, plan.source->name.table)] = &plan;
}

void TargetDefinitions::prepare(Connection& connection) {
  createDatabases(connection, job_, plans_, collations_);
  checkStandingTables(connection, plans_, collations_);
  std::set<std::string> databases;
  for (const TablePlan& plan : plans_)
    if (plan.createTable) databases.insert(plan.target.database);
  for (const std::string& database : databases) there_.merge(tablesOf(connection, database));
  hasOneCase_ = connection.value("SELECT @@lower_case_table_names").value_or("0") != "0";
}

bool TargetDefinitions::isThere(Connection& connection, const TableName& table) const {
  return there_.contains(table) || (hasOneCase_ && tableExists(connection, table));
}

bool TargetDefinitions::createsAllIndexes(const TablePlan& plan) const {
  return plan.secondaryIndexes &&
         (job_.spec.policyConfig.isCreateTableWithIndex.value_or(false) || plan.source->dataBytes < kSmallTableBytes);
}

void TargetDefinitions::create(Connection& connection, std::size_t first, std::size_t last) const {
  std::vector<const TablePlan*> missing;
  bool hasKeyless = false;
  for (std::size_t i = first; i < last; ++i) {
    const TablePlan& plan = plans_[i];
    if (!plan.createTable) continue;
    if (!isThere(connection, plan.target)) {
      missing.push_back(&plan);
      hasKeyless = hasKeyless || plan.source->primaryKey.empty();
    } else if (!made_.contains(plan.target)) {
      refuseTable(plan.target, "it has appeared at the target");
    }
  }
  if (missing.empty()) return;
  prepareTimestamps(connection);
  if (hasKeyless) allowKeylessTable(connection);
  createMissing(connection, missing);
}

void TargetDefinitions::createMissing(Connection& connection, const std::vector<const TablePlan*>& missing) const {
  std::vector<TableDdl> definitions;
  std::vector<TableName> names;
  for (const TablePlan* plan : missing) {
    definitions.push_back(rewriteTable(*plan->source, plan->target, collations_, createsAllIndexes(*plan)));
    for (const std::string& note : definitions.back().notes) job_.log.warn("{}: {}", printable(plan->target), note);
    for (const std::string& index : definitions.back().leftOut)
      job_.log.warn("{}: {}; it is left out", printable(plan->target), index);
    names.push_back(plan->target);
  }
  control_.noteMade(connection, names);
  failpoint("definitions.noted");
  std::size_t created = 0;
  try {
    for (; created < missing.size(); ++created) connection.execute(definitions[created].createSql);
  } catch (const Error& error) {
    // Not created: whoever creates them now is not we.
    if (error.msg() != Msg::connectionLost)
      control_.forgetMade(connection, {names.begin() + static_cast<std::ptrdiff_t>(created), names.end()});
    throw;
  }
}

bool TargetDefinitions::finish(Connection& connection, std::size_t number, IndexProgress& progress) const {
  const TablePlan& plan = plans_.at(number);
  const bool isOurs = plan.createTable && made_.contains(plan.target);
  if (plan.createTable && !isOurs) refuseTable(plan.target, kNotOurs);
  const SyncTypes types = syncTypesOf(job_.spec);
  if (!isOurs && (types.structure || !types.constraints)) return false;
  const TableDdl ddl = rewriteTable(*plan.source, plan.target, collations_, isOurs && createsAllIndexes(plan));
  const bool added = !ddl.secondary.empty() &&
                     addIndexes(connection, indexStatements(connection, plan, plans_, ddl), number, progress);
  if (isOurs && ddl.autoIncrement) raiseAutoIncrement(connection, plan, *ddl.autoIncrement);
  return added;
}

void TargetDefinitions::addForeignKeys(Connection& connection, const TablePlan& plan) const {
  if (plan.source->foreignKeys.empty() || !plan.createTable || !made_.contains(plan.target)) return;
  mysql::addForeignKeys(connection, job_, plan, tables_);
}

}  // namespace drs::mysql
