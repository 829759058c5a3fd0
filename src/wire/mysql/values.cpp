#include "wire/mysql/values.h"

#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
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

/// "00", "01", … "99"
constexpr auto kPairs = [] {
  std::array<char, 200> out{};
  for (std::size_t i = 0; i < 100; ++i) {
    out[2 * i] = static_cast<char>('0' + i / 10);
    out[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return out;
}();

/// The text of one value, made here and copied once: a log has many millions of them. Room for a DateTime whose fields
/// all have the ten digits of their type, and for the longest DECIMAL.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): only what put() has written is read
class ShortText {
 public:
  void put(char c) { text_[size_++] = c; }
  /// With leading zeros to `width` digits; larger values keep all digits.
  void put(unsigned value, unsigned width) {
    unsigned digits = width;
    while (digits < kPowers.size() && value >= kPowers[digits]) ++digits;
    char* const begin = text_.data() + size_;
    size_ += digits;
    for (; digits >= 2; value /= 100) {
      digits -= 2;
      std::memcpy(begin + digits, &kPairs[std::size_t{2} * (value % 100)], 2);
    }
    if (digits != 0) *begin = static_cast<char>('0' + value);
  }
  void put(std::string_view text) { size_ += text.copy(text_.data() + size_, text.size()); }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  static constexpr std::size_t kRoom = 96;
  std::array<char, kRoom> text_;
  std::size_t size_ = 0;
};

void putDate(ShortText& text, const DateTime& value) {
  text.put(value.year, 4);
  text.put('-');
  text.put(value.month, 2);
  text.put('-');
  text.put(value.day, 2);
}

void putClock(ShortText& text, const DateTime& value, unsigned fraction) {
  if (value.negative) text.put('-');
  text.put(value.hour, 2);
  text.put(':');
  text.put(value.minute, 2);
  text.put(':');
  text.put(value.second, 2);
  if (fraction == 0) return;
  text.put('.');
  text.put(value.microsecond / kPowers.at(6 - fraction), fraction);
}

/// Microseconds from the 0 to 3 bytes that `digits` digits take.
unsigned readMicroseconds(ByteReader& in, unsigned digits) {
  constexpr std::array<unsigned, 4> kUnit{0, 10000, 100, 1};
  const unsigned bytes = (digits + 1) / 2;
  return static_cast<unsigned>(in.big(bytes)) * kUnit.at(bytes);
}

/// The digits of a decimal, most significant first, all of them. The sign is the first bit, inverted, so that the bytes
/// sort like the numbers; negative numbers have all bits flipped.
class DecimalDigits {
 public:
  DecimalDigits(std::string_view raw, bool negative) : in_(raw), negative_(negative) {}
  void read(unsigned digits) {
    for (; digits >= kGroupDigits; digits -= kGroupDigits) group(kGroupDigits);
    if (digits > 0) group(digits);
  }
  [[nodiscard]] std::string_view view() const { return digits_.view(); }

 private:
  void group(unsigned count) {
    const unsigned bytes = kRestBytes[count];
    std::uint64_t value = in_.big(bytes) ^ sign_ << 8U * (bytes - 1);
    sign_ = 0;
    if (negative_) value ^= (std::uint64_t{1} << 8U * bytes) - 1;
    if (value >= kPowers[count]) throwCorrupt("a DECIMAL has an impossible digit group");
    digits_.put(static_cast<unsigned>(value), count);
  }

  ByteReader in_;
  const bool negative_;
  std::uint64_t sign_ = 0x80;  ///< in the first byte
  ShortText digits_;
};

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
  const bool negative = (static_cast<unsigned char>(raw[0]) & 0x80U) == 0;
  const unsigned whole = precision - scale;
  // The incomplete group stands first before the point and last behind it.
  DecimalDigits digits(raw, negative);
  digits.read(whole % kGroupDigits);
  digits.read(whole - whole % kGroupDigits);
  digits.read(scale);
  const std::string_view text = digits.view();
  if (negative && text.find_first_not_of('0') != std::string_view::npos) out += '-';
  const std::size_t firstDigit = std::min<std::size_t>(text.find_first_not_of('0'), whole);
  if (firstDigit == whole) out += '0';
  out.append(text, firstDigit, whole - firstDigit);
  if (scale > 0) {
    out += '.';
    out.append(text, whole);
  }
}

void appendDate(std::string& out, const DateTime& value) {
  ShortText text;
  putDate(text, value);
  out += text.view();
}

void appendTime(std::string& out, const DateTime& value, unsigned fraction) {
  ShortText text;
  putClock(text, value, fraction);
  out += text.view();
}

void appendDateTime(std::string& out, const DateTime& value, unsigned fraction) {
  ShortText text;
  putDate(text, value);
  text.put(' ');
  putClock(text, value, fraction);
  out += text.view();
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
