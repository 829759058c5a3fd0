#include "transform/condition/functions.h"
#include "transform/condition/temporal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace drs::condition {
namespace {

using Args = std::vector<Expr>;
using Result = std::optional<Expr>;

Value evaluateAbs(const Expr& expr, Scope& scope) {
  Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  value.real = std::fabs(value.real);
  if (value.integer < 0) value.integer = -value.integer;
  if (value.kind == ValueKind::integer && !value.isUnsigned && value.integer > kMaxSigned)
    return errorOf("a BIGINT value is out of range");
  return value;
}

Value evaluateSign(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (value.kind == ValueKind::real) return integerOf(value.real < 0 ? -1 : (value.real > 0 ? 1 : 0));
  return integerOf(value.integer < 0 ? -1 : (value.integer > 0 ? 1 : 0));
}

/// FLOOR (−1) and CEILING (1).
Value evaluateFloor(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain() || value.kind == ValueKind::integer) return value;
  if (value.kind == ValueKind::real) return realOf(expr.number < 0 ? std::floor(value.real) : std::ceil(value.real));
  const Int128 unit = powerOfTen(value.scale);
  Int128 whole = value.integer / unit;
  const Int128 rest = value.integer % unit;
  if (expr.number < 0 && rest < 0) --whole;
  if (expr.number > 0 && rest > 0) ++whole;
  return decimalOf(whole, 0);
}

/// Half away from zero; `digits` behind the point.
Value roundDecimal(const Value& value, int digits, bool truncates) {
  if (digits >= value.scale) return value;
  const Int128 unit = powerOfTen(value.scale - digits);
  Int128 kept = value.integer / unit;
  const Int128 rest = value.integer % unit;
  if (!truncates && rest * 2 >= unit) ++kept;
  if (!truncates && rest * 2 <= -unit) --kept;
  return decimalOf(kept, digits);
}

/// ROUND (0) and TRUNCATE (1) of exact numbers to a constant count of digits.
Value evaluateRound(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain() || value.kind == ValueKind::integer) return value;
  return roundDecimal(value, expr.type.scale, expr.number != 0);
}

/// GREATEST (1) and LEAST (−1) of one prepared kind.
Value evaluateExtreme(const Expr& expr, Scope& scope) {
  bool null = false;
  std::optional<Value> best;
  for (const Expr& arg : expr.args) {
    const Value value = arg(scope);
    if (value.isAsk() || value.kind == ValueKind::error) return askServer();
    null |= value.isNull();
    if (null) continue;
    if (!best) {
      best = value;
      continue;
    }
    int order = 0;
    if (value.kind == ValueKind::real) {
      order = value.real > best->real ? 1 : (value.real < best->real ? -1 : 0);
    } else {
      const auto aligned = align(value, *best);
      if (!aligned) return askServer();
      order = aligned->a > aligned->b ? 1 : (aligned->a < aligned->b ? -1 : 0);
    }
    if (order * expr.number > 0) best = value;
  }
  return null ? Value{} : *best;
}

Value evaluateSqrt(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  return value.real < 0 ? Value{} : realOf(std::sqrt(value.real));
}

Value evaluateBitCount(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  return integerOf(std::popcount(static_cast<std::uint64_t>(value.integer)));
}

Expr sameType(Evaluate evaluate, Args args) {
  Type type;
  type.kind = args[0].type.kind;
  type.isUnsigned = args[0].type.isUnsigned;
  type.scale = args[0].type.scale;
  Expr out = expressionOf(type.kind, evaluate, std::move(args));
  out.type = type;
  return out;
}

Result buildAbs(Args args, const Context&) {
  if (!args[0].type.isNumber()) return std::nullopt;
  return sameType(evaluateAbs, std::move(args));
}
Result buildSign(Args args, const Context&) {
  if (!args[0].type.isNumber()) return std::nullopt;
  return expressionOf(TypeKind::integer, evaluateSign, std::move(args));
}
Result floorOf(Args args, std::int64_t direction) {
  if (!args[0].type.isNumber()) return std::nullopt;
  Expr out = sameType(evaluateFloor, std::move(args));
  out.type.scale = 0;
  out.number = direction;
  return out;
}
Result buildFloor(Args args, const Context&) {
  return floorOf(std::move(args), -1);
}
Result buildCeiling(Args args, const Context&) {
  return floorOf(std::move(args), 1);
}
Result roundTo(Args args, bool truncates) {
  if (!args[0].type.isExact()) return std::nullopt;
  Int128 digits = 0;
  if (args.size() > 1) {
    if (args[1].type.kind != TypeKind::integer || !args[1].type.constant) return std::nullopt;
    digits = args[1].constant.integer;
    args.pop_back();
  }
  if (digits < 0 || digits > 30) return std::nullopt;
  Expr out = sameType(evaluateRound, std::move(args));
  out.type.scale = std::min(out.type.scale, static_cast<int>(digits));
  out.number = truncates ? 1 : 0;
  return out;
}
Result buildRound(Args args, const Context&) {
  return roundTo(std::move(args), false);
}
Result buildTruncate(Args args, const Context&) {
  return roundTo(std::move(args), true);
}
Result extreme(Args args, std::int64_t direction, const Context& context) {
  const auto type = unify(args, context.connection);
  if (!type || (type->kind != TypeKind::integer && type->kind != TypeKind::decimal && type->kind != TypeKind::real))
    return std::nullopt;
  Expr out = expressionOf(type->kind, evaluateExtreme, std::move(args));
  out.type = *type;
  out.number = direction;
  return out;
}
Result buildGreatest(Args args, const Context& context) {
  return extreme(std::move(args), 1, context);
}
Result buildLeast(Args args, const Context& context) {
  return extreme(std::move(args), -1, context);
}
Result buildSqrt(Args args, const Context&) {
  if (!args[0].type.isNumber()) return std::nullopt;
  args[0] = asReal(std::move(args[0]));
  return expressionOf(TypeKind::real, evaluateSqrt, std::move(args));
}
Result buildBitCount(Args args, const Context&) {
  if (args[0].type.kind != TypeKind::integer) return std::nullopt;
  return expressionOf(TypeKind::integer, evaluateBitCount, std::move(args));
}

constexpr Function kNumberFunctions[] = {
    {"ABS", 1, 1, buildAbs},
    {"SIGN", 1, 1, buildSign},
    {"FLOOR", 1, 1, buildFloor},
    {"CEILING", 1, 1, buildCeiling},
    {"CEIL", 1, 1, buildCeiling},
    {"ROUND", 1, 2, buildRound},
    {"TRUNCATE", 2, 2, buildTruncate},
    {"GREATEST", 2, kUnlimited, buildGreatest},
    {"LEAST", 2, kUnlimited, buildLeast},
    {"SQRT", 1, 1, buildSqrt},
    {"BIT_COUNT", 1, 1, buildBitCount},
};

}  // namespace

std::span<const Function> numberFunctions() {
  return kNumberFunctions;
}

}  // namespace drs::condition
