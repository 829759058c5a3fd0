#include "transform/condition/functions.h"
#include "transform/condition/temporal.h"

#include <cmath>

// CAST and CONVERT.

namespace drs::condition {
namespace {

constexpr int kMaxPrecision = 30;

/// SIGNED and UNSIGNED (number 1).
Value evaluateInteger(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const bool isUnsigned = expr.number != 0;
  Int128 whole = value.integer;
  if (value.kind == ValueKind::decimal) {
    const Int128 unit = powerOfTen(value.scale);
    const Int128 rest = value.integer % unit;
    whole = value.integer / unit + (rest * 2 >= unit ? 1 : 0) - (rest * 2 <= -unit ? 1 : 0);
    if (isUnsigned && whole < 0) return askServer();
  } else if (value.kind == ValueKind::text) {
    // Only what is an integer from end to end: of the rest the servers make their own.
    const std::string_view digits = value.text.starts_with('-') ? value.text.substr(1) : value.text;
    constexpr std::size_t kMaxDigits18 = 18;
    if (digits.empty() || digits.size() > kMaxDigits18) return askServer();
    whole = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return askServer();
      whole = whole * 10 + (c - '0');
    }
    if (value.text.starts_with('-')) whole = -whole;
    if (isUnsigned && whole < 0) return askServer();
  } else if (value.kind == ValueKind::real) {
    if (value.real != std::floor(value.real) || std::fabs(value.real) > static_cast<double>(kMaxExactReal))
      return askServer();
    whole = static_cast<Int128>(value.real);
    if (isUnsigned && whole < 0) return askServer();
  }
  const auto bits = static_cast<std::uint64_t>(whole);
  if (value.kind != ValueKind::integer && (whole > kMaxSigned || whole < kMinSigned)) return askServer();
  return isUnsigned ? integerOf(bits, true) : integerOf(static_cast<std::int64_t>(bits));
}

/// number: the greatest absolute value is 10^number.
Value evaluateDecimal(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  Int128 number = value.integer;
  for (int scale = value.scale; scale < expr.type.scale; ++scale) {
    if (!fitsDecimal(number)) return askServer();
    number *= 10;
  }
  if (value.scale > expr.type.scale) {
    const Int128 unit = powerOfTen(value.scale - expr.type.scale);
    const Int128 rest = number % unit;
    number = number / unit + (rest * 2 >= unit ? 1 : 0) - (rest * 2 <= -unit ? 1 : 0);
  }
  const Int128 limit = powerOfTen(static_cast<int>(expr.number));
  return number >= limit || number <= -limit ? askServer() : decimalOf(number, expr.type.scale);
}

Value evaluateDay(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  Moment moment = unpackTemporal(value.integer);
  if (!isRealDate(moment)) return askServer();
  moment.hour = moment.minute = moment.second = moment.micro = 0;
  return temporalOf(packTemporal(moment));
}

Value evaluateBytes(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  return isAscii(value.text) ? value : askServer();
}

std::optional<Expr> toInteger(Expr value, bool isUnsigned) {
  const Type& type = value.type;
  const bool isPlainText = type.isText() && !type.isLabel && type.collation.isAsciiBased;
  if (!type.isNumber() && !isPlainText) return std::nullopt;
  std::vector<Expr> args;
  args.push_back(std::move(value));
  Expr out = expressionOf(TypeKind::integer, evaluateInteger, std::move(args));
  out.type.isUnsigned = isUnsigned;
  out.number = isUnsigned ? 1 : 0;
  return out;
}

std::optional<Expr> toDecimal(Expr value, std::span<const unsigned> sizes) {
  const unsigned precision = sizes.empty() ? 10 : sizes[0], scale = sizes.size() > 1 ? sizes[1] : 0;
  if (!value.type.isExact() || precision == 0 || precision > kMaxPrecision || scale > precision) return std::nullopt;
  std::vector<Expr> args;
  args.push_back(std::move(value));
  Expr out = expressionOf(TypeKind::decimal, evaluateDecimal, std::move(args));
  out.type.scale = static_cast<int>(scale);
  out.number = precision;
  return out;
}

std::optional<Expr> toBytes(Expr value) {
  if (!value.type.isText() || value.type.isLabel || !value.type.collation.isAsciiBased) return std::nullopt;
  std::vector<Expr> args;
  args.push_back(std::move(value));
  Expr out = expressionOf(TypeKind::text, evaluateBytes, std::move(args));
  out.type.collation = describeCollation("binary", "binary");
  out.type.strength = kImplicit;
  return out;
}

}  // namespace

std::optional<Expr> makeCast(Expr value, std::string_view type, std::span<const unsigned> sizes,
                             const Context& context) {
  if (type == "DECIMAL") return toDecimal(std::move(value), sizes);
  if (!sizes.empty()) return std::nullopt;
  if (type == "SIGNED" || type == "UNSIGNED") return toInteger(std::move(value), type == "UNSIGNED");
  if (type == "BINARY") return toBytes(std::move(value));
  if (type == "CHAR" && value.type.kind == TypeKind::integer) {
    auto out = asText(std::move(value), context.connection);
    if (out) out->type.strength = kImplicit;
    return out;
  }
  if (type == "DATE" && value.type.hasDate()) {
    std::vector<Expr> args;
    args.push_back(std::move(value));
    return expressionOf(TypeKind::date, evaluateDay, std::move(args));
  }
  return std::nullopt;
}

}  // namespace drs::condition
