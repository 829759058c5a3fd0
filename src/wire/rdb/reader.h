#pragma once

#include "base/bytes.h"
#include "wire/rdb/lzf.h"
#include "wire/rdb/rdb_error.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

// Lengths and strings of the RDB format over ByteReader. An overrun leaves the reader failed and gives zeros.

namespace drs::rdb {

/// A length, or with `encoded` set the number of a special form of string.
struct Length {
  std::uint64_t value = 0;
  bool encoded = false;
};

/// 00xxxxxx 6 bits; 01xxxxxx 14 bits; 0x80 and 0x81: 32 and 64 bits big-endian; 11xxxxxx: a form of string.
inline Length readLengthOrForm(ByteReader& in) {
  const std::uint8_t first = in.u8();
  const std::uint64_t low = first & 0x3fU;
  switch (first >> 6U) {
    case 0:
      return {low, false};
    case 1:
      return {low << 8U | in.u8(), false};
    case 2:
      if (first == 0x80) return {in.big(4), false};
      if (first == 0x81) return {in.big(8), false};
      throwCorrupt("a length has an unknown form");
    default:
      return {low, true};
  }
}

inline std::uint64_t readLength(ByteReader& in) {
  const Length length = readLengthOrForm(in);
  if (length.encoded) throwCorrupt("a special form stands where a number must be");
  return length.value;
}

/// A string as it is stored: nothing has been unpacked or copied.
struct RawString {
  enum class Form : std::uint8_t { plain = 255, int8 = 0, int16 = 1, int32 = 2, lzf = 3 };
  Form form = Form::plain;
  std::string_view bytes;
  std::uint64_t unpacked = 0;  ///< bytes that an LZF string says it has
};

inline RawString readRawString(ByteReader& in) {
  RawString out;
  const Length length = readLengthOrForm(in);
  if (!length.encoded) {
    out.bytes = in.slice(length.value);
    return out;
  }
  if (length.value > 3) throwCorrupt("a string has an unknown form");
  out.form = static_cast<RawString::Form>(length.value);
  if (out.form == RawString::Form::lzf) {
    const std::uint64_t packed = readLength(in);
    out.unpacked = readLength(in);
    out.bytes = in.slice(packed);
  } else {
    out.bytes = in.slice(std::size_t{1} << length.value);
  }
  return out;
}

/// Digits of an integer; enough for any of 64 bits with its sign.
constexpr std::size_t kIntegerBytes = 24;
inline std::string_view integerText(std::int64_t value, char* buffer) {
  return {buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + kIntegerBytes, value).ptr - buffer)};
}

/// A little-endian integer of 1 to 8 bytes in two's complement; of the first bytes, which must be there.
inline std::int64_t signedLittle(std::string_view bytes, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
  const std::uint64_t sign = std::uint64_t{1} << (8 * width - 1);
  return static_cast<std::int64_t>((value ^ sign) - sign);
}

/// The text of a string: itself, or in `scratch`. Throws Error(logCorrupt) if it cannot be unpacked.
inline std::string_view textOf(const RawString& string, std::string& scratch) {
  if (string.form == RawString::Form::plain) return string.bytes;
  if (string.form == RawString::Form::lzf) {
    if (!unpackLzf(string.bytes, string.unpacked, scratch)) throwCorrupt("a compressed string cannot be unpacked");
    return scratch;
  }
  scratch.resize(kIntegerBytes);
  return integerText(signedLittle(string.bytes, string.bytes.size()), scratch.data());
}

}  // namespace drs::rdb
