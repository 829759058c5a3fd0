#pragma once

#include "engine/mysql/control_tables.h"
#include "engine/mysql/index_progress.h"
#include "engine/mysql/table_ddl.h"
#include "transform/table_plan.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace drs::mysql {

/// Variables that are on in the session and keep a table without a key from being made as it is:
/// sql_generate_invisible_primary_key, sql_require_primary_key.
[[nodiscard]] std::vector<std::string> keylessObstacles(Connection& connection);

/// Makes the databases, tables, indexes and foreign keys of a job at the target, step by step; every step may be
/// repeated. All calls want a session with foreign_key_checks off and throw what Connection throws. Threads: const
/// calls any; each with a connection of its own.
class TargetDefinitions {
 public:
  /// `job` and `plans` outlive this; `connection` to the target is used here only: it reads which tables the job made.
  TargetDefinitions(const EngineJob& job, ControlTables control, const Plans& plans, Connection& connection);

  /// Creates the databases, with the source's charset and collation, checks the tables that the plan found at the
  /// target: they must take every row as it is and keep all of them apart (definitionDifference(), and the collations
  /// of unique keys), and cascade as the source's do (foreignKeyDifference()). Throws Error(schemaDrift). Then reads
  /// what stands in the databases, for create().
  void prepare(Connection& connection);
  /// Creates the tables of the plans `first` … `last` − 1: with secondary indexes if they are small or the job asks for
  /// it, else finish() adds these. They are noted in the control tables before, all together: a table that stands there
  /// without our note, though the plan says that we create it, stops the task (Error schemaDrift), because it may be
  /// somebody else's. Hence the shorter the range, the less is taken for ours if we are killed in between.
  void create(Connection& connection, std::size_t first, std::size_t last) const;
  /// Adds to a table that we created (to any table if SyncTypes asks for constraints without structure) what create()
  /// left out: secondary indexes (all of a table in one pass; those that
  /// a foreign key needs even without index_trans) and the AUTO_INCREMENT value. True = there were indexes to add.
  /// `number`: of the plan, its place among them; `progress` is told by it.
  bool finish(Connection& connection, std::size_t number, IndexProgress& progress) const;
  /// Adds the foreign keys to tables of the plans, without checking the rows, when the indexes of all tables are there.
  /// A foreign key to a table outside the selection is left out with a warning.
  void addForeignKeys(Connection& connection, const TablePlan& plan) const;

 private:
  [[nodiscard]] bool isThere(Connection& connection, const TableName& table) const;
  [[nodiscard]] bool createsAllIndexes(const TablePlan& plan) const;
  void createMissing(Connection& connection, const std::vector<const TablePlan*>& missing) const;

  const EngineJob& job_;
  const ControlTables control_;
  const Plans& plans_;
  const Collations collations_;
  const std::set<TableName> made_;  ///< as it was when this was made
  std::set<TableName> there_;       ///< in the databases of tables to create
  bool hasOneCase_ = false;         ///< lower_case_table_names: names may stand there in another spelling
  std::map<std::string, const TablePlan*, std::less<>> tables_;  ///< by the source's name
};

}  // namespace drs::mysql
