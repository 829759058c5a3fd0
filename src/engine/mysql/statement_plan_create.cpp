#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/statement_plan.h"
#include "engine/mysql/statement_policy.h"

#include <fmt/format.h>

// New tables, and databases: whose default character set a new table gets.

namespace drs::mysql {
namespace {

std::string charsetClause(const std::string& collation) {
  return fmt::format(" DEFAULT CHARACTER SET {} COLLATE {}", collation.substr(0, collation.find('_')), collation);
}

}  // namespace

// --- CREATE TABLE ---------------------------------------------------------------------------------------------------

std::string StatementPlanner::defaultCharset(const TableName& table) {
  if (ddl_.kind == DdlKind::createTableLike || !ddl_.collation.empty()) return {};
  if (!ddl_.charset.empty()) {
    if (world_.sourceMariadb != world_.connection.server().mariadb)
      throwStopped("it names a character set without a collation, and the default one is another at the target");
    return {};
  }
  const auto known = world_.collations.find(table.database);
  if (known == world_.collations.end())
    throwStopped("it names no character set, and the default one of the database " + table.database + " is not known");
  wanted_ = known->second;
  used_ = targetCollations_.nearest(wanted_).value_or("");
  if (used_.empty()) throwStopped("the target has no collation like " + wanted_);
  return charsetClause(used_);
}

/// The shadow has the target's collation, where the source has its own.
void StatementPlanner::settleCollation(TableSchema& schema) const {
  if (wanted_ == used_) return;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    Column& column = schema.columns[i];
    if (column.collation != used_) continue;
    if (isInUniqueKey(schema, i) && targetCollations_.equal(wanted_) != used_)
      throwStopped(
          fmt::format("the target has no collation equal to {} for the unique key's column {}", wanted_, column.name));
    column.collation = wanted_;
  }
  if (schema.collation == used_) schema.collation = wanted_;
}

/// The families share the names utf8mb4_0900_…, and compare by different versions of Unicode (collationAliases()).
void StatementPlanner::requireOwnCollations(const TableSchema& schema) const {
  if (world_.sourceMariadb == world_.connection.server().mariadb) return;
  if (lowerCase(change_.sql).find("_0900_a") == std::string::npos) return;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    const bool isMeant = column.collation.find("_0900_a") != std::string::npos ||
                         column.collation.find("_uca1400_") != std::string::npos;
    if (isMeant && isInUniqueKey(schema, i))
      throwStopped("the collation utf8mb4_0900_… that it names is another one at the target, and the column " +
                   column.name + " is part of a unique key");
  }
}

void StatementPlanner::createTable() {
  const TableName name = names_.at(0);
  const bool isGhost = !isCovered(name) && ghostOf(name) != nullptr;
  if (!isCovered(name) && !isGhost) return;
  // What a tool builds is part of the change to its table, which is judged by itself.
  if (isGhost && out_.filteredBy == "support_ddl_info") out_.filteredBy.clear();
  if (planOf(name) != nullptr) {
    if (ddl_.ifNotExists || followed_) return;
    throwStopped(printable(name) + " is replicated already");
  }
  if (!out_.filteredBy.empty()) return;
  const TableName target = isGhost ? TableName{ghostOf(name)->target.database, name.table} : requireTarget(name);
  requireFree(name, target);
  TableSchema schema;
  const std::string options = defaultCharset(name);
  {
    ShadowTables shadows(world_.connection, targetCollations_);
    const bool like = ddl_.kind == DdlKind::createTableLike;
    if (like) shadows.add(*requirePlan(names_.at(1)).source);
    runInShadow(forShadow(shadows, options));
    schema = shadows.read(name);
    if (like) schema = applied(*requirePlan(names_.at(1)).source, shadows.read(names_.at(1)), std::move(schema));
  }
  settleCollation(schema);
  requireOwnCollations(schema);
  if (!ddl_.engine.empty()) schema.engine = ddl_.engine;
  out_.sql.push_back(forTarget({{name, target}}, options));
  out_.targets = {target};
  change(name, planOfNew(name, std::move(schema)));
}

TablePlan StatementPlanner::planOfNew(const TableName& source, TableSchema schema) const {
  TablePlan plan;
  if (isCovered(source)) {
    plan = planFor(world_.job.spec, std::make_shared<const TableSchema>(std::move(schema)));
  } else {  // under the rules of the table that it will be
    plan = *ghostOf(source);
    plan.source = std::make_shared<const TableSchema>(std::move(schema));
    plan.target.table = source.table;
    plan.createTable = true;
    plan.group = -1;
  }
  plan.bornIn = change_.again.empty() ? "" : world_.group;
  return plan;
}

// --- databases ------------------------------------------------------------------------------------------------------

void StatementPlanner::database() {
  ddl_.kind == DdlKind::dropDatabase ? dropDatabase() : defineDatabase();
}

/// The tables go; the database of the target stays, for it may hold tables of others.
void StatementPlanner::dropDatabase() {
  const std::string database = sourceDatabase(ddl_.database);
  std::string list;
  for (const TablePlan& plan : world_.plans) {
    if (plan.source->name.database != database) continue;
    list += (list.empty() ? "" : ", ") + quoteName(plan.target);
    out_.targets.push_back(plan.target);
    change(plan.source->name, std::nullopt);
  }
  if (!list.empty()) out_.sql.push_back("DROP TABLE IF EXISTS " + list);
  out_.repeatable = true;
}

void StatementPlanner::defineDatabase() {
  const std::string database = sourceDatabase(ddl_.database);
  if (isSystemDatabase(database)) return;
  const bool isNew = ddl_.kind == DdlKind::createDatabase;
  if (isNew && ddl_.ifNotExists && world_.collations.contains(database)) return;
  const bool sameFamily = world_.sourceMariadb == world_.connection.server().mariadb;
  std::string collation = ddl_.collation;
  if (collation.empty() && !ddl_.charset.empty() && sameFamily)
    collation = world_.connection
                    .value(
                        "SELECT DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS WHERE "
                        "CHARACTER_SET_NAME = " +
                        quoteText(lowerCase(ddl_.charset)))
                    .value_or("");
  if (collation.empty() && ddl_.charset.empty() && isNew && change_.session.serverCollation != 0)
    collation = world_.connection
                    .value(fmt::format("SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID = {}",
                                       change_.session.serverCollation))
                    .value_or("");
  out_.repeatable = true;
  const std::string target = mappedName(world_.job.spec, {database, {}}).database;
  const auto known = targetCollations_.nearest(collation);
  if (!collation.empty()) out_.changes.collations[database] = collation;
  if (isNew)
    out_.sql.push_back("CREATE DATABASE IF NOT EXISTS " + quoteName(target) + (known ? charsetClause(*known) : ""));
}

}  // namespace drs::mysql
