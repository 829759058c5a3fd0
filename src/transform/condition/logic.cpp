#include "transform/condition/operators.h"

#include <array>

namespace drs::condition {
namespace {

/// AND, and OR with the roles of true and false exchanged: `number` is the truth that decides by itself.
Value evaluateJunction(const Expr& expr, Scope& scope) {
  const bool deciding = expr.number != 0;
  const Value a = expr.args[0](scope);
  if (a.kind == ValueKind::error) return a;
  if (!a.isAsk()) {
    const auto truth = truthOfNumber(a);
    if (truth && *truth == deciding) return truthOf(deciding);
  }
  const Value b = expr.args[1](scope);
  // The server may come to the error or not, by what it does first.
  if (b.kind == ValueKind::error) return askServer();
  if (!b.isAsk()) {
    const auto truth = truthOfNumber(b);
    // A server that fails on the left never comes to the right: only where the left is known it does not count.
    if (truth && *truth == deciding && !a.isAsk()) return truthOf(deciding);
  }
  if (a.isAsk() || b.isAsk()) return askServer();
  if (!truthOfNumber(a) || !truthOfNumber(b)) return {};
  return truthOf(!deciding);
}

Value evaluateExclusive(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  return truthOf(*truthOfNumber(v[0]) != *truthOfNumber(v[1]));
}

Value evaluateNot(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  return truthOf(!*truthOfNumber(value));
}

/// number: 1 = IS TRUE, 0 = IS FALSE, + 2 = negated.
Value evaluateIsTruth(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (value.isAsk() || value.kind == ValueKind::error) return value;
  const auto truth = truthOfNumber(value);
  const bool found = truth && *truth == ((expr.number & 1) != 0);
  return truthOf(found != ((expr.number & 2) != 0));
}

Value evaluateIsNull(const Expr& expr, Scope& scope) {
  if (expr.args[0].type.fromColumn) {
    // Also of types that only the server understands, NULL is NULL.
    const CellKind kind = scope.cell(static_cast<std::size_t>(expr.args[0].number)).kind;
    return kind == CellKind::absent ? askServer() : truthOf((kind == CellKind::null) != (expr.number != 0));
  }
  const Value value = expr.args[0](scope);
  // Of what cannot be NULL by its type the servers know the answer without coming to the error.
  if (value.isAsk() || value.kind == ValueKind::error) return askServer();
  return truthOf(value.isNull() != (expr.number != 0));
}

Value evaluateChoice(const Expr& expr, Scope& scope) {
  std::size_t i = 0;
  for (; i + 1 < expr.args.size(); i += 2) {
    const Value condition = expr.args[i](scope);
    if (condition.isAsk() || condition.kind == ValueKind::error) return condition;
    const auto truth = truthOfNumber(condition);
    if (truth && *truth) return expr.args[i + 1](scope);
  }
  return expr.args[i](scope);
}

}  // namespace

Expr asCondition(Expr a) {
  if (a.type.kind == TypeKind::null || a.type.isNumber()) return a;
  return opaque();
}

Expr makeLogic(std::string_view word, Expr a, Expr b) {
  std::vector<Expr> args;
  args.push_back(asCondition(std::move(a)));
  args.push_back(asCondition(std::move(b)));
  Expr out = truthExpr(word == "XOR" ? evaluateExclusive : evaluateJunction, std::move(args));
  out.number = word == "OR" ? 1 : 0;
  return out;
}

Expr makeNot(Expr a) {
  std::vector<Expr> args;
  args.push_back(asCondition(std::move(a)));
  return truthExpr(evaluateNot, std::move(args));
}

Expr makeIsTruth(Expr a, bool truth, bool negated) {
  std::vector<Expr> args;
  args.push_back(asCondition(std::move(a)));
  Expr out = truthExpr(evaluateIsTruth, std::move(args));
  out.number = (truth ? 1 : 0) + (negated ? 2 : 0);
  return out;
}

Expr makeIsNull(Expr a, bool negated) {
  std::vector<Expr> args;
  args.push_back(std::move(a));
  Expr out = truthExpr(evaluateIsNull, std::move(args));
  out.number = negated ? 1 : 0;
  return out;
}

Expr makeChoice(std::vector<Expr> args, const Collation& connection) {
  std::vector<Expr> values;
  for (std::size_t i = 1; i < args.size(); i += 2) values.push_back(std::move(args[i]));
  values.push_back(std::move(args.back()));
  auto type = unify(values, connection);
  if (!type) return opaque();
  std::vector<Expr> parts;
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    parts.push_back(asCondition(std::move(args[2 * i])));
    parts.push_back(std::move(values[i]));
  }
  parts.push_back(std::move(values.back()));
  Expr out;
  out.type = std::move(*type);
  out.evaluate = evaluateChoice;
  out.args = std::move(parts);
  return out;
}

}  // namespace drs::condition
