#include "wire/mysql/values.h"

#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>

namespace drs::mysql {
namespace {

/// Nine decimal digits share four bytes; a rest of n digits takes kRestBytes[n].
constexpr unsigned kGroupDigits = 9, kGroupBytes = 4;
constexpr std::array<unsigned, 10> kRestBytes{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<std::uint32_t, 10> kPowers{1,      10,      100,      1000,      10000,
                                                100000, 1000000, 10000000, 100000000, 1000000000};

/// Of columns 65; a DECIMAL within JSON comes with leading zeros, up to the nine groups of the servers' own form.
constexpr unsigned kMostDigits = 81;

/// Two digits, as in dates; larger values keep all digits.
void appendPadded(std::string& out, unsigned value, unsigned width) {
  fmt::format_to(std::back_inserter(out), "{:0{}}", value, width);
}

void appendFraction(std::string& out, unsigned microsecond, unsigned digits) {
  if (digits == 0) return;
  out += '.';
  appendPadded(out, microsecond / kPowers.at(6 - digits), digits);
}

/// Microseconds from the 0 to 3 bytes that `digits` digits take.
unsigned readMicroseconds(ByteReader& in, unsigned digits) {
  constexpr std::array<unsigned, 4> kUnit{0, 10000, 100, 1};
  const unsigned bytes = (digits + 1) / 2;
  return static_cast<unsigned>(in.big(bytes)) * kUnit.at(bytes);
}

/// One part (before or behind the point) of a decimal: its digits, most significant first, all of them.
void appendDigits(std::string& out, ByteReader& in, unsigned digits, unsigned flip) {
  const auto group = [&](unsigned count) {
    const unsigned bytes = kRestBytes.at(count);
    const std::uint64_t mask = flip != 0 ? (std::uint64_t{1} << 8U * bytes) - 1 : 0;
    const std::uint64_t value = in.big(bytes) ^ mask;
    if (value >= kPowers.at(count)) throwCorrupt("a DECIMAL has an impossible digit group");
    appendPadded(out, static_cast<unsigned>(value), count);
  };
  for (; digits >= kGroupDigits; digits -= kGroupDigits) group(kGroupDigits);
  if (digits > 0) group(digits);
}

}  // namespace

std::size_t decimalBytes(unsigned precision, unsigned scale) {
  const unsigned whole = precision - scale;
  return whole / kGroupDigits * kGroupBytes + kRestBytes.at(whole % kGroupDigits) + scale / kGroupDigits * kGroupBytes +
         kRestBytes.at(scale % kGroupDigits);
}

void appendDecimal(std::string& out, std::string_view raw, unsigned precision, unsigned scale) {
  if (precision == 0 || precision > kMostDigits || scale > precision || raw.size() != decimalBytes(precision, scale)) {
    throwCorrupt("a DECIMAL has an impossible shape");
  }
  // The sign is the first bit, inverted, so that the bytes sort like the numbers; negative numbers have all bits
  // flipped.
  std::array<char, kMostDigits> copy{};
  raw.copy(copy.data(), raw.size());
  copy[0] = static_cast<char>(static_cast<unsigned char>(copy[0]) ^ 0x80U);
  const bool negative = (static_cast<unsigned char>(raw[0]) & 0x80U) == 0;
  ByteReader in({copy.data(), raw.size()});
  const unsigned flip = negative ? 1 : 0;
  std::string digits;  // at most 83 characters
  const unsigned whole = precision - scale;
  // The incomplete group stands first before the point and last behind it.
  appendDigits(digits, in, whole % kGroupDigits, flip);
  appendDigits(digits, in, whole - whole % kGroupDigits, flip);
  appendDigits(digits, in, scale, flip);
  if (negative && digits.find_first_not_of('0') != std::string::npos) out += '-';
  const std::string_view text = digits;
  const std::size_t firstDigit = std::min<std::size_t>(text.substr(0, whole).find_first_not_of('0'), whole);
  if (firstDigit == whole) out += '0';
  out += text.substr(firstDigit, whole - firstDigit);
  if (scale > 0) {
    out += '.';
    out += text.substr(whole);
  }
}

void appendDate(std::string& out, const DateTime& value) {
  appendPadded(out, value.year, 4);
  out += '-';
  appendPadded(out, value.month, 2);
  out += '-';
  appendPadded(out, value.day, 2);
}

void appendTime(std::string& out, const DateTime& value, unsigned fraction) {
  if (value.negative) out += '-';
  appendPadded(out, value.hour, 2);
  out += ':';
  appendPadded(out, value.minute, 2);
  out += ':';
  appendPadded(out, value.second, 2);
  appendFraction(out, value.microsecond, fraction);
}

void appendDateTime(std::string& out, const DateTime& value, unsigned fraction) {
  appendDate(out, value);
  out += ' ';
  appendTime(out, value, fraction);
}

DateTime readDate(ByteReader& in) {
  const std::uint32_t packed = in.u24();
  DateTime out;
  out.day = packed & 31U;
  out.month = packed >> 5U & 15U;
  out.year = packed >> 9U;
  return out;
}

DateTime unpackTime(std::int64_t packed) {
  DateTime out;
  out.negative = packed < 0;
  // Through unsigned arithmetic: the smallest integer has no positive twin.
  const std::uint64_t size = out.negative ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
  const std::uint64_t clock = size >> 24U;
  out.hour = static_cast<unsigned>(clock >> 12U & 0x3ffU);
  out.minute = static_cast<unsigned>(clock >> 6U & 63U);
  out.second = static_cast<unsigned>(clock & 63U);
  out.microsecond = static_cast<unsigned>(size & 0xffffffU);
  return out;
}

DateTime unpackDateTime(std::int64_t packed) {
  DateTime out = unpackTime(packed);
  out.negative = false;
  const std::uint64_t size = packed < 0 ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
  const std::uint64_t days = size >> 41U;  // 24 bits of microseconds, 17 of the clock
  out.hour = static_cast<unsigned>(size >> 36U & 31U);
  out.day = static_cast<unsigned>(days & 31U);
  out.month = static_cast<unsigned>((days >> 5U) % 13U);
  out.year = static_cast<unsigned>((days >> 5U) / 13U);
  return out;
}

DateTime readTime2(ByteReader& in, unsigned fraction) {
  const unsigned bytes = (fraction + 1) / 2;
  // Whole and fraction form one number with its zero in the middle of the range; the fraction's unit depends on its
  // bytes.
  const auto raw = static_cast<std::int64_t>(in.big(3 + bytes));
  std::int64_t value = raw - (std::int64_t{0x800000} << 8U * bytes);
  const bool negative = value < 0;
  if (negative) value = -value;
  constexpr std::array<std::int64_t, 4> kUnit{0, 10000, 100, 1};
  const std::int64_t part = value & ((std::int64_t{1} << 8U * bytes) - 1);
  DateTime out = unpackTime(value >> 8U * bytes << 24U | part * kUnit.at(bytes));
  out.negative = negative;
  return out;
}

DateTime readDateTime2(ByteReader& in, unsigned fraction) {
  const auto whole = static_cast<std::int64_t>(in.big(5)) - 0x8000000000;
  if (whole < 0) {
    in.fail();
    return {};
  }
  DateTime out = unpackDateTime(whole << 24U);
  out.microsecond = readMicroseconds(in, fraction);
  return out;
}

DateTime readTime(ByteReader& in) {
  std::int64_t value = in.u24();
  if (value >= 0x800000) value -= 0x1000000;
  DateTime out;
  out.negative = value < 0;
  const auto size = static_cast<unsigned>(out.negative ? -value : value);
  out.hour = size / 10000;
  out.minute = size / 100 % 100;
  out.second = size % 100;
  return out;
}

DateTime readDateTime(ByteReader& in) {
  const std::uint64_t value = in.u64();
  if (value > 99999999999999) {
    in.fail();
    return {};
  }
  const auto date = static_cast<unsigned>(value / 1000000);
  const auto clock = static_cast<unsigned>(value % 1000000);
  return {date / 10000, date / 100 % 100, date % 100, clock / 10000, clock / 100 % 100, clock % 100, 0, false};
}

namespace {

DateTime fromUnix(std::uint32_t seconds, unsigned microsecond) {
  if (seconds == 0 && microsecond == 0) return {};
  using namespace std::chrono;
  const sys_seconds at{std::chrono::seconds(seconds)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const auto clock = static_cast<unsigned>((at - day).count());
  return {static_cast<unsigned>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          clock / 3600,
          clock / 60 % 60,
          clock % 60,
          microsecond,
          false};
}

}  // namespace

DateTime readTimestamp2(ByteReader& in, unsigned fraction) {
  const auto seconds = static_cast<std::uint32_t>(in.big(4));
  return fromUnix(seconds, readMicroseconds(in, fraction));
}

DateTime readTimestamp(ByteReader& in) {
  return fromUnix(in.u32(), 0);
}

void appendUuid(std::string& out, std::string_view stored) {
  // As the server tells the two forms apart: in a reversed one the variant stands in byte 6 and the version in byte 8.
  const auto variant = static_cast<signed char>(stored.at(6));
  const auto version = static_cast<signed char>(stored.at(8));
  const bool reversed = ((static_cast<unsigned>(variant) & static_cast<unsigned>(-version)) & 0x80U) != 0;
  if (!reversed) {
    out += stored.substr(0, kUuidBytes);
    return;
  }
  struct Part {
    std::size_t at, length;
  };
  for (const Part part : {Part{12, 4}, Part{10, 2}, Part{8, 2}, Part{6, 2}, Part{0, 6}})
    out += stored.substr(part.at, part.length);
}

}  // namespace drs::mysql
