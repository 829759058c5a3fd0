#include "engine/mysql/statement_plan.h"

#include "base/ascii.h"
#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/ghost_table.h"
#include "engine/mysql/statement_policy.h"
#include "engine/mysql/statement_records.h"
#include "transform/foreign_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace drs::mysql {
namespace {}  // namespace

StatementPlanner::StatementPlanner(const World& world, const SchemaChange& change)
    : world_(world),
      change_(change),
      ddl_(parseDdl(change.sql, SqlSyntax::fromMode(change.session.mode))),
      targetCollations_(Collations::read(world.connection)),
      plans_(world.plans) {}

StatementPlan StatementPlanner::run() {
  if (!ddl_.why.empty()) throwStopped(ddl_.why);
  out_.filteredBy =
      change_.returns ? "multi_write: it comes from the target" : verdictOn(ddl_, world_.job.spec).filteredBy;
  if (change_.session.timeZone == "SYSTEM" && ddl_.needsTimeZone)
    throwStopped(
        "it converts or fills date and time columns in the source's system time zone, which has no offset that "
        "can be handed on; set time_zone at the source to a name or an offset");
  interpret();
  if (out_.filteredBy.empty()) {
    noteMade();
  } else {
    if (!change_.again.empty()) throwStopped("its rows have no place at the target, for it is filtered");
    out_.sql.clear();
  }
  return std::move(out_);
}

void StatementPlanner::interpret() {
  for (const DdlTable& table : ddl_.tables) names_.push_back(sourceName(table.name));
  switch (ddl_.kind) {
    case DdlKind::alterTable:
    case DdlKind::createIndex:
    case DdlKind::dropIndex:
      alterTable();
      break;
    case DdlKind::createTable:
    case DdlKind::createTableLike:
      createTable();
      break;
    case DdlKind::dropTable:
      dropTables();
      break;
    case DdlKind::renameTable:
      renameTables();
      break;
    default:
      database();
  }
}

/// By what stands there before and behind: a RENAME may pass a name on from table to table.
void StatementPlanner::noteMade() {
  std::set<TableName> before, behind;
  for (const TablePlan& plan : world_.plans)
    if (plan.createTable) before.insert(plan.target);
  for (const TablePlan& plan : plans_)
    if (plan.createTable) behind.insert(plan.target);
  std::set_difference(behind.begin(), behind.end(), before.begin(), before.end(), std::back_inserter(out_.makes));
  std::set_difference(before.begin(), before.end(), behind.begin(), behind.end(), std::back_inserter(out_.unmakes));
}

// --- names ----------------------------------------------------------------------------------------------------------

std::string StatementPlanner::sourceDatabase(const std::string& name) const {
  const std::string& database = name.empty() ? change_.session.database : name;
  return change_.session.foldsNames ? lowerCase(database) : database;
}

TableName StatementPlanner::sourceName(const ObjectName& name) const {
  const TableName out{sourceDatabase(name.database), change_.session.foldsNames ? lowerCase(name.name) : name.name};
  const bool certain =
      (isAscii(out.database) && isAscii(out.table)) || (change_.session.isUnicode && !change_.session.foldsNames);
  if (!certain) throwStopped("the letters of " + printable(out) + " cannot be compared to those of the selection");
  return out;
}

const TablePlan* StatementPlanner::planOf(const TableName& source) const {
  for (const TablePlan& plan : plans_)
    if (plan.source->name == source) return &plan;
  return nullptr;
}

bool StatementPlanner::isCovered(const TableName& source) const {
  return !isSystemDatabase(source.database) && isSelected(world_.job.spec, source);
}

const TablePlan* StatementPlanner::ghostOf(const TableName& source) const {
  for (const std::string& name : tablesOfGhost(source.table))
    if (const TablePlan* plan = planOf({source.database, name}); plan != nullptr) return plan;
  return nullptr;
}

const TablePlan& StatementPlanner::requirePlan(const TableName& source) const {
  const TablePlan* plan = planOf(source);
  if (plan == nullptr) throwStopped(printable(source) + " is selected but not replicated");
  return *plan;
}

TableName StatementPlanner::requireTarget(const TableName& source) const {
  if (!isCovered(source)) throwStopped(printable(source) + " is outside of the selection");
  TableName target = mappedName(world_.job.spec, source);
  requireFree(source, target);
  return target;
}

void StatementPlanner::requireFree(const TableName& source, const TableName& target) const {
  for (const TablePlan& plan : plans_)
    if (plan.target == target)
      throwStopped(fmt::format("{} and {} would both go to {}", printable(source), printable(plan.source->name),
                               printable(target)));
}

std::string StatementPlanner::rewritten(const std::vector<std::string>& names, const std::string& options) const {
  std::vector<Splice> splices;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!change_.session.isUnicode && !isAscii(names[i]))
      throwStopped("its text is not UTF-8, but the name " + names[i] + " at the target has letters outside of ASCII");
    splices.push_back({{ddl_.tables[i].offset, ddl_.tables[i].size}, names[i]});
  }
  for (const TextPiece& engine : ddl_.engines) splices.push_back({engine, "InnoDB"});
  if (ddl_.start.size != 0) splices.push_back({ddl_.start, ""});
  if (!options.empty()) splices.push_back({{ddl_.optionsAt, 0}, options});
  return splice(change_.sql, splices);
}

std::string StatementPlanner::forShadow(ShadowTables& shadows, const std::string& options) const {
  std::vector<std::string> names;
  for (const TableName& name : names_) names.push_back(quoteName(shadows.nameFor(name)));
  return rewritten(names, options);
}

/// `own`: the tables that the statement is about, which have no plan of that name yet, or will have another one.
std::string StatementPlanner::forTarget(const std::map<TableName, TableName>& own, const std::string& options) const {
  std::vector<std::string> names;
  for (const TableName& name : names_) {
    const auto found = own.find(name);
    if (found == own.end() && planOf(name) == nullptr)
      throwStopped("it refers to " + printable(name) + ", which is not selected");
    names.push_back(quoteName(found == own.end() ? planOf(name)->target : found->second));
  }
  return rewritten(names, options);
}

void StatementPlanner::runInShadow(const std::string& sql) const {
  world_.session()->execute(sql);
}

void StatementPlanner::change(const TableName& source, std::optional<TablePlan> plan) {
  std::erase_if(plans_, [&](const TablePlan& other) { return other.source->name == source; });
  if (plan) plans_.push_back(*plan);
  std::erase_if(out_.changes.tables, [&](const DefinitionChange& other) { return other.source == source; });
  out_.changes.tables.push_back({source, std::move(plan)});
}

// --- ALTER TABLE, CREATE INDEX, DROP INDEX --------------------------------------------------------------------------

void StatementPlanner::alterTable() {
  const TableName name = names_.at(0);
  if (followed_ && (ddl_.movesRows || planOf(name) == nullptr)) return;
  const TablePlan plan = requirePlan(name);
  const auto renamed = std::find_if(ddl_.tables.rbegin(), ddl_.tables.rend(),
                                    [](const DdlTable& table) { return table.role == DdlTable::Role::renamed; });
  const TableName newName =
      renamed == ddl_.tables.rend() ? name : names_[static_cast<std::size_t>(ddl_.tables.rend() - renamed) - 1];
  const bool isRenamed = newName != name;
  const bool carried = out_.filteredBy.empty();
  if (isRenamed && !carried) return change(name, std::nullopt);
  const TableName newTarget = isRenamed ? requireTarget(newName) : plan.target;

  TableSchema known = *plan.source;
  {
    ShadowTables shadows(world_.connection, targetCollations_);
    shadows.add(known);
    const TableSchema before = shadows.read(name);
    runInShadow(forShadow(shadows, ""));
    known = applied(known, before, shadows.read(newName));
  }
  requireOwnCollations(known);
  if (!ddl_.engine.empty()) known.engine = ddl_.engine;
  out_.targets = {plan.target};
  if (isRenamed) out_.targets.push_back(newTarget);
  if (carried)
    out_.sql.push_back(forTarget(isRenamed ? std::map<TableName, TableName>{{name, plan.target}, {newName, newTarget}}
                                           : std::map<TableName, TableName>{{name, plan.target}},
                                 ""));
  if (isRenamed) rename(name, newName);
  TablePlan after = requirePlan(newName);
  after.source = std::make_shared<const TableSchema>(std::move(known));
  change(newName, after);
}

void StatementPlanner::rename(const TableName& from, const TableName& to) {
  TablePlan plan = requirePlan(from);
  const TableName target = requireTarget(to);
  TableSchema schema = *plan.source;
  schema.name = to;
  plan.source = std::make_shared<const TableSchema>(std::move(schema));
  plan.target = target;
  change(from, std::nullopt);
  change(to, std::move(plan));
  followKeys(from, to);
}

void StatementPlanner::followKeys(const TableName& from, const TableName& to) {
  const Plans now = plans_;
  for (TablePlan child : now) {
    TableSchema its = *child.source;
    bool follows = false;
    for (ForeignKey& key : its.foreignKeys) {
      if (!refersTo(key, from)) continue;
      key.referencedDatabase = to.database;
      key.referencedTable = to.table;
      follows = true;
    }
    if (!follows) continue;
    child.source = std::make_shared<const TableSchema>(std::move(its));
    change(child.source->name, child);
  }
}

// --- DROP TABLE, RENAME TABLE ---------------------------------------------------------------------------------------

void StatementPlanner::dropTables() {
  std::string list;
  for (const TableName& name : names_) {
    const TablePlan* plan = planOf(name);
    if (plan == nullptr) continue;
    list += (list.empty() ? "" : ", ") + quoteName(plan->target);
    out_.targets.push_back(plan->target);
    change(name, std::nullopt);
  }
  if (!list.empty()) out_.sql.push_back("DROP TABLE IF EXISTS " + list);
  out_.repeatable = true;
}

void StatementPlanner::renameTables() {
  std::string list;
  for (std::size_t i = 0; i + 1 < names_.size(); i += 2) {
    const TableName &from = names_[i], &to = names_[i + 1];
    const TablePlan* plan = planOf(from);
    if (plan == nullptr && (followed_ || !isCovered(to))) continue;
    if (plan == nullptr)
      throwStopped(
          fmt::format("{} becomes {}, which is selected; its rows are not known", printable(from), printable(to)));
    if (!out_.filteredBy.empty()) {
      change(from, std::nullopt);
      continue;
    }
    if (!isCovered(to) && givesItsName(i)) {
      retire(i, list);
      continue;
    }
    const TableName target = requireTarget(to);
    list += (list.empty() ? "" : ", ") + quoteName(plan->target) + " TO " + quoteName(target);
    out_.targets.push_back(plan->target);
    out_.targets.push_back(target);
    rename(from, to);
    if (!users_.contains(to)) continue;
    TablePlan renamed = requirePlan(to);
    renamed.createTable = false;  // a reset empties the table of this name, as it would have done before
    change(to, std::move(renamed));
  }
  if (list.empty()) return;
  // Two tables that are defined alike and change places look as before. A table of ours that is renamed with them, in
  // the one statement, tells.
  const TableName flag = renameFlag(world_.job.id);
  const TableName raised = raisedRenameFlag(world_.job.id);
  out_.prepare = {"DROP TABLE IF EXISTS " + quoteName(flag) + ", " + quoteName(raised),
                  "CREATE TABLE " + quoteName(flag) + " (id INT PRIMARY KEY) ENGINE=InnoDB"};
  out_.targets.push_back(raised);
  out_.sql.push_back("RENAME TABLE " + list + ", " + quoteName(flag) + " TO " + quoteName(raised));
}

bool StatementPlanner::givesItsName(std::size_t pair) const {
  for (std::size_t i = pair + 2; i + 1 < names_.size(); i += 2)
    if (names_[i + 1] == names_[pair] && planOf(names_[i]) != nullptr) return true;
  return false;
}

void StatementPlanner::retire(std::size_t pair, std::string& list) {
  const TableName &from = names_[pair], &to = names_[pair + 1];
  const TablePlan plan = requirePlan(from);
  const TableName target{plan.target.database, to.table};
  requireFree(to, target);
  list += (list.empty() ? "" : ", ") + quoteName(plan.target) + " TO " + quoteName(target);
  out_.targets.push_back(plan.target);
  out_.targets.push_back(target);
  out_.cleanup.push_back("DROP TABLE IF EXISTS " + quoteName(target));
  out_.makes.push_back(target);  // so that it cannot be somebody else's
  out_.unmakes.push_back(target);
  if (!plan.createTable) users_.insert(from);
  change(from, std::nullopt);
  followKeys(from, to);
}

}  // namespace drs::mysql
