#pragma once

#include "engine/mysql/table_ddl.h"
#include "model/table_schema.h"

#include <functional>
#include <string>

namespace drs::mysql {

/// What differs between a table of the source and one that stands at the target, as far as rows are concerned: columns,
/// their types, character sets and NULL, the primary and the unique keys. Differences of spelling between server
/// versions (display widths, utf8 and utf8mb3, MariaDB's JSON) are none. Empty = rows fit. Otherwise the first
/// difference, for people.
[[nodiscard]] std::string definitionDifference(const TableSchema& source, const TableSchema& target,
                                               const Collations& targetCollations);

/// What differs between the foreign keys that act on child rows (CASCADE, SET NULL, SET DEFAULT) of a source table and
/// of the table that stands for it at the target. They must be the same, whatever their names: most servers do not log
/// what they do, so the target has to do it, all of it and nothing else. `mapped`: where a table of the source goes.
/// Empty = no difference; otherwise the first one, for people.
[[nodiscard]] std::string foreignKeyDifference(const TableSchema& source, const TableSchema& target,
                                               const std::function<TableName(const TableName&)>& mapped);

/// COLUMN_TYPE without display widths of integers and YEAR ("int(11) unsigned" is "int unsigned") and without MariaDB's
/// COMPRESSED; lower case outside of quotes; "geomcollection" by its long name.
[[nodiscard]] std::string normalType(const Column& column);

}  // namespace drs::mysql
