#pragma once

#include "engine/mysql/table_ddl.h"
#include "model/table_schema.h"

#include <string>

namespace drs::mysql {

/// What differs between a table of the source and one that stands at the target, as far as rows are concerned: columns,
/// their types, character sets and NULL, the primary and the unique keys. Differences of spelling between server
/// versions (display widths, utf8 and utf8mb3, MariaDB's JSON) are none. Empty = rows fit. Otherwise the first
/// difference, for people.
[[nodiscard]] std::string definitionDifference(const TableSchema& source, const TableSchema& target,
                                               const Collations& targetCollations);

/// COLUMN_TYPE without display widths of integers and YEAR: "int(11) unsigned" is "int unsigned"; lower case outside of
/// quotes.
[[nodiscard]] std::string normalType(const Column& column);

}  // namespace drs::mysql
