#include "wire/mysql/row_layout.h"

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

namespace drs::mysql {

/// The rows at hand and where their values go.
struct RowLayout::Input {
  ByteReader in;
  RowValueSink& sink;
  std::string text = {};                                         ///< a value in the making
  std::vector<std::optional<std::string_view>> jsonBefore = {};  ///< of the row at hand, by column
};

/// Which columns an image has.
struct RowLayout::Image {
  std::string_view bitmap;
  std::size_t nullBytes = 0;  ///< there is a bit for each column that is present
  bool isWhole = false;       ///< all are
  [[nodiscard]] bool has(std::size_t column) const { return isWhole || isPresent(bitmap, column); }
};

namespace {

/// `size` bytes from now on, of which the next ones tell.
template <std::size_t kLengthBytes>
std::string_view lengthAndBytes(ByteReader& in) {
  return in.slice(in.little<kLengthBytes>());
}

}  // namespace

/// The steps: each reads a value that is not NULL. After an overrun what they give is of no value, and dropped.
struct RowLayout::Steps {
  template <std::size_t kBytes>
  static void signedInteger(Input& input, const Step& /*step*/) {
    constexpr unsigned kUnused = 64U - 8U * kBytes;
    input.sink.onSigned(static_cast<std::int64_t>(input.in.little<kBytes>() << kUnused) >> kUnused);
  }
  template <std::size_t kBytes>
  static void unsignedInteger(Input& input, const Step& /*step*/) {
    input.sink.onUnsigned(input.in.little<kBytes>());
  }
  static void float32(Input& input, const Step& /*step*/) {
    input.sink.onReal(static_cast<double>(std::bit_cast<float>(input.in.u32())));
  }
  static void float64(Input& input, const Step& /*step*/) { input.sink.onReal(std::bit_cast<double>(input.in.u64())); }
  static void bits(Input& input, const Step& step) {
    input.sink.onUnsigned(input.in.big((step.column.length + 7) / 8));
  }
  static void enumOrSet(Input& input, const Step& step) { input.sink.onUnsigned(input.in.little(step.column.length)); }
  static void year(Input& input, const Step& /*step*/) {
    const std::uint8_t raw = input.in.u8();
    input.sink.onUnsigned(raw == 0 ? 0 : 1900U + raw);
  }

  static void decimal(Input& input, const Step& step) {
    const std::string_view raw = input.in.slice(step.valueBytes);
    if (!input.in.ok()) return;
    input.text.clear();
    appendDecimal(input.text, raw, step.column.precision, step.column.scale);
    input.sink.onNumber(input.text);
  }

  template <std::size_t kLengthBytes>
  static void bytes(Input& input, const Step& /*step*/) {
    input.sink.onText(lengthAndBytes<kLengthBytes>(input.in));
  }

  template <std::size_t kLengthBytes>
  static void compressed(Input& input, const Step& /*step*/) {
    input.sink.onText(inflateColumn(lengthAndBytes<kLengthBytes>(input.in), input.text));
  }

  /// CHAR and BINARY.
  template <std::size_t kLengthBytes>
  static void fixedBytes(Input& input, const Step& step) {
    const std::string_view raw = lengthAndBytes<kLengthBytes>(input.in);
    if (raw.size() > step.column.length) return input.in.fail();
    if (!step.format.padWithZeros || raw.size() == step.column.length) return input.sink.onText(raw);
    input.text = raw;
    input.text.resize(step.column.length, '\0');
    input.sink.onText(input.text);
  }

  static void uuid(Input& input, const Step& step) {
    const std::string_view raw = lengthAndBytes<1>(input.in);
    if (step.column.length != kUuidBytes || raw.size() > kUuidBytes) return input.in.fail();
    std::array<char, kUuidBytes> stored{};
    raw.copy(stored.data(), raw.size());
    input.text.clear();
    appendUuid(input.text, {stored.data(), stored.size()});
    input.sink.onText(input.text);
  }

  static void json(Input& input, const Step& step) {
    const std::string_view raw = input.in.slice(input.in.little(step.column.lengthBytes));
    if (!input.in.ok()) return;
    input.text.clear();
    appendJson(input.text, raw);
    input.sink.onText(input.text);
  }

  static void date(Input& input, const Step& /*step*/) {
    input.text.clear();
    appendDate(input.text, readDate(input.in));
    input.sink.onText(input.text);
  }
  template <auto kRead, auto kAppend>
  static void whole(Input& input, const Step& /*step*/) {
    input.text.clear();
    kAppend(input.text, kRead(input.in), 0);
    input.sink.onText(input.text);
  }
  template <auto kRead, auto kAppend>
  static void fractional(Input& input, const Step& step) {
    input.text.clear();
    kAppend(input.text, kRead(input.in, step.column.fraction), step.column.fraction);
    input.sink.onText(input.text);
  }

  static void unsupported(Input& /*input*/, const Step& step) {
    throwUnsupported("a column of type " + wireTypeName(step.column.type), "Leave the table out of the selection.");
  }

  template <std::size_t kBytes>
  static Read integer(const ColumnFormat& format) {
    return format.isUnsigned ? unsignedInteger<kBytes> : signedInteger<kBytes>;
  }
  static Read blob(const WireColumn& column) {
    constexpr std::array<Read, 4> kByLengthBytes{bytes<1>, bytes<2>, bytes<3>, bytes<4>};
    return kByLengthBytes.at(column.lengthBytes - 1U);
  }
  static Read compressedBlob(const WireColumn& column) {
    constexpr std::array<Read, 4> kByLengthBytes{compressed<1>, compressed<2>, compressed<3>, compressed<4>};
    return kByLengthBytes.at(column.lengthBytes - 1U);
  }
  static Read choose(const WireColumn& column, const ColumnFormat& format);
};

RowLayout::Read RowLayout::Steps::choose(const WireColumn& column, const ColumnFormat& format) {
  const bool isLong = column.length > 255;  // then two bytes tell the length of a value
  switch (column.type) {
    case WireType::tiny:
      return integer<1>(format);
    case WireType::shortInt:
      return integer<2>(format);
    case WireType::int24:
      return integer<3>(format);
    case WireType::longInt:
      return integer<4>(format);
    case WireType::longLong:
      return integer<8>(format);
    case WireType::floatReal:
      return float32;
    case WireType::doubleReal:
      return float64;
    case WireType::newDecimal:
      return decimal;
    case WireType::bit:
      return bits;
    case WireType::year:
      return year;
    case WireType::enumerated:
    case WireType::set:
      return enumOrSet;
    case WireType::string:
      if (format.isUuid) return uuid;
      return isLong ? fixedBytes<2> : fixedBytes<1>;
    case WireType::varchar:
    case WireType::varString:
      return isLong ? bytes<2> : bytes<1>;
    case WireType::varcharCompressed:
      return isLong ? compressed<2> : compressed<1>;
    case WireType::blobCompressed:
      return compressedBlob(column);
    case WireType::tinyBlob:
    case WireType::mediumBlob:
    case WireType::longBlob:
    case WireType::blob:
    case WireType::geometry:
    case WireType::vector:
      return blob(column);
    case WireType::json:
      return json;
    case WireType::date:
    case WireType::newDate:
      return date;
    case WireType::time:
      return whole<readTime, appendTime>;
    case WireType::time2:
      return fractional<readTime2, appendTime>;
    case WireType::datetime:
      return whole<readDateTime, appendDateTime>;
    case WireType::datetime2:
      return fractional<readDateTime2, appendDateTime>;
    case WireType::timestamp:
      return whole<readTimestamp, appendDateTime>;
    case WireType::timestamp2:
      return fractional<readTimestamp2, appendDateTime>;
    default:
      return unsupported;
  }
}

RowLayout::RowLayout(const TableMap& map, std::span<const ColumnFormat> formats)
    : name_(map.database + "." + map.table) {
  if (formats.size() != map.columns.size()) throwCorrupt("a rows event and its TABLE_MAP differ in width");
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const WireColumn& column = map.columns[i];
    const bool isDecimal = column.type == WireType::newDecimal;
    const std::size_t valueBytes = isDecimal ? decimalBytes(column.precision, column.scale) : 0;
    steps_.push_back({Steps::choose(column, formats[i]), column, formats[i], valueBytes});
    jsonColumns_ += column.type == WireType::json ? 1 : 0;
  }
}

RowLayout::Image RowLayout::imageOf(std::string_view bitmap) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) count += isPresent(bitmap, i) ? 1 : 0;
  return {bitmap, (count + 7) / 8, count == steps_.size()};
}

/// One row: a bit for each column that is present says whether it is NULL, then come the values.
void RowLayout::readImage(Input& input, const Image& image) const {
  const std::string_view nulls = input.in.slice(image.nullBytes);
  if (nulls.empty()) return input.in.fail();  // it has no column: rows could not be counted
  std::size_t bit = 0;
  for (std::size_t i = 0; i < steps_.size() && input.in.ok(); ++i) {
    if (!image.has(i))
      input.sink.onAbsent();
    else if (isPresent(nulls, bit++))
      input.sink.onNull();
    else
      steps_[i].read(input, steps_[i]);
  }
}

/// A row of PARTIAL_UPDATE_ROWS. That before the change is as above, and its JSON values are remembered. The other
/// begins with options; then, if they say so, comes a bit for each JSON column of the table, present or not: the
/// value is written as changes of the one before.
void RowLayout::readPartialImage(Input& input, const Image& image, bool isAfter) const {
  constexpr std::uint64_t kPartialJson = 1;
  std::string_view partial;
  if (isAfter) {
    const std::uint64_t options = readLength(input.in);
    if (options > kPartialJson) throwUnsupported("rows with unknown options", "Report the source's version.");
    if (options == kPartialJson) partial = input.in.slice((jsonColumns_ + 7) / 8);
  } else {
    input.jsonBefore.assign(steps_.size(), std::nullopt);
  }
  const std::string_view nulls = input.in.slice(image.nullBytes);
  if (nulls.empty()) return input.in.fail();
  std::size_t bit = 0, jsonBit = 0;
  for (std::size_t i = 0; i < steps_.size() && input.in.ok(); ++i) {
    const bool isJson = steps_[i].column.type == WireType::json;
    const bool isChange = isJson && !partial.empty() && isPresent(partial, jsonBit++);
    if (!image.has(i))
      input.sink.onAbsent();
    else if (isPresent(nulls, bit++))
      input.sink.onNull();
    else if (isJson)
      readPartialJson(input, i, isAfter, isChange);
    else
      steps_[i].read(input, steps_[i]);
  }
}

void RowLayout::readPartialJson(Input& input, std::size_t column, bool isAfter, bool isChange) const {
  const std::string_view raw = input.in.slice(input.in.little(steps_[column].column.lengthBytes));
  if (!input.in.ok()) return;
  input.text.clear();
  if (!isChange) {
    if (!isAfter) input.jsonBefore[column] = raw;
    appendJson(input.text, raw);
  } else if (const auto& before = input.jsonBefore[column]) {
    appendChangedJson(input.text, *before, raw);
  } else {
    throwCorrupt("a change of a JSON value came without the value before it");
  }
  input.sink.onText(input.text);
}

std::size_t RowLayout::decode(const RowsEvent& event, RowValueSink& sink) const {
  if (event.columns != steps_.size()) throwCorrupt("a rows event and its TABLE_MAP differ in width");
  const bool isUpdate = event.kind == RowsKind::update;
  const Image before = imageOf(event.present);
  const Image after = isUpdate ? imageOf(event.presentAfter) : before;
  Input input{ByteReader(event.rows), sink};
  std::size_t images = 0;
  while (input.in.left() > 0) {
    const bool isAfter = isUpdate && images % 2 != 0;
    const Image& image = isAfter ? after : before;
    if (event.partialJson)
      readPartialImage(input, image, isAfter);
    else
      readImage(input, image);
    if (!input.in.ok()) throwCorrupt(fmt::format("a row of {} is cut off", name_));
    ++images;
  }
  if (isUpdate && images % 2 != 0) throwCorrupt("an update has a row without its second half");
  return images;
}

}  // namespace drs::mysql
