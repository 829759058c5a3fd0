#include "engine/mysql/catalog.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/sink_definitions.h"
#include "engine/mysql/table_ddl.h"
#include "transform/foreign_keys.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>

// Checks of what is selected: everything that this version cannot copy is named here, with the reason.

namespace drs::mysql {
namespace {

constexpr std::size_t kLongestName = 64;

/// Why a column of this source cannot be read; empty = it can.
std::string columnProblem(const Column& column, const ServerInfo& source) {
  constexpr int kUuidsAsTheyAre = 101105;  // before, the log has all of them in reverse
  if (source.mariadb && column.dataType == "uuid" && source.version < kUuidsAsTheyAre)
    return "the type uuid of MariaDB before 10.11.5 is not supported";
  return unsupportedType(column);
}

/// Why the columns or keys of a table cannot be copied; empty = they can.
std::string tableProblem(const TableSchema& table, const ServerInfo& source) {
  for (const Column& column : table.columns)
    if (const std::string reason = columnProblem(column, source); !reason.empty())
      return "column " + column.name + ": " + reason;
  if (table.createSql.find("\n  PERIOD FOR ") != std::string::npos)
    return "application-time periods are not supported yet";
  return {};
}

/// Why the target cannot have the table; empty = it can. What it can do without goes to `leftOut`.
std::string definitionProblem(const TableSchema& table, const TableName& target, const Collations& collations,
                              NameList& leftOut) {
  try {
    for (const std::string& index : rewriteTable(table, target, collations, true).leftOut)
      leftOut.add(printable(table.name) + ": " + index);
    return {};
  } catch (const Error& error) {
    if (error.msg() != Msg::definitionNotSupported) throw;
    return error.args().size() > 1 ? error.args()[1] : error.text();
  }
}

void addMissingDatabases(ProbeState& state, NameList& names) {
  const auto wanted = selectedDatabases(state.job().spec);
  if (!wanted) return;
  const std::vector<std::string>& present = state.databases();
  for (const std::string& name : *wanted)
    if (std::find(present.begin(), present.end(), name) == present.end())
      names.add("the source has no database " + name + ", or its account cannot see it");
}

Verdict checkSelection(ProbeState& state) {
  NameList names;
  NameList leftOut;
  addMissingDatabases(state, names);
  for (const Refusal& refusal : planProblems(state.job().spec, state.sourceTables()))
    names.add(refusal.path + ": " + refusal.reason);
  if (names.empty() && state.selected().empty()) names.add("db_object: the selection holds no table");
  const Collations collations = Collations::read(state.target());
  for (const TableSchemaPtr& table : state.selected()) {
    std::string problem = tableProblem(*table, state.source().server());
    if (problem.empty() && state.hasFullPhase())
      problem = definitionProblem(*table, mappedName(state.job().spec, table->name), collations, leftOut);
    if (!problem.empty()) names.add(printable(table->name) + ": " + problem);
  }
  if (names.empty() && leftOut.empty()) return passed();
  if (names.empty())
    return alarm("indexes that the target cannot have are left out: " + leftOut.text() +
                 ". Searches that need them will be slower there");
  return failed(names.text() + ". Take these tables out of the selection, or change them");
}

Verdict checkEngines(ProbeState& state) {
  NameList names;
  for (const TableSchemaPtr& table : state.selected())
    if (lowerCase(table->engine) != "innodb") names.add(printable(table->name) + " (" + table->engine + ")");
  if (names.empty()) return passed();
  return failed("tables of other engines than InnoDB have no consistent snapshot: " + names.text() +
                ". ALTER TABLE … ENGINE = InnoDB, or take them out of the selection");
}

/// What the target would make of a table without a key, unless we may switch it off; empty = nothing.
std::string keylessObstacle(Connection& target) {
  for (const std::string& variable : keylessObstacles(target)) {
    try {
      target.execute("SET SESSION " + variable + " = 0");
    } catch (const Error&) {
      return variable + " is ON at the target, and its account may not switch it off";
    }
  }
  if (target.server().mariadb && globalVariable(target, "innodb_force_primary_key") == "ON")
    return "innodb_force_primary_key is ON at the target";
  return {};
}

Verdict checkPrimaryKeys(ProbeState& state) {
  NameList keyless;  // not even a unique key that tells all rows apart
  NameList all;
  for (const TableSchemaPtr& table : state.selected()) {
    if (!table->primaryKey.empty()) continue;
    all.add(printable(table->name));
    if (rowKey(*table).empty()) keyless.add(printable(table->name));
  }
  if (all.empty()) return passed();
  const std::string obstacle = state.hasFullPhase() ? keylessObstacle(state.target()) : std::string();
  if (!obstacle.empty())
    return failed("tables without a primary key (" + all.text() + ") cannot be made as they are: " + obstacle +
                  ". Switch it off, or add primary keys at the source");
  if (keyless.empty()) return passed();
  return alarm(
      "tables without any key are copied in one piece, and each update and delete reads the whole table at "
      "the target to find its row: " +
      keyless.text() + ". Add a primary key if they are large");
}

/// MySQL's JSON parser is known to miss the last digit of some doubles in some versions (bugs 112904 and 116160 of
/// MySQL); rows go to MySQL as JSON text. This number is one of those.
Verdict checkJsonNumbers(ProbeState& state) {
  constexpr const char* kNumber = "0.9452706955539223";
  if (state.target().server().mariadb) return passed();
  NameList names;
  for (const TableSchemaPtr& table : state.selected())
    for (const Column& column : table->columns)
      if (column.kind == ColumnKind::json) names.add(printable(table->name) + "." + column.name);
  if (names.empty()) return passed();
  const auto read = state.target().value(std::string("SELECT CAST(CAST('") + kNumber + "' AS JSON) AS CHAR)");
  if (read == kNumber) return passed();
  return skippable("the target reads numbers of 16 and more digits in JSON texts inexactly (" + std::string(kNumber) +
                   " becomes " + read.value_or("NULL") + "), so that the last digit of such a number may change: " +
                   names.text() + ". Take a target of a newer version, or skip this item if that is good enough");
}

Verdict checkForeignKeys(ProbeState& state) {
  NameList names;
  for (const TableSchemaPtr& child : state.selected()) {
    for (const ForeignKey& key : child->foreignKeys) {
      const auto isParent = [&](const TableSchemaPtr& table) { return refersTo(key, table->name); };
      if (!std::any_of(state.selected().begin(), state.selected().end(), isParent))
        names.add(key.name + " of " + printable(child->name) + " to " + key.referencedDatabase + "." +
                  key.referencedTable);
    }
  }
  if (names.empty()) return passed();
  return skippable("foreign keys to tables outside of the selection are not created at the target: " + names.text() +
                   ". Select those tables too, or skip this item to go on without the keys");
}

// --- names ---------------------------------------------------------------------------------------------------------

Verdict checkNames(ProbeState& state) {
  NameList names;
  const auto isOdd = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  const auto look = [&](const std::string& name, const std::string& owner) {
    if (std::any_of(name.begin(), name.end(), isOdd)) names.add(owner);
  };
  for (const TableSchemaPtr& table : state.selected()) {
    look(table->name.database + table->name.table, printable(table->name));
    for (const Column& column : table->columns) look(column.name, "a column of " + printable(table->name));
    for (const Index& index : table->indexes) look(index.name, "an index of " + printable(table->name));
  }
  if (names.empty()) return passed();
  return failed("names with line breaks or control characters are not supported: " + names.text() + ". Rename them");
}

Verdict checkMappedNames(ProbeState& state) {
  NameList names;
  for (const TableSchemaPtr& table : state.selected()) {
    const TableName target = mappedName(state.job().spec, table->name);
    const auto isBad = [](const std::string& name) {
      return name.empty() || name.size() > 4 * kLongestName || name.back() == ' ' ||
             name.find('\0') != std::string::npos;
    };
    if (isSystemDatabase(target.database))
      names.add(printable(target) + " lies in a database of the server or of this service");
    else if (isBad(target.database) || isBad(target.table))
      names.add(printable(target) + " is no valid name");
  }
  if (names.empty()) return passed();
  return failed(names.text() + ". Map the tables to other names");
}

}  // namespace

const std::vector<Check>& objectChecks() {
  static const std::vector<Check> kChecks = {
      {"userSelectObjectsCheck", kObjects, checkSelection},
      {"srcDbExistUnsupportEngineTable", kObjects, checkEngines},
      {"srcHasNoPkTableWhenTgtHasInvisiblePk", kObjects, checkPrimaryKeys},
      {"targetJsonNumberCheck", kObjects, checkJsonNumbers},
      {"MysqlForeignKeyReferentialActionCheck", kObjects, checkForeignKeys},
      {"srcIdentifierWithBreakCheck", kObjects, checkNames},
      {"mappedNameCheck", kObjects, checkMappedNames},
  };
  return kChecks;
}

}  // namespace drs::mysql
