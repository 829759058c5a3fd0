#include "engine/mysql/control_tables.h"
#include "engine/mysql/definition_diff.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/sink_session.h"
#include "transform/foreign_keys.h"
#include "transform/table_plan.h"

#include <map>
#include <set>

// Checks of what stands at the target already.

namespace drs::mysql {
namespace {

/// Once the task has begun, what is in the target tables is its own work.
bool hasBegun(ProbeState& state) {
  Connection& target = state.target();
  if (!hasControlTables(target)) return false;
  return target
      .value("SELECT 1 FROM " + std::string(kControlSchema) + ".job WHERE job_id = " + quoteText(state.job().id))
      .has_value();
}

/// Views, sequences and the like in the target databases of the selection, with their kind.
std::map<TableName, std::string> otherThanTables(ProbeState& state) {
  std::set<std::string> databases;
  for (const TableSchemaPtr& table : state.selected())
    databases.insert(mappedName(state.job().spec, table->name).database);
  std::map<TableName, std::string> found;
  for (const std::string& database : databases)
    for (const auto& row : state.target().query(
             "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_TYPE <> 'BASE "
             "TABLE' AND TABLE_SCHEMA = " +
             quoteText(database)))
      found[{row.at(0).value_or(""), row.at(1).value_or("")}] = row.at(2).value_or("");
  return found;
}

/// What stands in the way of a table that is to be copied; empty = nothing.
std::string obstacle(ProbeState& state, const TableSchema& table, const Collations& collations,
                     const std::map<TableName, std::string>& others) {
  const TableName name = mappedName(state.job().spec, table.name);
  const auto found = state.targetTables().find(name);
  const SyncTypes types = syncTypesOf(state.job().spec);
  if (found == state.targetTables().end()) {
    const auto other = others.find(name);
    if (other == others.end() && !types.structure)
      return "it does not exist, and policy_config.sync_type_policy leaves out tableStructure";
    return other == others.end() ? std::string() : "the target has a " + other->second + " of this name";
  }
  if (types.data && state.target().value("SELECT 1 FROM " + quoteName(name) + " LIMIT 1"))
    return "the table holds rows";
  return definitionDifference(table, *found->second, collations);
}

Verdict checkEmpty(ProbeState& state) {
  if (!state.hasFullPhase() || hasBegun(state)) return passed();
  const Collations collations = Collations::read(state.target());
  const std::map<TableName, std::string> others = otherThanTables(state);
  NameList names;
  for (const TableSchemaPtr& table : state.selected()) {
    const std::string problem = obstacle(state, *table, collations, others);
    if (!problem.empty()) names.add(printable(mappedName(state.job().spec, table->name)) + ": " + problem);
  }
  if (names.empty()) return passed();
  return failed("tables at the target stand in the way: " + names.text() +
                ". Empty, drop or create them there, or map the selection to other names");
}

/// Without a full phase the tables must be there.
Verdict checkStanding(ProbeState& state) {
  if (state.hasFullPhase()) return passed();
  const Collations collations = Collations::read(state.target());
  NameList missing;
  NameList different;
  NameList grave;
  for (const TableSchemaPtr& table : state.selected()) {
    const TableName name = mappedName(state.job().spec, table->name);
    const auto found = state.targetTables().find(name);
    if (found == state.targetTables().end()) {
      missing.add(printable(name));
      continue;
    }
    std::string difference = definitionDifference(*table, *found->second, collations, Differences::grave);
    if (!difference.empty()) grave.add(printable(name) + ": " + difference);
    difference = definitionDifference(*table, *found->second, collations);
    if (!difference.empty()) different.add(printable(name) + ": " + difference);
  }
  if (!missing.empty())
    return failed("a task of type INCR_TRANS copies no tables, and the target lacks " + missing.text() +
                  ". Create them first");
  if (!grave.empty())
    return failed("tables differ between source and target in what their rows mean: " + grave.text() +
                  ". Make them alike; values would be stored as other ones");
  if (!different.empty())
    return skippable("tables differ between source and target: " + different.text() +
                     ". Make them alike, or skip this item: rows that do not fit will stop the task");
  return passed();
}

/// Where a selected table of the source goes; one that is not selected keeps its name.
TableName mappedTable(ProbeState& state, const TableName& source) {
  const ForeignKey key{{}, {}, source.database, source.table, {}, {}, {}};
  TableName found = source;
  for (const TableSchemaPtr& table : state.selected()) {
    if (table->name == source) return mappedName(state.job().spec, table->name);
    if (refersTo(key, table->name)) found = mappedName(state.job().spec, table->name);
  }
  return found;
}

/// Tables that stand there keep their foreign keys, so these must do to child rows what the source's do.
Verdict checkTargetForeignKeys(ProbeState& state) {
  if (state.hasFullPhase() && hasBegun(state)) return passed();
  NameList names;
  for (const TableSchemaPtr& table : state.selected()) {
    const TableName name = mappedName(state.job().spec, table->name);
    const auto found = state.targetTables().find(name);
    if (found == state.targetTables().end()) continue;
    const std::string difference = foreignKeyDifference(
        *table, *found->second, [&](const TableName& parent) { return mappedTable(state, parent); });
    if (!difference.empty()) names.add(printable(name) + ": " + difference);
  }
  if (names.empty()) return passed();
  return failed(
      "foreign keys that change child rows (CASCADE, SET NULL) differ between source and target: " + names.text() +
      ". What they do is not in the log of most servers, so the target's own must do the same. Add or drop "
      "them there" +
      (state.hasFullPhase() ? ", or drop the tables so that the task creates them" : ""));
}

Verdict checkTargetTriggers(ProbeState& state) {
  NameList names;
  std::set<TableName> targets;
  std::set<std::string> databases;
  for (const TableSchemaPtr& table : state.selected()) {
    const TableName name = mappedName(state.job().spec, table->name);
    if (!state.targetTables().contains(name)) continue;
    targets.insert(name);
    databases.insert(name.database);
  }
  for (const std::string& database : databases)
    for (const auto& row : state.target().query(
             "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
             "EVENT_OBJECT_SCHEMA = " +
             quoteText(database))) {
      const TableName table{row.at(0).value_or(""), row.at(1).value_or("")};
      if (targets.contains(table)) names.add(row.at(2).value_or("") + " on " + printable(table));
    }
  if (names.empty()) return passed();
  return failed("triggers at the target would fire for every row that is written: " + names.text() +
                ". Drop them until the task has ended");
}

/// What identifies rows of a table without a key is unsafe where statements are logged.
Verdict checkTargetLog(ProbeState& state) {
  if (globalVariable(state.target(), "log_bin") != "ON" || logRows(state.target())) return passed();
  NameList names;
  for (const TableSchemaPtr& table : state.selected())
    if (rowKey(*table).empty()) names.add(printable(table->name));
  if (names.empty()) return passed();
  return failed(
      "binlog_format is STATEMENT at the target, and its account may not choose ROW for its own sessions, so that no "
      "change of a table without a key can be written: " +
      names.text() +
      ". SET GLOBAL binlog_format = 'ROW' there, or grant the account BINLOG ADMIN (MySQL: SESSION_VARIABLES_ADMIN)");
}

}  // namespace

const std::vector<Check>& targetChecks() {
  static const std::vector<Check> kChecks = {
      {"checkEmptyDstDb", kObjects, checkEmpty},
      {"dbParamConsistency", kObjects, checkStanding},
      {"targetForeignKeyCheck", kObjects, checkTargetForeignKeys},
      {"targetTriggerCheck", kObjects, checkTargetTriggers},
      {"dstBinlogFormatCheck", "log", checkTargetLog},
  };
  return kChecks;
}

}  // namespace drs::mysql
