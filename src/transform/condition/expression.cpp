#include "transform/condition/expression.h"

#include "transform/condition/temporal.h"

#include <algorithm>

namespace drs::condition {
namespace {

Value evaluateOpaque(const Expr&, Scope&) {
  return askServer();
}

Value evaluateConstant(const Expr& expr, Scope&) {
  if (expr.type.kind == TypeKind::text) return textOf(expr.text);
  return expr.constant;
}

Value printNumber(const Expr& expr, Scope& scope) {
  Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  std::string& out = scope.fresh();
  appendDecimal(out, value.integer, value.kind == ValueKind::decimal ? value.scale : 0);
  return textOf(out);
}

Value printTemporal(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  std::string& out = scope.fresh();
  const Type& type = expr.args[0].type;
  const Moment moment = unpackTemporal(value.integer);
  if (type.kind == TypeKind::date)
    appendDate(out, moment);
  else if (type.kind == TypeKind::datetime)
    appendDateTime(out, moment, type.scale);
  else
    appendTime(out, moment, type.scale);
  return textOf(out);
}

Value readNumber(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const auto number = textToReal(value.text);
  return number ? realOf(*number) : askServer();
}

Value convertReal(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  const auto number = toReal(value);
  return number ? realOf(*number) : askServer();
}

Value convertDecimal(const Expr& expr, Scope& scope) {
  Value value = expr.args[0](scope);
  if (value.kind == ValueKind::integer) return decimalOf(value.integer, 0);
  return value;
}

Expr wrap(TypeKind kind, Evaluate evaluate, Expr inner) {
  Expr out;
  out.type.kind = kind;
  out.evaluate = evaluate;
  out.args.push_back(std::move(inner));
  return out;
}

bool isMixable(const Mixed& mixed, const Type& type) {
  if (mixed.collation.charset == "binary") return type.collation.charset == "binary" || type.strength >= kCoercible;
  if (type.collation.charset == "binary") return false;
  return type.collation.charset == mixed.collation.charset || type.isAscii;
}

}  // namespace

Expr opaque() {
  Expr out;
  out.evaluate = evaluateOpaque;
  return out;
}

Expr truthExpr(Evaluate evaluate, std::vector<Expr> args) {
  Expr out;
  out.type.kind = TypeKind::integer;
  out.evaluate = evaluate;
  out.args = std::move(args);
  return out;
}

Expr constantOf(Type type, Value value) {
  Expr out;
  out.type = std::move(type);
  out.type.constant = true;
  out.constant = value;
  out.evaluate = evaluateConstant;
  return out;
}

Expr constantText(std::string text, const Collation& connection) {
  Type type;
  type.kind = TypeKind::text;
  type.collation = connection;
  type.strength = kCoercible;
  type.isAscii = isAscii(text);
  Expr out = constantOf(std::move(type), {});
  out.text = std::move(text);
  return out;
}

std::optional<Value> evaluateAll(const Expr& expr, Scope& scope, std::span<Value> out) {
  bool null = false;
  std::optional<Value> error;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    out[i] = expr.args[i](scope);
    if (out[i].isAsk()) return askServer();
    if (out[i].kind == ValueKind::error) error = out[i];
    null |= out[i].isNull();
  }
  if (error) return null ? askServer() : *error;
  if (null) return Value{};
  return std::nullopt;
}

std::optional<bool> truthOfNumber(const Value& value) {
  if (value.isNull()) return std::nullopt;
  return value.kind == ValueKind::real ? value.real != 0 : value.integer != 0;
}

std::optional<Expr> asText(Expr expr, const Collation& connection) {
  const Type type = expr.type;
  if (type.kind == TypeKind::null || type.kind == TypeKind::text) return expr;
  const bool plain = type.fromColumn || type.constant;
  Evaluate print = nullptr;
  if (type.kind == TypeKind::integer || (type.kind == TypeKind::decimal && plain)) print = printNumber;
  if ((type.hasDate() || type.kind == TypeKind::time) && type.fromColumn) print = printTemporal;
  if (print == nullptr) return std::nullopt;
  Expr out = wrap(TypeKind::text, print, std::move(expr));
  out.type.collation = connection;
  out.type.strength = kNumeric;
  out.type.isAscii = true;
  return out;
}

std::optional<Expr> asNumber(Expr expr) {
  if (expr.type.kind == TypeKind::null || expr.type.isNumber()) return expr;
  if (!expr.type.isText() || expr.type.isLabel || !expr.type.collation.isAsciiBased) return std::nullopt;
  return wrap(TypeKind::real, readNumber, std::move(expr));
}

Expr asReal(Expr expr) {
  if (!expr.type.isExact()) return expr;
  return wrap(TypeKind::real, convertReal, std::move(expr));
}

std::optional<Mixed> mixCollations(std::span<const Expr> texts) {
  std::optional<Mixed> out;
  for (const Expr& expr : texts) {
    if (expr.type.kind == TypeKind::null) continue;
    if (!expr.type.isText()) return std::nullopt;
    if (!out || expr.type.strength < out->strength) out = Mixed{expr.type.collation, expr.type.strength};
  }
  if (!out) return std::nullopt;
  for (const Expr& expr : texts) {
    if (expr.type.kind == TypeKind::null) continue;
    if (expr.type.strength == out->strength && !(expr.type.collation == out->collation)) return std::nullopt;
    if (!isMixable(*out, expr.type)) return std::nullopt;
  }
  return out;
}

namespace {

std::optional<Type> unifyTexts(std::span<Expr> exprs, const Collation& connection) {
  std::vector<Expr> texts;
  for (Expr& expr : exprs) {
    auto text = asText(std::move(expr), connection);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  const auto mixed = mixCollations(texts);
  if (!mixed) return std::nullopt;
  Type type;
  type.kind = TypeKind::text;
  type.collation = mixed->collation;
  type.strength = mixed->strength;
  type.isAscii = std::all_of(texts.begin(), texts.end(),
                             [](const Expr& expr) { return expr.type.kind == TypeKind::null || expr.type.isAscii; });
  std::move(texts.begin(), texts.end(), exprs.begin());
  return type;
}

std::optional<Type> unifyNumbers(std::span<Expr> exprs) {
  Type type;
  type.kind = TypeKind::null;
  bool first = true;
  for (const Expr& expr : exprs) {
    if (expr.type.kind == TypeKind::null) continue;
    if (!expr.type.isNumber()) return std::nullopt;
    // Which type two integers of different sign become differs between the servers.
    if (!first && expr.type.kind == TypeKind::integer && type.kind == TypeKind::integer &&
        expr.type.isUnsigned != type.isUnsigned)
      return std::nullopt;
    first = false;
    if (type.kind == TypeKind::null || expr.type.kind > type.kind) type.kind = expr.type.kind;
    type.isUnsigned |= expr.type.isUnsigned;
    type.scale = std::max(type.scale, expr.type.scale);
  }
  if (type.kind != TypeKind::integer) type.isUnsigned = false;
  for (Expr& expr : exprs) {
    if (type.kind == TypeKind::real)
      expr = asReal(std::move(expr));
    else if (type.kind == TypeKind::decimal && expr.type.kind == TypeKind::integer)
      expr = wrap(TypeKind::decimal, convertDecimal, std::move(expr));
  }
  return type;
}

}  // namespace

std::optional<Type> unify(std::span<Expr> exprs, const Collation& connection) {
  const Expr* some = nullptr;
  bool text = false;
  for (const Expr& expr : exprs) {
    if (expr.type.kind == TypeKind::opaque || expr.type.kind == TypeKind::guarded) return std::nullopt;
    if (expr.type.kind == TypeKind::null) continue;
    some = &expr;
    text |= expr.type.isText();
  }
  if (some == nullptr) {
    Type type;
    type.kind = TypeKind::null;
    return type;
  }
  if (text) {
    // Numbers among texts: only integers print the same whatever the type of the whole is.
    for (const Expr& expr : exprs) {
      const TypeKind kind = expr.type.kind;
      if (kind != TypeKind::null && kind != TypeKind::text && kind != TypeKind::integer) return std::nullopt;
    }
    return unifyTexts(exprs, connection);
  }
  if (some->type.isNumber()) return unifyNumbers(exprs);
  Type type = some->type;
  for (const Expr& expr : exprs) {
    if (expr.type.kind != TypeKind::null && (expr.type.kind != type.kind || expr.type.scale != type.scale))
      return std::nullopt;
  }
  type.constant = type.fromColumn = false;
  return type;
}

}  // namespace drs::condition
