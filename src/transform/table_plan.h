#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/job_spec.h"
#include "model/table_schema.h"

namespace drs {

enum class ConflictPolicy { stop, ignore, overwrite };

/// The selection compiled for one source table: where its rows go and how. Made once when the task is planned, stored
/// with the job, and used by both phases.
struct TablePlan {
  TableSchemaPtr source;
  TableName target;
  ConflictPolicy conflicts = ConflictPolicy::stop;
  bool secondaryIndexes = true;         ///< index_trans
  bool createTable = true;              ///< false: the table stood in the target, empty, before
  /// Tables joined by CASCADE / SET NULL actions share a group (≥ 0) and are read at one snapshot position; −1: free.
  int group = -1;
};

/// What of the selection cannot be enacted by this version, by name: path in db_object and why. Empty = all of it can.
struct Refusal {
  std::string path, reason;
};
[[nodiscard]] std::vector<Refusal> refusedRules(const JobSpec& spec);

/// The databases that the selection touches; nothing = all user databases (object_scope all).
[[nodiscard]] std::optional<std::vector<std::string>> selectedDatabases(const JobSpec& spec);

/// True if the selection covers the table (object_scope, all, tables).
[[nodiscard]] bool isSelected(const JobSpec& spec, const TableName& table);

/// Where a selected table goes (database and table name mapping).
[[nodiscard]] TableName mappedName(const JobSpec& spec, const TableName& source);

/// Compiles the plans of all selected tables, sorted by source name; assigns the groups by their foreign keys.
[[nodiscard]] std::vector<TablePlan> compilePlans(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables);

}  // namespace drs
