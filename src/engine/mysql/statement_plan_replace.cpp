#include "engine/mysql/statement_plan.h"
#include "engine/mysql/statement_policy.h"
#include "wire/mysql/sql_statement.h"

#include <algorithm>

// What a person decides about a statement that stops the task: it is skipped, or another one runs in its place. In both
// cases the definitions of the source follow what the source did; rows behind it are read by them.

namespace drs::mysql {
namespace {

bool isOneStatement(std::string_view sql, SqlSyntax syntax) {
  const std::vector<Token> tokens = tokenize(sql, syntax);
  const auto end = std::find_if(tokens.begin(), tokens.end(), [](const Token& token) { return token.isSymbol(';'); });
  return std::all_of(end, tokens.end(), [](const Token& token) { return token.isSymbol(';'); });
}

/// Statements of these kinds make, change or drop tables; others have no definition that could be followed.
bool definesTables(StatementKind kind) {
  return kind == StatementKind::createTable || kind == StatementKind::alterTable || kind == StatementKind::dropTable ||
         kind == StatementKind::renameTable;
}

bool createsTable(DdlKind kind) {
  return kind == DdlKind::createTable || kind == DdlKind::createTableLike;
}

/// Changes a table and leaves its name.
bool changesTable(DdlKind kind) {
  return kind == DdlKind::alterTable || kind == DdlKind::createIndex || kind == DdlKind::dropIndex;
}

bool renames(const DdlStatement& ddl) {
  return std::any_of(ddl.tables.begin(), ddl.tables.end(),
                     [](const DdlTable& table) { return table.role == DdlTable::Role::renamed; });
}

}  // namespace

StatementPlan StatementPlanner::skipped() {
  follow();
  return std::move(out_);
}

void StatementPlanner::follow() {
  followed_ = true;
  out_.filteredBy = "a person";
  try {
    if (ddl_.kind == DdlKind::unknown) {
      const SqlSyntax syntax = SqlSyntax::fromMode(change_.session.mode);
      if (definesTables(recognize(change_.sql, syntax).kind)) throwStopped(ddl_.why);
    } else {
      interpret();
    }
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost || error.msg() == Msg::fenced) throw;
    throwStopped(
        "it can be neither skipped nor replaced, for what it did to the source's definitions cannot be "
        "followed: " +
        (error.msg() == Msg::ddlNotSupported ? error.args().at(0) : error.text()));
  }
  out_.sql.clear();
  out_.prepare.clear();
  out_.cleanup.clear();
  out_.targets.clear();
  out_.makes.clear();
}

StatementPlan StatementPlanner::replaced(const std::string& sql) {
  const bool creates = createsTable(ddl_.kind);
  const bool alters = changesTable(ddl_.kind) && !renames(ddl_);
  if (!creates && !alters)
    throwStopped("only ALTER TABLE without RENAME, CREATE INDEX, DROP INDEX and CREATE TABLE can be replaced");
  if (creates) {
    interpret();
    if (out_.changes.tables.empty()) throwStopped("it makes no table of the task");
  } else {
    follow();
  }
  SchemaChange other = change_;
  other.sql = sql;
  other.session.isUnicode = true;  // as all texts of the API
  StatementPlanner planner(world_, other);
  planner.plans_ = plans_;
  out_.sql = {planner.replacement(creates ? &names_.front() : nullptr)};
  out_.targets = planner.out_.targets;
  out_.filteredBy.clear();
  out_.repeatable = false;
  out_.isUnicode = true;
  noteMade();
  return std::move(out_);
}

/// `created`: the only table that may be created; null: none may be. Behind the definitions as the replaced statement
/// left them.
std::string StatementPlanner::replacement(const TableName* created) {
  const auto refuse = [](const std::string& why) { throwStopped("the statement in its place is refused: " + why); };
  if (!isOneStatement(change_.sql, SqlSyntax::fromMode(change_.session.mode))) refuse("it is more than one statement");
  if (ddl_.kind == DdlKind::unknown || !ddl_.why.empty()) refuse(ddl_.why);
  const bool fits = created == nullptr ? changesTable(ddl_.kind) && !renames(ddl_) : createsTable(ddl_.kind);
  if (!fits)
    refuse(created == nullptr ? "it must be an ALTER TABLE without RENAME, a CREATE INDEX or a DROP INDEX"
                              : "it must be a CREATE TABLE of the same table");
  if (change_.session.timeZone == "SYSTEM" && ddl_.needsTimeZone)
    refuse("it converts or fills date and time columns, and the time zone of the source is not known");
  for (const DdlTable& table : ddl_.tables) names_.push_back(sourceName(table.name));
  const TableName& name = names_.at(0);
  if (created != nullptr && name != *created) refuse("it must create " + printable(*created));
  if (planOf(name) == nullptr) refuse(printable(name) + " is no table of the task");
  out_.targets = {planOf(name)->target};
  return forTarget({}, created == nullptr ? "" : defaultCharset(name));
}

}  // namespace drs::mysql
