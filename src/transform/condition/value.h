#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace drs::condition {

__extension__ using Int128 = __int128;

enum class ValueKind : std::uint8_t {
  null,
  integer,   ///< Value::integer, signed or unsigned
  decimal,   ///< integer × 10^−scale
  real,      ///< Value::real
  text,      ///< Value::text
  temporal,  ///< integer: packTemporal()
  ask,       ///< only the server can say
  error,     ///< the server ends the statement with an error: Value::text
};

/// A value during evaluation; `text` points into the row or into the Scope.
struct Value {
  ValueKind kind = ValueKind::null;
  bool isUnsigned = false;  ///< of integers: a BIGINT UNSIGNED
  int scale = 0;            ///< of decimals
  Int128 integer = 0;
  double real = 0;
  std::string_view text = {};

  [[nodiscard]] bool isNull() const { return kind == ValueKind::null; }
  [[nodiscard]] bool isAsk() const { return kind == ValueKind::ask; }
  /// Neither NULL nor ask nor error.
  [[nodiscard]] bool isPlain() const { return !isNull() && !isAsk() && kind != ValueKind::error; }
};

[[nodiscard]] inline Value askServer() {
  Value value;
  value.kind = ValueKind::ask;
  return value;
}
[[nodiscard]] inline Value errorOf(std::string_view why) {
  Value value;
  value.kind = ValueKind::error;
  value.text = why;
  return value;
}
[[nodiscard]] inline Value integerOf(Int128 number, bool isUnsigned = false) {
  Value value;
  value.kind = ValueKind::integer;
  value.integer = number;
  value.isUnsigned = isUnsigned;
  return value;
}
[[nodiscard]] inline Value truthOf(bool holds) {
  return integerOf(holds ? 1 : 0);
}
[[nodiscard]] inline Value realOf(double number) {
  Value value;
  value.kind = ValueKind::real;
  value.real = number;
  return value;
}
[[nodiscard]] inline Value decimalOf(Int128 number, int scale) {
  Value value;
  value.kind = ValueKind::decimal;
  value.integer = number;
  value.scale = scale;
  return value;
}
[[nodiscard]] inline Value textOf(std::string_view text) {
  Value value;
  value.kind = ValueKind::text;
  value.text = text;
  return value;
}
[[nodiscard]] inline Value temporalOf(Int128 packed) {
  Value value;
  value.kind = ValueKind::temporal;
  value.integer = packed;
  return value;
}

constexpr Int128 kMaxSigned = std::numeric_limits<std::int64_t>::max();
constexpr Int128 kMinSigned = std::numeric_limits<std::int64_t>::min();
constexpr Int128 kMaxUnsigned = std::numeric_limits<std::uint64_t>::max();
/// Integers up to here are doubles without rounding.
constexpr Int128 kMaxExactReal = Int128{1} << 53;
/// Decimals beyond 36 digits are the server's.
constexpr int kMaxDigits = 36;

/// 10^n, n ≤ kMaxDigits.
[[nodiscard]] Int128 powerOfTen(int n);
/// False if |number| has more than kMaxDigits digits.
[[nodiscard]] bool fitsDecimal(Int128 number);
/// Both as integers of the larger of the two scales; nothing if one gets too long.
struct Aligned {
  Int128 a, b;
  int scale;
};
[[nodiscard]] std::optional<Aligned> align(const Value& a, const Value& b);

/// Decimal text ("-12.50"); nothing if it is none or too long.
[[nodiscard]] std::optional<Value> parseDecimal(std::string_view text);
void appendDecimal(std::string& out, Int128 number, int scale);

/// An integer, decimal or real as a double; nothing if an integer is not exact as one.
[[nodiscard]] std::optional<double> toReal(const Value& value);
/// The number that a text begins with, as the servers read texts in numeric places; nothing if it is not certain.
[[nodiscard]] std::optional<double> textToReal(std::string_view text);

}  // namespace drs::condition
