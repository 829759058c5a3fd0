#pragma once

#include "wire/mysql/event.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Column types of the format (the client protocol's numbers plus a few of the log's own).
enum class WireType : std::uint8_t {
  tiny = 1,
  shortInt = 2,
  longInt = 3,
  floatReal = 4,
  doubleReal = 5,
  null = 6,
  timestamp = 7,
  longLong = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  newDate = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  typedArray = 20,
  blobCompressed = 140,     ///< MariaDB
  varcharCompressed = 141,  ///< MariaDB
  vector = 242,
  json = 245,
  newDecimal = 246,
  enumerated = 247,
  set = 248,
  tinyBlob = 249,
  mediumBlob = 250,
  longBlob = 251,
  blob = 252,
  varString = 253,
  string = 254,
  geometry = 255,
};

/// A column of TABLE_MAP with the meaning of its metadata bytes unfolded.
struct WireColumn {
  WireType type = WireType::null;  ///< STRING is unfolded into string, enumerated or set
  bool nullable = true;
  std::uint32_t length = 0;      ///< string, varchar: most bytes; bit: width; enumerated, set, float, double: bytes
  std::uint8_t lengthBytes = 0;  ///< blob, json, geometry, vector: bytes of the length prefix
  std::uint8_t precision = 0, scale = 0;  ///< newDecimal
  std::uint8_t fraction = 0;              ///< timestamp2, datetime2, time2: digits
};

/// The servers' own limit for a table.
constexpr std::uint64_t kMaxColumns = 4096;

/// TABLE_MAP: the definition, as far as the log has it, of the table that a table id of the next rows events means.
struct TableMap {
  std::string database, table;
  std::vector<WireColumn> columns;
  /// By column: is it unsigned; only where the server logs it (MySQL ≥ 8.0, MariaDB with binlog_row_metadata). Columns
  /// that are no numbers have false.
  std::optional<std::vector<bool>> isUnsigned;
  std::vector<std::string> names;  ///< with binlog_row_metadata=FULL, otherwise empty
};

/// The id in TABLE_MAP or in a rows event: the first thing in both. Throws Error(logCorrupt).
[[nodiscard]] std::uint64_t parseTableId(const Event& event, const FormatDescription& format);

/// Only the names of the database and the table. Throws Error(logCorrupt).
[[nodiscard]] TableMap parseTableName(const Event& event, const FormatDescription& format);
/// Throws Error(logCorrupt) for damage and Error(logUnsupported) for a column type that is not in the format as known.
[[nodiscard]] TableMap parseTableMap(const Event& event, const FormatDescription& format);

/// Name of a wire type for messages.
[[nodiscard]] std::string wireTypeName(WireType type);

}  // namespace drs::mysql
