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

/// Why a column cannot be copied ("the type xmltype is not supported yet"); empty = it can.
[[nodiscard]] std::string unsupportedType(const Column& column);

/// GEOMETRY and its seven kinds. Their value is a SRID (4 bytes) and WKB; SELECT, the log and literals share this form.
[[nodiscard]] bool isGeometry(const Column& column);

/// UUID, INET4, INET6 of MariaDB: SELECT prints them as text, the log and binary literals have their 16 or 4 bytes.
[[nodiscard]] bool isPrintedBytes(const Column& column);

/// Bytes of one length, whose trailing zeros the log cuts off.
[[nodiscard]] bool isFixedBytes(const Column& column);

/// ASCII lower case; other bytes stay.
[[nodiscard]] std::string lowerCase(std::string_view text);

}  // namespace drs::mysql
