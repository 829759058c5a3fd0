#pragma once

#include "engine/mysql/connection.h"
#include "model/table_schema.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// How the text of a value is made comparable.
enum class ValueForm {
  raw,       ///< the bytes as they are
  number,    ///< exact number text: without leading zeros, without a negative zero
  real,      ///< the double that the text stands for
  positive,  ///< as real, but negative zero counts as zero: MariaDB shows both alike
  json,      ///< the JSON value: members sorted, white space gone, numbers by value
};

/// One column as the comparison reads it at both sides.
struct CompareColumn {
  std::string name;
  std::string sourceExpression, targetExpression;
  ValueForm form = ValueForm::raw;
};

/// What is compared of a table: the primary key's columns first, then the others; generated columns are left out.
struct CompareTable {
  std::vector<CompareColumn> columns;
  std::size_t keys = 0;
};

/// What the target says of a column.
struct TargetColumn {
  std::string dataType, charset;
};

/// Pairs the columns of a table. `sameFamily`: both servers are MySQL, or both MariaDB; then JSON columns show equal
/// texts for equal values. `target`: by lower-case name. Throws Error(schemaDrift) for a column that the target lacks.
[[nodiscard]] CompareTable compareTableOf(const TableSchema& source, const TableName& targetName,
                                          const std::map<std::string, TargetColumn>& target,
                                          const ServerInfo& sourceServer, const ServerInfo& targetServer);

/// Appends a value so that equal values, and no others, append equal bytes (NULL differs from every value).
void appendComparable(std::string& out, ValueForm form, Field field);

/// JSON text in one form for all texts of one value; texts that are no JSON stay as they are.
[[nodiscard]] std::string comparableJson(std::string_view text);

/// A key value for people: text if it is printable UTF-8, else "0x…".
[[nodiscard]] std::string printableKey(std::string_view field);

}  // namespace drs::mysql
