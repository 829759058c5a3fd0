#pragma once

#include "engine/mysql/control_tables.h"
#include "engine/mysql/table_ddl.h"
#include "transform/table_plan.h"

#include <map>
#include <string>
#include <vector>

namespace drs::mysql {

/// Variables that are on in the session and keep a table without a key from being made as it is:
/// sql_generate_invisible_primary_key, sql_require_primary_key.
[[nodiscard]] std::vector<std::string> keylessObstacles(Connection& connection);

/// Makes the databases, tables, indexes and foreign keys of a job at the target, step by step; every step may be
/// repeated. All calls want a session with foreign_key_checks off and throw what Connection throws. Threads: const,
/// any; each with a connection of its own.
class TargetDefinitions {
 public:
  /// `job` and `plans` outlive this; `connection` to the target is used here only.
  TargetDefinitions(const EngineJob& job, ControlTables control, const Plans& plans, Connection& connection);

  /// Creates the databases, with the source's charset and collation, and checks the tables that the plan found at the
  /// target: they must take every row as it is and keep all of them apart (definitionDifference(), and the collations
  /// of unique keys), and cascade as the source's do (foreignKeyDifference()). Throws Error(schemaDrift).
  void prepare(Connection& connection) const;
  /// Creates a table, without secondary indexes unless the job asks for them at once. It is noted in the control tables
  /// before: a table that stands there without our note, though the plan says that we create it, stops the task (Error
  /// schemaDrift), because it may be somebody else's.
  void create(Connection& connection, const TablePlan& plan) const;
  /// Adds to a table that we created what create() left out: secondary indexes (all of a table in one pass; those that
  /// a foreign key needs even without index_trans) and the AUTO_INCREMENT value.
  void finish(Connection& connection, const TablePlan& plan) const;
  /// Adds the foreign keys to tables of the plans, without checking the rows, when the indexes of all tables are there.
  /// A foreign key to a table outside the selection is left out with a warning.
  void addForeignKeys(Connection& connection, const TablePlan& plan) const;

 private:
  const EngineJob& job_;
  const ControlTables control_;
  const Plans& plans_;
  const Collations collations_;
  std::map<std::string, const TablePlan*, std::less<>> tables_;  ///< by the source's name
};

}  // namespace drs::mysql
