#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/shadow_tables.h"
#include "wire/mysql/ddl_statement.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace drs::mysql {

/// What a statement of the log means for the target.
struct StatementPlan {
  std::vector<std::string> prepare;       ///< to run before, once, without effect on the job's tables
  std::vector<std::string> sql;           ///< to run at the target, in this order; empty: nothing
  std::vector<std::string> cleanup;       ///< to run when that has run, as often as needed
  bool isUnicode = false;                 ///< the text is UTF-8, whatever the source's session says
  std::vector<TableName> targets;         ///< target tables whose definitions tell whether it ran
  bool repeatable = false;                ///< running it once more does no harm
  std::vector<TableName> makes, unmakes;  ///< target tables that the job makes, or that are gone
  DefinitionChanges changes;              ///< of the source's definitions
  std::string filteredBy;                 ///< the member of the request that keeps it at the source
};

/// Finds out what a statement of the log means for the target. For one statement. One thread.
class StatementPlanner {
 public:
  struct World {
    const EngineJob& job;
    const Plans& plans;
    const DatabaseCollations& collations;
    bool sourceMariadb = false;
    std::string group;       ///< Transaction::id of the statement
    Connection& connection;  ///< to the target, with our own settings
    /// A new session that is set as the source's was, with foreign keys not checked.
    std::function<std::unique_ptr<Connection>()> session;
  };
  StatementPlanner(const World& world, const SchemaChange& change);

  /// Throws Error(ddlNotSupported) naming cause and object for what stops the task, and what ShadowTables throws.
  [[nodiscard]] StatementPlan run();
  /// Of a statement that is not to run at the target: the definitions follow what the source did. Throws like run() if
  /// they cannot.
  [[nodiscard]] StatementPlan skipped();
  /// The same, and `sql` is to run at the target: one statement, as it would stand in the source's log, that changes
  /// tables of the task, or makes the one that the replaced statement makes. Throws like run() if it is another one.
  [[nodiscard]] StatementPlan replaced(const std::string& sql);

 private:
  using Names = std::vector<TableName>;  ///< by place in DdlStatement::tables

  /// Reads the names and works through the statement.
  void interpret();
  void follow();
  [[nodiscard]] std::string replacement(const TableName* created);
  void alterTable();
  void createTable();
  void dropTables();
  void renameTables();
  /// The table gives its name to one that a tool has built for it, and goes: `list` gets the renaming.
  void retire(std::size_t pair, std::string& list);
  [[nodiscard]] bool givesItsName(std::size_t pair) const;
  void database();
  void noteMade();
  void dropDatabase();
  void defineDatabase();

  [[nodiscard]] TableName sourceName(const ObjectName& name) const;
  [[nodiscard]] std::string sourceDatabase(const std::string& name) const;
  [[nodiscard]] const TablePlan* planOf(const TableName& source) const;
  [[nodiscard]] bool isCovered(const TableName& source) const;
  /// The table that a tool builds the new one for (ghost_table.h); null: it is no such table.
  [[nodiscard]] const TablePlan* ghostOf(const TableName& source) const;
  [[nodiscard]] TablePlan planOfNew(const TableName& source, TableSchema schema) const;
  [[nodiscard]] const TablePlan& requirePlan(const TableName& source) const;
  /// Throws if the new name leaves the selection, or is that of another table.
  [[nodiscard]] TableName requireTarget(const TableName& source) const;
  /// Throws if it is that of another table.
  void requireFree(const TableName& source, const TableName& target) const;
  /// The statement with other tables and our storage engine.
  [[nodiscard]] std::string rewritten(const std::vector<std::string>& names, const std::string& options) const;
  [[nodiscard]] std::string forTarget(const std::map<TableName, TableName>& own, const std::string& options) const;
  [[nodiscard]] std::string forShadow(ShadowTables& shadows, const std::string& options) const;
  void runInShadow(const std::string& sql) const;
  /// The text that names the collation a new table gets, if the statement leaves it to the database.
  [[nodiscard]] std::string defaultCharset(const TableName& table);
  void settleCollation(TableSchema& schema) const;
  void requireOwnCollations(const TableSchema& schema) const;
  void change(const TableName& source, std::optional<TablePlan> plan);
  /// The table has another name: its plan, and the foreign keys that refer to it.
  void rename(const TableName& from, const TableName& to);
  /// Servers let the foreign keys of other tables follow.
  void followKeys(const TableName& from, const TableName& to);

  const World& world_;
  const SchemaChange& change_;
  const DdlStatement ddl_;
  const Collations targetCollations_;
  Names names_;
  Plans plans_;                ///< as the statement leaves them, step by step
  bool followed_ = false;      ///< only the definitions matter
  std::set<TableName> users_;  ///< source names of tables that stood at the target before and were retired
  std::string wanted_, used_;  ///< collation of a new table at the source, and at the target
  StatementPlan out_;
};

}  // namespace drs::mysql
