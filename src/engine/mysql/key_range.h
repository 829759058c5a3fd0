#pragma once

#include "engine/mysql/connection.h"
#include "model/table_schema.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// Keys are never empty here and have as many literals as columns.

/// True if the table's primary key can cut it into ranges: every column is of a type whose order and equality the
/// server applies in WHERE as in ORDER BY. ENUM and SET are not (ordered by number, compared as text), nor are key
/// prefixes.
[[nodiscard]] bool canCut(const TableSchema& schema);

/// What to SELECT of a key column so that keyLiteral() can name its value exactly.
[[nodiscard]] std::string keyExpression(const Column& column);

/// A literal of exactly this value in the column's own type: numbers as they are, doubles with an exponent, texts as
/// hexadecimal bytes with the column's character set, dates quoted. `field` is what keyExpression() read.
[[nodiscard]] std::string keyLiteral(const Column& column, std::string_view field);

/// "(a > 1 OR (a = 1 AND b > 2))": the rows behind a key. The form with row values is not range-optimised by servers.
[[nodiscard]] std::string behindKey(const std::vector<std::string>& columns, const std::vector<std::string>& key);
/// "(a < 1 OR (a = 1 AND b <= 2))": the rows up to and including a key.
[[nodiscard]] std::string upToKey(const std::vector<std::string>& columns, const std::vector<std::string>& key);

/// The condition of a range, "TRUE" if both ends are open. Bounds are literals, one per key column, or empty.
[[nodiscard]] std::string rangeCondition(const TableSchema& schema, const std::vector<std::string>& after,
                                         const std::vector<std::string>& upTo);

/// The columns that tell a table's rows apart: the primary key, or else the first unique key; no NULL, prefix,
/// expression or generated column may weaken it. Empty: the table has no such key.
[[nodiscard]] std::vector<std::size_t> rowKey(const TableSchema& schema);

/// The quoted names of the primary key's columns.
[[nodiscard]] std::vector<std::string> keyColumns(const TableSchema& schema);

/// `parts` joined by ", ".
[[nodiscard]] std::string joinComma(const std::vector<std::string>& parts);

/// Bytes as "X'…'".
[[nodiscard]] std::string hexLiteral(std::string_view bytes);

}  // namespace drs::mysql
