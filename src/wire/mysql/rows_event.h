#pragma once

#include "wire/mysql/event.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace drs::mysql {

/// What the log does not say about a column.
struct ColumnFormat {
  bool isUnsigned = false;
  bool padWithZeros = false;  ///< BINARY(n): the log cuts trailing zero bytes off
  bool isUuid = false;        ///< MariaDB's UUID: those that begin with a time are logged with their parts reversed
  bool mayBeAbsent = false;   ///< a generated column: MariaDB 11 leaves these out of updates and deletes
};

enum class RowsKind : std::uint8_t { write, update, remove };

/// WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS, version 1 and 2, MariaDB's compressed ones, and PARTIAL_UPDATE_ROWS.
struct RowsEvent {
  RowsKind kind = RowsKind::write;
  std::uint64_t tableId = 0;
  bool endOfStatement = false;
  bool foreignKeyChecks = true;
  bool partialJson = false;  ///< images after the change may hold JSON values as changes of those before it
  std::uint64_t columns = 0;
  std::string_view present, presentAfter;  ///< bitmaps; presentAfter is used by updates
  std::string_view rows;
};

[[nodiscard]] bool isRowsEvent(EventType type);

/// `scratch` keeps the inflated rows of a compressed event; views point into it or into the body. Throws Error
/// (logCorrupt, logUnsupported).
[[nodiscard]] RowsEvent parseRows(const Event& event, const FormatDescription& format, std::string& scratch);

/// True if every image of the event has every column (binlog_row_image=FULL), but for those that may be absent.
[[nodiscard]] bool hasFullImages(const RowsEvent& event, std::span<const ColumnFormat> formats = {});

/// True if the images that a bitmap of the event describes have the column.
[[nodiscard]] inline bool isPresent(std::string_view bitmap, std::size_t column) {
  return column / 8 < bitmap.size() && (static_cast<unsigned char>(bitmap[column / 8]) >> column % 8 & 1U) != 0;
}

}  // namespace drs::mysql
