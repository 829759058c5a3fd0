#include "transform/condition/operators.h"

#include <array>
#include <cmath>

namespace drs::condition {
namespace {

constexpr std::string_view kIntegerRange = "a BIGINT value is out of range";
constexpr std::string_view kRealRange = "a DOUBLE value is out of range";
/// div_precision_increment of the session that is asked; the servers' default.
constexpr int kDivisionDigits = 4;
constexpr int kMaxScale = 30;

Value ranged(Int128 number, bool isUnsigned) {
  if (isUnsigned ? number < 0 || number > kMaxUnsigned : number < kMinSigned || number > kMaxSigned)
    return errorOf(kIntegerRange);
  return integerOf(number, isUnsigned);
}

Value finite(double number) {
  return std::isfinite(number) ? realOf(number) : errorOf(kRealRange);
}

Value evaluateIntegers(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const Int128 a = v[0].integer, b = v[1].integer;
  // MariaDB takes 0 - -9223372036854775808 for -9223372036854775808, without an error.
  if (a == kMinSigned || b == kMinSigned) return askServer();
  switch (expr.number) {
    case '+':
      return ranged(a + b, expr.type.isUnsigned);
    case '-':
      return ranged(a - b, expr.type.isUnsigned);
    case '*': {
      Int128 product = 0;
      if (__builtin_mul_overflow(a, b, &product)) return errorOf(kIntegerRange);
      return ranged(product, expr.type.isUnsigned);
    }
    case '%':
      if (b == 0) return {};
      return integerOf(a % b, expr.type.isUnsigned);
    default:  // DIV
      if (b == 0) return {};
      if (expr.type.isUnsigned && (a < 0 || b < 0)) return askServer();
      return ranged(a / b, expr.type.isUnsigned);
  }
}

Value evaluateDecimals(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  if (expr.number == '*') {
    Int128 product = 0;
    if (__builtin_mul_overflow(v[0].integer, v[1].integer, &product) || !fitsDecimal(product)) return askServer();
    return decimalOf(product, v[0].scale + v[1].scale);
  }
  if (expr.number == '/') {
    // Digits behind the declared scale are kept or cut differently by the servers: a quotient that has them is theirs.
    if (v[1].integer == 0) return {};
    Int128 dividend = v[0].integer;
    for (int i = 0; i < kDivisionDigits + v[1].scale; ++i) {
      if (!fitsDecimal(dividend)) return askServer();
      dividend *= 10;
    }
    if (dividend % v[1].integer != 0) return askServer();
    return decimalOf(dividend / v[1].integer, v[0].scale + kDivisionDigits);
  }
  const auto aligned = align(v[0], v[1]);
  if (!aligned) return askServer();
  if (expr.number == '%') {
    if (aligned->b == 0) return {};
    return decimalOf(aligned->a % aligned->b, aligned->scale);
  }
  const Int128 sum = expr.number == '+' ? aligned->a + aligned->b : aligned->a - aligned->b;
  return fitsDecimal(sum) ? decimalOf(sum, aligned->scale) : askServer();
}

Value evaluateReals(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const double a = v[0].real, b = v[1].real;
  switch (expr.number) {
    case '+':
      return finite(a + b);
    case '-':
      return finite(a - b);
    case '*':
      return finite(a * b);
    case '/':
      return b == 0 ? Value{} : finite(a / b);
    default:
      return b == 0 ? Value{} : finite(std::fmod(a, b));
  }
}

Value evaluateBits(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const auto a = static_cast<std::uint64_t>(v[0].integer), b = static_cast<std::uint64_t>(v[1].integer);
  constexpr std::uint64_t kBits = 64;
  switch (expr.number) {
    case '|':
      return integerOf(a | b, true);
    case '&':
      return integerOf(a & b, true);
    case '^':
      return integerOf(a ^ b, true);
    case '<':
      return integerOf(b < kBits ? a << b : 0, true);
    default:
      return integerOf(b < kBits ? a >> b : 0, true);
  }
}

Value evaluateNegative(const Expr& expr, Scope& scope) {
  Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (value.kind == ValueKind::real) return realOf(-value.real);
  value.integer = -value.integer;
  if (value.kind == ValueKind::decimal) return value;
  value.isUnsigned = false;
  // Of literals and columns the servers make different things beyond the range.
  return value.integer < kMinSigned || value.integer > kMaxSigned ? askServer() : value;
}

Value evaluateInverted(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  return integerOf(~static_cast<std::uint64_t>(value.integer), true);
}

Expr binary(TypeKind kind, Evaluate evaluate, std::int64_t symbol, Expr a, Expr b) {
  Expr out;
  out.type.kind = kind;
  out.evaluate = evaluate;
  out.number = symbol;
  out.args.push_back(std::move(a));
  out.args.push_back(std::move(b));
  return out;
}

Expr makeExact(char symbol, Expr a, Expr b) {
  const int left = a.type.scale, right = b.type.scale;
  const bool integers = a.type.kind == TypeKind::integer && b.type.kind == TypeKind::integer;
  if (symbol == 'D' && !integers) return opaque();
  if (integers && symbol != '/') {
    const bool isUnsigned = symbol == '%' ? a.type.isUnsigned : a.type.isUnsigned || b.type.isUnsigned;
    Expr out = binary(TypeKind::integer, evaluateIntegers, symbol, std::move(a), std::move(b));
    out.type.isUnsigned = isUnsigned;
    return out;
  }
  Expr out = binary(TypeKind::decimal, evaluateDecimals, symbol, std::move(a), std::move(b));
  out.type.scale = symbol == '*' ? left + right : (symbol == '/' ? left + kDivisionDigits : std::max(left, right));
  return out.type.scale > kMaxScale ? opaque() : out;
}

}  // namespace

Expr makeArithmetic(std::string_view symbol, Expr a, Expr b) {
  if (a.type.kind == TypeKind::null || b.type.kind == TypeKind::null) return opaque();
  if (symbol == "|" || symbol == "&" || symbol == "^" || symbol == "<<" || symbol == ">>") {
    if (a.type.kind != TypeKind::integer || b.type.kind != TypeKind::integer) return opaque();
    Expr out = binary(TypeKind::integer, evaluateBits, symbol.front(), std::move(a), std::move(b));
    out.type.isUnsigned = true;
    return out;
  }
  auto x = asNumber(std::move(a)), y = asNumber(std::move(b));
  if (!x || !y) return opaque();
  if (x->type.isExact() && y->type.isExact()) return makeExact(symbol.front(), std::move(*x), std::move(*y));
  if (symbol == "DIV") return opaque();
  return binary(TypeKind::real, evaluateReals, symbol.front(), asReal(std::move(*x)), asReal(std::move(*y)));
}

Expr makeNegative(Expr a) {
  if (!a.type.isNumber()) return opaque();
  Type type;
  type.kind = a.type.kind;
  type.scale = a.type.scale;
  if (a.type.constant) {
    Value value = a.constant;
    value.real = -value.real;
    value.integer = -value.integer;
    value.isUnsigned = false;
    if (value.kind == ValueKind::integer && value.integer < kMinSigned) return opaque();
    return constantOf(std::move(type), value);
  }
  Expr out;
  out.type = std::move(type);
  out.evaluate = evaluateNegative;
  out.args.push_back(std::move(a));
  return out;
}

Expr makeInverted(Expr a) {
  if (a.type.kind != TypeKind::integer) return opaque();
  Expr out;
  out.type.kind = TypeKind::integer;
  out.type.isUnsigned = true;
  out.evaluate = evaluateInverted;
  out.args.push_back(std::move(a));
  return out;
}

}  // namespace drs::condition
