#pragma once

#include "model/job_spec.h"
#include "model/table_schema.h"

#include <optional>
#include <string>
#include <vector>

namespace drs {

enum class ConflictPolicy { stop, ignore, overwrite };

/// The selection compiled for one source table: where its rows go and how. Made once when the task is planned, stored
/// with the job, and used by both phases.
struct TablePlan {
  TableSchemaPtr source;
  TableName target;
  ConflictPolicy conflicts = ConflictPolicy::stop;
  bool secondaryIndexes = true;  ///< index_trans, SyncTypes::constraints
  bool createTable = true;       ///< false: the table stood in the target, empty, before
  bool truncates = true;         ///< ddl_trans: false = TRUNCATE at the source is not carried over
  /// Tables of a group (≥ 0) are read at one snapshot position; −1: free. See foreign_keys.h for who is in a group.
  int group = -1;
  /// Of a table that a statement of the log made together with rows (CREATE TABLE … SELECT): their transaction.
  std::string bornIn;
};

/// What of the selection is carried over: policy_config.sync_type_policy.
struct SyncTypes {
  bool structure = true;    ///< tables and the objects beside them are created; else the tables must be there
  bool data = true;         ///< rows; else the job ends behind the structure
  bool constraints = true;  ///< secondary indexes that are not unique
};
[[nodiscard]] SyncTypes syncTypesOf(const JobSpec& spec);

/// True if the job is part of a group that replicates in both directions, or in a ring: multi_write of synchronisation
/// and disaster recovery.
[[nodiscard]] bool isTwoWay(const JobSpec& spec);
/// ddl_trans; absent: true, but not in a two-way group, where statements may go in one direction only.
[[nodiscard]] bool transfersDdl(const JobSpec& spec);

/// Something that keeps a job from running: the JSON path within the job
/// ("db_object.object_info.shop.tables.orders.columns") and why.
struct Refusal {
  std::string path, reason;
};

/// The rules of the request that this version does not enact and that would change what arrives in the target, seen in
/// the request alone. Empty = everything that was asked for is done. (Members without influence on the target's content
/// are not listed; docs/reference/request.md says what becomes of each.)
[[nodiscard]] std::vector<Refusal> refusedRules(const JobSpec& spec);

/// What only shows with the source's definitions at hand: a listed table that is not there, two sources for one target,
/// a foreign key whose actions come from outside of the selection. `tables`: all tables of the selected databases.
[[nodiscard]] std::vector<Refusal> planProblems(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables);

/// The databases that the selection touches; nothing = all user databases (object_scope all).
[[nodiscard]] std::optional<std::vector<std::string>> selectedDatabases(const JobSpec& spec);

/// True if the selection covers the table (object_scope, all, tables).
[[nodiscard]] bool isSelected(const JobSpec& spec, const TableName& table);

/// True if a member of `tables` is a table; false for a view or a procedure.
[[nodiscard]] bool isTableObject(const TableObject& object);

/// Where a selected table goes (database and table name mapping).
[[nodiscard]] TableName mappedName(const JobSpec& spec, const TableName& source);

/// The plan of one selected table, in no group; createTable is true.
[[nodiscard]] TablePlan planFor(const JobSpec& spec, TableSchemaPtr table);

/// Compiles the plans of all selected tables, sorted by source name; assigns the groups by their foreign keys.
/// `wholeRows`: the log has every column of a changed row; else a table with further unique keys beside its primary key
/// is read at one position too, since a row that gave way to another one could not be made whole by the replay. Throws
/// Error(crossField) with the first of planProblems(). createTable is left true: only the target knows.
[[nodiscard]] std::vector<TablePlan> compilePlans(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables,
                                                  bool wholeRows = true);

}  // namespace drs
