#include "transform/condition/functions.h"
#include "transform/condition/operators.h"

namespace drs::condition {
namespace {

using Args = std::vector<Expr>;
using Result = std::optional<Expr>;

Result checked(Expr expr) {
  if (expr.type.kind == TypeKind::opaque) return std::nullopt;
  return expr;
}

Result buildIf(Args args, const Context& context) {
  return checked(makeChoice(std::move(args), context.connection));
}

Value evaluateCoalesce(const Expr& expr, Scope& scope) {
  for (const Expr& arg : expr.args) {
    const Value value = arg(scope);
    if (!value.isNull()) return value;
  }
  return {};
}

Result buildCoalesce(Args args, const Context& context) {
  auto type = unify(args, context.connection);
  if (!type) return std::nullopt;
  Expr out = expressionOf(type->kind, evaluateCoalesce, std::move(args));
  out.type = std::move(*type);
  return out;
}

/// args: a = b, a.
Value evaluateNullIf(const Expr& expr, Scope& scope) {
  const Value same = expr.args[0](scope);
  if (same.isAsk() || same.kind == ValueKind::error) return same;
  const auto truth = truthOfNumber(same);
  return truth && *truth ? Value{} : expr.args[1](scope);
}

Result buildNullIf(Args args, const Context& context) {
  Expr value = args[0];
  Type type = value.type;
  if (type.kind == TypeKind::opaque || type.kind == TypeKind::guarded || type.isLabel) return std::nullopt;
  Expr same = makeComparison("=", std::move(args[0]), std::move(args[1]), context.connection);
  Expr out = expressionOf(type.kind, evaluateNullIf, {});
  out.args.push_back(std::move(same));
  out.args.push_back(std::move(value));
  type.constant = type.fromColumn = false;
  out.type = std::move(type);
  return out;
}

Result buildIsNull(Args args, const Context&) {
  return checked(makeIsNull(std::move(args[0]), false));
}

Result buildMod(Args args, const Context&) {
  return checked(makeArithmetic("%", std::move(args[0]), std::move(args[1])));
}

constexpr Function kFlowFunctions[] = {
    {"IF", 3, 3, buildIf},         {"IFNULL", 2, 2, buildCoalesce}, {"COALESCE", 1, kUnlimited, buildCoalesce},
    {"NULLIF", 2, 2, buildNullIf}, {"ISNULL", 1, 1, buildIsNull},   {"MOD", 2, 2, buildMod},
};

}  // namespace

std::span<const Function> flowFunctions() {
  return kFlowFunctions;
}

}  // namespace drs::condition
