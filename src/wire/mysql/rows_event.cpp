#include "wire/mysql/rows_event.h"

#include "base/bytes.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/table_map.h"
#include "wire/mysql/varlen.h"
#include "wire/mysql/wire_error.h"

#include <array>

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

/// By type; null: no rows event.
constexpr auto kVariantOf = [] {
  std::array<const Variant*, 256> out{};
  for (const Variant& variant : kVariants) out[static_cast<std::size_t>(variant.type)] = &variant;
  return out;
}();

const Variant* variantOf(EventType type) {
  return kVariantOf[static_cast<std::size_t>(type)];
}

bool isFull(std::string_view present, std::uint64_t columns, std::span<const ColumnFormat> formats) {
  bool any = false;  // an image of no column has no bytes either: rows of them could not be counted
  for (std::uint64_t i = 0; i < columns; ++i) {
    any = any || isPresent(present, i);
    if (!isPresent(present, i) && (i >= formats.size() || !formats[i].mayBeAbsent)) return false;
  }
  return any;
}

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

bool hasFullImages(const RowsEvent& event, std::span<const ColumnFormat> formats) {
  return isFull(event.present, event.columns, formats) &&
         (event.kind != RowsKind::update || isFull(event.presentAfter, event.columns, formats));
}

}  // namespace drs::mysql
