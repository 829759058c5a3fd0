#pragma once

#include "engine/engine.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/table_ddl.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// Variables that are on in the session and keep a table without a key from being made as it is:
/// sql_generate_invisible_primary_key, sql_require_primary_key.
[[nodiscard]] std::vector<std::string> keylessObstacles(Connection& connection);

/// True if the table is made by the task that brings its rows, not with the plan: a small one that shares its chunk
/// with others (sharesChunk()). Servers make one table at a time and wait for the disk meanwhile, in which rows of
/// others can be loaded; and the table is still open when its rows come.
[[nodiscard]] bool isMadeWithRows(const EngineJob& job, const TablePlan& plan);

/// Makes tables of a job at the target. They are noted in the control tables before: a table that stands there without
/// our note, though the plan says that we create it, stops the task (Error schemaDrift), because it may be somebody
/// else's. All calls want a session of SinkSession and throw what Connection throws. Threads: const calls any; each
/// with a connection of its own.
class TableCreator {
 public:
  /// `job` outlives this.
  TableCreator(const EngineJob& job, ControlTables control, Collations collations);

  /// Creates tables that are not there. The fewer at a time, the less is taken for ours if we are killed in between.
  void create(Connection& connection, const std::vector<const TablePlan*>& missing) const;

  /// Whether the table is made with its secondary indexes: it is small, or the job asks for it.
  [[nodiscard]] bool createsAllIndexes(const TablePlan& plan) const;
  [[nodiscard]] const Collations& collations() const { return collations_; }

 private:
  const EngineJob& job_;
  const ControlTables control_;
  const Collations collations_;
};

/// Creates what is not there of the tables that an uncommitted chunk holds whole. No row of theirs has been committed,
/// so one that was dropped meanwhile may be made anew; of other chunks nothing is created. Throws as TableCreator.
void createTablesOf(const Chunk& chunk, const EngineJob& job, const ControlTables& control, Connection& connection,
                    const Plans& plans);

/// Throws Error(schemaDrift) about a table of the target.
[[noreturn]] void refuseTable(const TableName& table, const std::string& why);

}  // namespace drs::mysql
