#include "wire/mysql/rows_event.h"

#include "base/bytes.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/json_binary.h"
#include "wire/mysql/json_diff.h"
#include "wire/mysql/values.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <vector>

namespace drs::mysql {
namespace {

struct Variant {
  EventType type;
  RowsKind kind;
  bool extraData;  // version 2
  bool compressed;
};

constexpr std::array<Variant, 13> kVariants{{
    {EventType::writeRowsV1, RowsKind::write, false, false},
    {EventType::updateRowsV1, RowsKind::update, false, false},
    {EventType::deleteRowsV1, RowsKind::remove, false, false},
    {EventType::writeRows, RowsKind::write, true, false},
    {EventType::updateRows, RowsKind::update, true, false},
    {EventType::deleteRows, RowsKind::remove, true, false},
    {EventType::partialUpdateRows, RowsKind::update, true, false},
    {EventType::writeRowsCompressedV1, RowsKind::write, false, true},
    {EventType::updateRowsCompressedV1, RowsKind::update, false, true},
    {EventType::deleteRowsCompressedV1, RowsKind::remove, false, true},
    {EventType::writeRowsCompressed, RowsKind::write, true, true},
    {EventType::updateRowsCompressed, RowsKind::update, true, true},
    {EventType::deleteRowsCompressed, RowsKind::remove, true, true},
}};

const Variant* variantOf(EventType type) {
  const auto at = std::find_if(kVariants.begin(), kVariants.end(), [type](const Variant& v) { return v.type == type; });
  return at == kVariants.end() ? nullptr : &*at;
}

bool isSet(std::string_view bitmap, std::uint64_t bit) {
  return (static_cast<unsigned char>(bitmap[bit / 8]) >> bit % 8 & 1U) != 0;
}

bool isFull(std::string_view present, std::uint64_t columns, std::span<const ColumnFormat> formats) {
  bool any = false;  // an image of no column has no bytes either: rows of them could not be counted
  for (std::uint64_t i = 0; i < columns; ++i) {
    any = any || isSet(present, i);
    if (!isSet(present, i) && (i >= formats.size() || !formats[i].mayBeAbsent)) return false;
  }
  return any;
}

/// Decodes values one after another; keeps the buffers that they need.
class ValueDecoder {
 public:
  explicit ValueDecoder(RowValueSink& sink) : sink_(sink) {}

  /// One row: a bit for each column that is present says whether it is NULL, then come the values.
  void image(ByteReader& in, std::string_view present, const TableMap& map, std::span<const ColumnFormat> formats) {
    const std::size_t columns = map.columns.size();
    const std::string_view nulls = in.slice((countOf(in, present, columns) + 7) / 8);
    std::size_t bit = 0;
    for (std::size_t i = 0; i < columns && in.ok(); ++i) {
      if (!isSet(present, i))
        sink_.onAbsent();
      else if (isSet(nulls, bit++))
        sink_.onNull();
      else
        decode(in, map.columns[i], formats[i]);
    }
  }

  /// A row of PARTIAL_UPDATE_ROWS. That before the change is as above, and its JSON values are remembered. The other
  /// begins with options; then, if they say so, comes a bit for each JSON column of the table, present or not: the
  /// value is written as changes of the one before.
  void partialImage(ByteReader& in, std::string_view present, const TableMap& map,
                    std::span<const ColumnFormat> formats, bool isAfter) {
    constexpr std::uint64_t kPartialJson = 1;
    const std::size_t columns = map.columns.size();
    std::string_view partial;
    if (isAfter) {
      const std::uint64_t options = readLength(in);
      if (options > kPartialJson) throwUnsupported("rows with unknown options", "Report the source's version.");
      if (options == kPartialJson) partial = in.slice((jsonColumns(map) + 7) / 8);
    } else {
      jsonBefore_.assign(columns, std::nullopt);
    }
    const std::string_view nulls = in.slice((countOf(in, present, columns) + 7) / 8);
    std::size_t bit = 0, jsonBit = 0;
    for (std::size_t i = 0; i < columns && in.ok(); ++i) {
      const bool isJson = map.columns[i].type == WireType::json;
      const bool isChange = isJson && !partial.empty() && isSet(partial, jsonBit++);
      if (!isSet(present, i)) {
        sink_.onAbsent();
      } else if (isSet(nulls, bit++)) {
        sink_.onNull();
      } else if (isJson) {
        partialJson(in, i, map, isAfter, isChange);
      } else {
        decode(in, map.columns[i], formats[i]);
      }
    }
  }

  void decode(ByteReader& in, const WireColumn& column, const ColumnFormat& format) {
    switch (column.type) {
      case WireType::tiny:
        return integer(in, 1, format);
      case WireType::shortInt:
        return integer(in, 2, format);
      case WireType::int24:
        return integer(in, 3, format);
      case WireType::longInt:
        return integer(in, 4, format);
      case WireType::longLong:
        return integer(in, 8, format);
      case WireType::floatReal:
        return sink_.onReal(static_cast<double>(std::bit_cast<float>(in.u32())));
      case WireType::doubleReal:
        return sink_.onReal(std::bit_cast<double>(in.u64()));
      case WireType::newDecimal:
        return decimal(in, column);
      case WireType::bit:
        return sink_.onUnsigned(in.big((column.length + 7) / 8));
      case WireType::year:
        return year(in);
      case WireType::enumerated:
      case WireType::set:
        return sink_.onUnsigned(in.little(column.length));
      case WireType::string:
        return fixedString(in, column, format);
      case WireType::varchar:
      case WireType::varString:
        return sink_.onText(in.slice(in.little(column.length > 255 ? 2 : 1)));
      case WireType::varcharCompressed:
        return compressed(in.slice(in.little(column.length > 255 ? 2 : 1)));
      case WireType::blobCompressed:
        return compressed(in.slice(in.little(column.lengthBytes)));
      case WireType::tinyBlob:
      case WireType::mediumBlob:
      case WireType::longBlob:
      case WireType::blob:
      case WireType::geometry:
      case WireType::vector:
        return sink_.onText(in.slice(in.little(column.lengthBytes)));
      case WireType::json:
        return json(in, column);
      default:
        return temporal(in, column);
    }
  }

 private:
  static std::size_t countOf(ByteReader& in, std::string_view present, std::size_t columns) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns; ++i) count += isSet(present, i) ? 1 : 0;
    if (count == 0) in.fail();
    return count;
  }

  static std::size_t jsonColumns(const TableMap& map) {
    return static_cast<std::size_t>(
        std::ranges::count_if(map.columns, [](const WireColumn& c) { return c.type == WireType::json; }));
  }

  void partialJson(ByteReader& in, std::size_t column, const TableMap& map, bool isAfter, bool isChange) {
    const std::string_view raw = in.slice(in.little(map.columns[column].lengthBytes));
    if (!in.ok()) return;
    text_.clear();
    if (!isChange) {
      if (!isAfter) jsonBefore_[column] = raw;
      appendJson(text_, raw);
    } else if (const auto& before = jsonBefore_[column]) {
      appendChangedJson(text_, *before, raw);
    } else {
      throwCorrupt("a change of a JSON value came without the value before it");
    }
    sink_.onText(text_);
  }

  void integer(ByteReader& in, std::size_t width, const ColumnFormat& format) {
    const std::uint64_t raw = in.little(width);
    if (format.isUnsigned) return sink_.onUnsigned(raw);
    const unsigned unused = 64U - 8U * static_cast<unsigned>(width);
    sink_.onSigned(static_cast<std::int64_t>(raw << unused) >> unused);
  }

  void year(ByteReader& in) {
    const std::uint8_t raw = in.u8();
    sink_.onUnsigned(raw == 0 ? 0 : 1900U + raw);
  }

  void decimal(ByteReader& in, const WireColumn& column) {
    const std::string_view raw = in.slice(decimalBytes(column.precision, column.scale));
    if (!in.ok()) return;
    text_.clear();
    appendDecimal(text_, raw, column.precision, column.scale);
    sink_.onNumber(text_);
  }

  void fixedString(ByteReader& in, const WireColumn& column, const ColumnFormat& format) {
    if (format.isUuid) return uuid(in, column);
    const std::string_view raw = in.slice(in.little(column.length > 255 ? 2 : 1));
    if (raw.size() > column.length) return in.fail();
    if (!format.padWithZeros || raw.size() == column.length) return sink_.onText(raw);
    text_ = raw;
    text_.resize(column.length, '\0');
    sink_.onText(text_);
  }

  void uuid(ByteReader& in, const WireColumn& column) {
    const std::string_view raw = in.slice(in.u8());
    if (column.length != kUuidBytes || raw.size() > kUuidBytes) return in.fail();
    std::array<char, kUuidBytes> stored{};
    raw.copy(stored.data(), raw.size());
    text_.clear();
    appendUuid(text_, {stored.data(), stored.size()});
    sink_.onText(text_);
  }

  void compressed(std::string_view raw) { sink_.onText(inflateColumn(raw, text_)); }

  void json(ByteReader& in, const WireColumn& column) {
    const std::string_view raw = in.slice(in.little(column.lengthBytes));
    if (!in.ok()) return;
    text_.clear();
    appendJson(text_, raw);
    sink_.onText(text_);
  }

  void temporal(ByteReader& in, const WireColumn& column) {
    text_.clear();
    switch (column.type) {
      case WireType::date:
      case WireType::newDate:
        appendDate(text_, readDate(in));
        break;
      case WireType::time:
        appendTime(text_, readTime(in), 0);
        break;
      case WireType::time2:
        appendTime(text_, readTime2(in, column.fraction), column.fraction);
        break;
      case WireType::datetime:
        appendDateTime(text_, readDateTime(in), 0);
        break;
      case WireType::datetime2:
        appendDateTime(text_, readDateTime2(in, column.fraction), column.fraction);
        break;
      case WireType::timestamp:
        appendDateTime(text_, readTimestamp(in), 0);
        break;
      case WireType::timestamp2:
        appendDateTime(text_, readTimestamp2(in, column.fraction), column.fraction);
        break;
      default:
        throwUnsupported("a column of type " + wireTypeName(column.type), "Leave the table out of the selection.");
    }
    sink_.onText(text_);
  }

  RowValueSink& sink_;
  std::string text_;
  std::vector<std::optional<std::string_view>> jsonBefore_;  ///< of the row at hand, by column
};

}  // namespace

bool isRowsEvent(EventType type) {
  return variantOf(type) != nullptr;
}

RowsEvent parseRows(const Event& event, const FormatDescription& format, std::string& scratch) {
  const Variant* variant = variantOf(event.header.type);
  if (variant == nullptr) throwUnsupported("a rows event of an unknown kind", "");
  RowsEvent out;
  out.kind = variant->kind;
  out.partialJson = variant->type == EventType::partialUpdateRows;
  ByteReader in(event.body);
  out.tableId = parseTableId(event, format);
  const std::size_t fixed = format.postHeader(event.header.type).value_or(variant->extraData ? 10 : 8);
  in.skip(fixed == 6 ? 4 : 6);
  const std::uint16_t flags = in.u16();
  out.endOfStatement = (flags & 0x01U) != 0;
  out.foreignKeyChecks = (flags & 0x02U) == 0;
  if (variant->extraData) {
    const std::uint16_t extra = in.u16();  // counts its own two bytes; partition ids and the like
    if (extra < 2) in.fail();
    in.skip(extra - 2U);
  }
  out.columns = readLength(in);
  if (!in.ok() || out.columns == 0 || out.columns > kMaxColumns)
    throwCorrupt(eventName(event.header.type) + " has a number of columns that no table has");
  const std::uint64_t bitmapBytes = (out.columns + 7) / 8;
  out.present = in.slice(bitmapBytes);
  if (out.kind == RowsKind::update) out.presentAfter = in.slice(bitmapBytes);
  if (!in.ok()) throwCorrupt(eventName(event.header.type) + " is cut off");
  out.rows = in.rest();
  if (variant->compressed) {
    scratch = inflateRecord(out.rows);
    out.rows = scratch;
  }
  return out;
}

bool isPresent(std::string_view bitmap, std::size_t column) {
  return column / 8 < bitmap.size() && isSet(bitmap, column);
}

bool hasFullImages(const RowsEvent& event, std::span<const ColumnFormat> formats) {
  return isFull(event.present, event.columns, formats) &&
         (event.kind != RowsKind::update || isFull(event.presentAfter, event.columns, formats));
}

std::size_t decodeRows(const RowsEvent& event, const TableMap& map, std::span<const ColumnFormat> formats,
                       RowValueSink& sink) {
  const std::size_t columns = map.columns.size();
  if (event.columns != columns || formats.size() != columns)
    throwCorrupt("a rows event and its TABLE_MAP differ in width");
  ByteReader in(event.rows);
  ValueDecoder decoder(sink);
  std::size_t images = 0;
  while (in.left() > 0) {
    const bool isAfter = event.kind == RowsKind::update && images % 2 != 0;
    const std::string_view present = isAfter ? event.presentAfter : event.present;
    if (event.partialJson) {
      decoder.partialImage(in, present, map, formats, isAfter);
    } else {
      decoder.image(in, present, map, formats);
    }
    if (!in.ok()) throwCorrupt(fmt::format("a row of {}.{} is cut off", map.database, map.table));
    ++images;
  }
  if (event.kind == RowsKind::update && images % 2 != 0) throwCorrupt("an update has a row without its second half");
  return images;
}

}  // namespace drs::mysql
