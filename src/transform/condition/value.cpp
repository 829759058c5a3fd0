#include "transform/condition/value.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace drs::condition {
namespace {}  // namespace

Int128 powerOfTen(int n) {
  Int128 power = 1;
  for (; n > 0; --n) power *= 10;
  return power;
}

bool fitsDecimal(Int128 number) {
  static const Int128 kLimit = powerOfTen(kMaxDigits);
  return number < kLimit && number > -kLimit;
}

std::optional<Aligned> align(const Value& a, const Value& b) {
  Aligned out{a.integer, b.integer, std::max(a.scale, b.scale)};
  const auto widen = [&](Int128& number, int scale) {
    for (; scale < out.scale; ++scale) {
      if (!fitsDecimal(number)) return false;
      number *= 10;
    }
    return fitsDecimal(number);
  };
  if (!widen(out.a, a.scale) || !widen(out.b, b.scale)) return std::nullopt;
  return out;
}

std::optional<Value> parseDecimal(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  Int128 number = 0;
  int scale = 0;
  bool point = false, any = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!isDigit(c) || !fitsDecimal(number)) return std::nullopt;
    number = number * 10 + (c - '0');
    if (point) ++scale;
    any = true;
  }
  if (!any || !fitsDecimal(number)) return std::nullopt;
  return decimalOf(negative ? -number : number, scale);
}

void appendDecimal(std::string& out, Int128 number, int scale) {
  std::array<char, 48> digits{};
  std::size_t count = 0;
  const bool negative = number < 0;
  if (negative) number = -number;
  for (; number > 0 || count <= static_cast<std::size_t>(scale); number /= 10)
    digits[count++] = static_cast<char>('0' + static_cast<int>(number % 10));
  if (negative) out += '-';
  while (count > 0) {
    if (count == static_cast<std::size_t>(scale)) out += '.';
    out += digits[--count];
  }
}

std::optional<double> toReal(const Value& value) {
  if (value.kind == ValueKind::real) return value.real;
  if (value.kind == ValueKind::integer) {
    if (value.integer > kMaxExactReal || value.integer < -kMaxExactReal) return std::nullopt;
    return static_cast<double>(value.integer);
  }
  std::string text;
  appendDecimal(text, value.integer, value.scale);
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<double> textToReal(std::string_view text) {
  constexpr std::size_t kMaxMantissa = 15;
  constexpr int kMaxExponent = 22;
  std::size_t at = 0;
  while (at < text.size() && text[at] == ' ') ++at;
  if (at < text.size() && static_cast<unsigned char>(text[at]) < ' ') return std::nullopt;  // other white space
  const std::size_t start = at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t digits = at;
  std::size_t count = 0;
  while (at < text.size() && isDigit(text[at])) ++at, ++count;
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && isDigit(text[at])) ++at, ++count;
  }
  if (count == 0) return 0.0;
  if (count > kMaxMantissa) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t next = at + 1;
    const bool sign = next < text.size() && (text[next] == '+' || text[next] == '-');
    if (sign) ++next;
    int exponent = 0;
    const std::size_t first = next;
    for (; next < text.size() && isDigit(text[next]); ++next) {
      exponent = exponent * 10 + (text[next] - '0');
      if (exponent > kMaxExponent) return std::nullopt;
    }
    // A mark of an exponent without digits: the two servers' own affair.
    if (next == first) return std::nullopt;
    at = next;
  }
  const std::size_t begin = text[start] == '+' ? digits : start;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + at, out);
  if (error != std::errc()) return std::nullopt;
  return out;
}

}  // namespace drs::condition
