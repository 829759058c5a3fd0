#include "wire/mysql/table_map.h"

#include "base/bytes.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

constexpr std::size_t kShortTableIdHeader = 6;  // very old servers: 4 bytes of id, 2 of flags

/// STRING's two bytes hold the real type and the length; lengths above 255 borrow two bits of the type.
void unfoldString(WireColumn& column, std::uint8_t first, std::uint8_t second) {
  if ((first & 0x30U) != 0x30U) {
    column.length = second | ((first & 0x30U) ^ 0x30U) << 4U;
    column.type = static_cast<WireType>(first | 0x30U);
  } else {
    column.length = second;
    column.type = static_cast<WireType>(first);
  }
  if (column.type != WireType::string && column.type != WireType::enumerated && column.type != WireType::set) {
    throwCorrupt(fmt::format("TABLE_MAP names a string column of type {}", first));
  }
}

void readMetadata(WireColumn& column, ByteReader& in) {
  switch (column.type) {
    case WireType::floatReal:
    case WireType::doubleReal:
      column.length = in.u8();
      return;
    case WireType::varchar:
    case WireType::varString:
    case WireType::varcharCompressed:
      column.length = in.u16();
      return;
    case WireType::bit: {
      const std::uint8_t bits = in.u8();
      column.length = bits + 8U * in.u8();
      return;
    }
    case WireType::newDecimal:
      column.precision = in.u8();
      column.scale = in.u8();
      return;
    case WireType::string:
    case WireType::enumerated:
    case WireType::set: {
      const std::uint8_t first = in.u8();
      unfoldString(column, first, in.u8());
      return;
    }
    case WireType::tinyBlob:
    case WireType::mediumBlob:
    case WireType::longBlob:
    case WireType::blob:
    case WireType::blobCompressed:
    case WireType::json:
    case WireType::geometry:
    case WireType::vector:
      column.lengthBytes = in.u8();
      return;
    case WireType::timestamp2:
    case WireType::datetime2:
    case WireType::time2:
      column.fraction = in.u8();
      return;
    case WireType::tiny:
    case WireType::shortInt:
    case WireType::int24:
    case WireType::longInt:
    case WireType::longLong:
    case WireType::null:
    case WireType::timestamp:
    case WireType::date:
    case WireType::newDate:
    case WireType::time:
    case WireType::datetime:
    case WireType::year:
      return;
    default:
      throwUnsupported(fmt::format("a column of the unknown type {}", static_cast<unsigned>(column.type)),
                       "Leave the table out of the selection.");
  }
}

bool plausible(const WireColumn& column) {
  switch (column.type) {
    case WireType::newDecimal:
      return column.precision >= 1 && column.precision <= 65 && column.scale <= 38 && column.scale <= column.precision;
    case WireType::bit:
      return column.length >= 1 && column.length <= 64;
    case WireType::set:
      return column.length >= 1 && column.length <= 8;
    case WireType::enumerated:
      return column.length == 1 || column.length == 2;
    case WireType::floatReal:
      return column.length == 4;
    case WireType::doubleReal:
      return column.length == 8;
    case WireType::timestamp2:
    case WireType::datetime2:
    case WireType::time2:
      return column.fraction <= 6;
    case WireType::tinyBlob:
    case WireType::mediumBlob:
    case WireType::longBlob:
    case WireType::blob:
    case WireType::blobCompressed:
    case WireType::json:
    case WireType::geometry:
    case WireType::vector:
      return column.lengthBytes >= 1 && column.lengthBytes <= 4;
    default:
      return true;
  }
}

bool isNumber(WireType type) {
  switch (type) {
    case WireType::tiny:
    case WireType::shortInt:
    case WireType::int24:
    case WireType::longInt:
    case WireType::longLong:
    case WireType::floatReal:
    case WireType::doubleReal:
    case WireType::newDecimal:
    case WireType::year:
      return true;
    default:
      return false;
  }
}

/// One bit for each numeric column, the first in the highest bit.
std::vector<bool> readSignedness(std::string_view bits, const std::vector<WireColumn>& columns) {
  std::vector<bool> out(columns.size(), false);
  std::size_t index = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!isNumber(columns[i].type)) continue;
    if (index / 8 >= bits.size()) throwCorrupt("the signedness in TABLE_MAP is cut off");
    out[i] = (static_cast<unsigned char>(bits[index / 8]) & 0x80U >> index % 8) != 0;
    ++index;
  }
  return out;
}

std::vector<std::string> readNames(std::string_view raw, std::size_t columns) {
  std::vector<std::string> out;
  ByteReader in(raw);
  while (in.ok() && in.left() > 0) out.emplace_back(in.slice(readLength(in)));
  if (!in.ok() || out.size() != columns) throwCorrupt("the column names in TABLE_MAP are not readable");
  return out;
}

/// The fixed part and the names.
TableMap readNamePart(ByteReader& in, const FormatDescription& format) {
  in.skip(format.postHeader(EventType::tableMap).value_or(8));
  TableMap out;
  out.database = in.slice(in.u8());
  in.skip(1);
  out.table = in.slice(in.u8());
  in.skip(1);
  if (!in.ok()) throwCorrupt("TABLE_MAP is cut off");
  return out;
}

/// What follows the null bitmap: (kind, length, value). Kinds that are not known here only describe what the plan has.
void readOptional(ByteReader& in, TableMap& out) {
  enum Kind : std::uint8_t { signedness = 1, columnNames = 4 };
  while (in.ok() && in.left() > 0) {
    const std::uint8_t kind = in.u8();
    const std::string_view value = in.slice(readLength(in));
    if (!in.ok()) break;
    if (kind == signedness) out.isUnsigned = readSignedness(value, out.columns);
    if (kind == columnNames) out.names = readNames(value, out.columns.size());
  }
  if (!in.ok()) throwCorrupt("the optional metadata in TABLE_MAP is cut off");
}

}  // namespace

std::uint64_t parseTableId(const Event& event, const FormatDescription& format) {
  ByteReader in(event.body);
  const std::uint64_t id = in.little(format.postHeader(event.header.type) == kShortTableIdHeader ? 4 : 6);
  if (!in.ok()) throwCorrupt(eventName(event.header.type) + " is cut off");
  return id;
}

TableMap parseTableName(const Event& event, const FormatDescription& format) {
  ByteReader in(event.body);
  return readNamePart(in, format);
}

TableMap parseTableMap(const Event& event, const FormatDescription& format) {
  ByteReader in(event.body);
  TableMap out = readNamePart(in, format);
  const std::uint64_t count = readLength(in);
  if (!in.ok() || count == 0 || count > kMaxColumns) throwCorrupt("TABLE_MAP is cut off");
  const std::string_view types = in.slice(count);
  ByteReader metadata(in.slice(readLength(in)));
  const std::string_view nullable = in.slice((count + 7) / 8);
  if (!in.ok()) throwCorrupt("TABLE_MAP is cut off");
  out.columns.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    WireColumn& column = out.columns[i];
    column.type = static_cast<WireType>(types[i]);
    column.nullable = (static_cast<unsigned char>(nullable[i / 8]) >> i % 8 & 1U) != 0;
    readMetadata(column, metadata);
    if (!metadata.ok() || !plausible(column))
      throwCorrupt(
          fmt::format("TABLE_MAP of {}.{} describes column {} in an impossible way", out.database, out.table, i + 1));
  }
  if (metadata.left() != 0) throwCorrupt("the metadata in TABLE_MAP is longer than its columns need");
  readOptional(in, out);
  return out;
}

std::string wireTypeName(WireType type) {
  switch (type) {
    case WireType::tiny:
      return "TINYINT";
    case WireType::shortInt:
      return "SMALLINT";
    case WireType::int24:
      return "MEDIUMINT";
    case WireType::longInt:
      return "INT";
    case WireType::longLong:
      return "BIGINT";
    case WireType::floatReal:
      return "FLOAT";
    case WireType::doubleReal:
      return "DOUBLE";
    case WireType::newDecimal:
      return "DECIMAL";
    case WireType::bit:
      return "BIT";
    case WireType::year:
      return "YEAR";
    case WireType::date:
    case WireType::newDate:
      return "DATE";
    case WireType::time:
    case WireType::time2:
      return "TIME";
    case WireType::datetime:
    case WireType::datetime2:
      return "DATETIME";
    case WireType::timestamp:
    case WireType::timestamp2:
      return "TIMESTAMP";
    case WireType::string:
      return "CHAR or BINARY";
    case WireType::varchar:
    case WireType::varString:
      return "VARCHAR or VARBINARY";
    case WireType::varcharCompressed:
      return "compressed VARCHAR";
    case WireType::blobCompressed:
      return "compressed TEXT or BLOB";
    case WireType::tinyBlob:
    case WireType::mediumBlob:
    case WireType::longBlob:
    case WireType::blob:
      return "TEXT or BLOB";
    case WireType::enumerated:
      return "ENUM";
    case WireType::set:
      return "SET";
    case WireType::json:
      return "JSON";
    case WireType::geometry:
      return "GEOMETRY";
    case WireType::vector:
      return "VECTOR";
    default:
      return fmt::format("type {}", static_cast<unsigned>(type));
  }
}

}  // namespace drs::mysql
