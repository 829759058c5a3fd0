#pragma once

#include "engine/mysql/table_ddl.h"
#include "model/table_schema.h"

#include <cstdint>
#include <functional>
#include <string>

namespace drs::mysql {

/// Which differences count: all, or those by which a row could be stored as another one, merge with another one or not
/// be found again. A NULL allowed at one side only, a column that only the target has, and a collation outside of the
/// unique keys are not among those: rows that do not fit are refused by the server.
enum class Differences : std::uint8_t { all, grave };

/// What differs between a table of the source and one that stands at the target, as far as rows are concerned: columns,
/// their types, character sets and NULL, the primary and the unique keys. Differences of spelling between server
/// versions (display widths, utf8 and utf8mb3, MariaDB's JSON) are none. Empty = rows fit. Otherwise the first
/// difference, for people.
[[nodiscard]] std::string definitionDifference(const TableSchema& source, const TableSchema& target,
                                               const Collations& targetCollations,
                                               Differences which = Differences::all);

/// What of a column would make its values other ones at the target: the type with its sign and length, the character
/// set, being generated. Empty = nothing. Otherwise for people, to be put behind the column's name.
[[nodiscard]] std::string valueDifference(const Column& source, const Column& target);

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
