#pragma once

#include "engine/mysql/conflict_table.h"
#include "engine/mysql/update_merge.h"
#include "transform/table_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace drs::mysql {

/// A unique key of the target table (it may have more than the source's table). Parts are columns of the source's
/// schema.
struct TargetKey {
  std::string name;
  std::vector<IndexPart> parts;
  /// False: a part is an expression, a generated column or a column that the source does not have, so that the rows
  /// which collide on it cannot be looked up from an image.
  bool resolvable = true;
};

/// Is it a unique key of these columns, whole ones?
[[nodiscard]] bool isOver(const TargetKey& key, const std::vector<std::size_t>& columns);

/// What the applier knows of one table at the target, read once per session of work.
struct TargetTable {
  SqlWriter writer;
  std::vector<TargetKey> uniqueKeys;      ///< the primary key included
  std::vector<std::size_t> clockColumns;  ///< columns that the target sets to its clock on update
  ConflictTable conflicts;
  std::string
      keyIndex;  ///< quoted name of a unique key over the writer's key alone, one column of integers; empty: none
  UpdateMerge merge;
  bool hasOneKey = false;  ///< the writer's key is the only unique key
};

/// What is the same for all tables of a target.
struct TargetWorld {
  std::uint64_t salt = 0;  ///< of the hashes in conflict keys
  TargetForeignKeys foreignKeys;
};

/// The column's position in the schema. Column names are compared without case by every server; names with letters
/// beyond ASCII must agree byte for byte.
[[nodiscard]] std::optional<std::size_t> columnOf(const TableSchema& schema, const std::string& name);

/// Reads the target's definition. Throws Error(schemaDrift) if the table or a column of the plan is missing there, or a
/// column would take values for other ones (valueDifference()).
[[nodiscard]] TargetTable readTargetTable(Connection& connection, const TablePlan& plan, const TargetWorld& world);

}  // namespace drs::mysql
