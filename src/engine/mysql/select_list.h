#pragma once

#include "engine/mysql/connection.h"
#include "model/row_batch.h"

#include <string>

namespace drs::mysql {

/// What to SELECT so that the server's text of a column's value is exact: floats through a double (the server rounds a
/// FLOAT to six digits), BIT, ENUM and SET as their number (a SET's `+ 0` would pass through a double on MySQL), UUID
/// and INET as their bytes, the rest as it is.
[[nodiscard]] std::string selectExpression(const Column& column);

/// selectExpression() of every column that is stored, comma separated; generated columns are left out.
[[nodiscard]] std::string selectList(const TableSchema& schema);

/// Appends a row that selectList() read, in the cell kinds of row_batch.h, the same as the log's decoder yields them;
/// generated columns become absent. Throws Error(internal) for text that is no value of its column.
void appendRow(RowBatch& batch, const Row& row);

/// The double that the server's text stands for, bit by bit ("-0" is negative zero). Throws Error(internal).
[[nodiscard]] double parseReal(std::string_view text);

/// A decimal without leading zeros (ZEROFILL) and without a negative zero: "000.50" is "0.50".
[[nodiscard]] std::string_view trimDecimal(std::string_view text);

}  // namespace drs::mysql
