#pragma once

#include "model/table_schema.h"

#include <cstddef>
#include <vector>

namespace drs {

/// True if a change of the parent changes rows of the child: CASCADE, SET NULL or SET DEFAULT on update or delete.
[[nodiscard]] bool hasAction(const ForeignKey& key);

/// True if `key` (of any table) refers to `table`. Names are compared without regard to case: a relation too many makes
/// a copy slower, one too few would lose rows.
[[nodiscard]] bool refersTo(const ForeignKey& key, const TableName& table);

/// Tables that foreign keys join, in either direction and over any number of steps.
struct ForeignKeyFamily {
  std::vector<std::size_t> tables;  ///< positions in the list asked about, ascending
  bool hasActions = false;          ///< at least one foreign key inside acts on its child rows
};

/// The families of a list of tables; a table without foreign keys is a family of its own. In the order of their first
/// table.
///
/// A family with actions is copied as a whole at one position. That takes in tables that are joined by RESTRICT keys
/// only: the acting part has to be replayed with foreign keys checked (servers up to MySQL 9.5 and MariaDB do not log
/// what a cascade does, the target has to do it), and a check can only succeed against neighbours of the same moment.
[[nodiscard]] std::vector<ForeignKeyFamily> foreignKeyFamilies(const std::vector<TableSchemaPtr>& tables);

}  // namespace drs
