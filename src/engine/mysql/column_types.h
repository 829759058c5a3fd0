#pragma once

#include "model/table_schema.h"

#include <string>
#include <string_view>

namespace drs::mysql {

/// What the server says of a column's type, in its own words (information_schema.columns).
struct ColumnText {
  std::string dataType;    ///< DATA_TYPE
  std::string columnType;  ///< COLUMN_TYPE
  std::string extra;       ///< EXTRA
  std::string charset, collation;
  std::uint64_t characters = 0, octets = 0, precision = 0;
  int fraction = 0;
  bool nullable = true;
};

/// The column as the engine treats it. A type that this version does not know becomes `bytes`; unsupportedType() names
/// it.
[[nodiscard]] Column makeColumn(std::string name, const ColumnText& text);

/// Why a column cannot be copied ("the type geometry is not supported yet"); empty = it can.
[[nodiscard]] std::string unsupportedType(const Column& column);

/// Why a column's character set cannot be copied; empty = it can.
[[nodiscard]] std::string unsupportedCharset(const Column& column);

/// ASCII lower case; other bytes stay.
[[nodiscard]] std::string lowerCase(std::string_view text);

}  // namespace drs::mysql
