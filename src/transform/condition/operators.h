#pragma once

#include "transform/condition/expression.h"

#include <string_view>

// Operators over compiled operands. What is not exact becomes opaque().

namespace drs::condition {

/// = <=> < <= > >= <>
[[nodiscard]] Expr makeComparison(std::string_view symbol, Expr a, Expr b, const Collation& connection);
/// args: the value, low, high.
[[nodiscard]] Expr makeBetween(std::vector<Expr> args, bool negated, const Collation& connection);
/// args: the value, then the list.
[[nodiscard]] Expr makeIn(std::vector<Expr> args, bool negated, const Collation& connection);
[[nodiscard]] Expr makeLike(std::vector<Expr> args, bool negated, const Collation& connection);

/// + - * / DIV % and | & ^ << >>
[[nodiscard]] Expr makeArithmetic(std::string_view symbol, Expr a, Expr b);
[[nodiscard]] Expr makeNegative(Expr a);
[[nodiscard]] Expr makeInverted(Expr a);  ///< ~

/// AND, OR, XOR
[[nodiscard]] Expr makeLogic(std::string_view word, Expr a, Expr b);
[[nodiscard]] Expr makeNot(Expr a);
/// IS TRUE, IS FALSE
[[nodiscard]] Expr makeIsTruth(Expr a, bool truth, bool negated);
[[nodiscard]] Expr makeIsNull(Expr a, bool negated);
/// CASE WHEN: conditions and values in turn, then the ELSE.
[[nodiscard]] Expr makeChoice(std::vector<Expr> args, const Collation& connection);

/// date + count unit. `sign` 1 or −1.
[[nodiscard]] Expr makeInterval(Expr date, Expr count, std::string_view unit, int sign);

/// An expression for a place that wants true or false: numbers as they are, the rest opaque().
[[nodiscard]] Expr asCondition(Expr a);

}  // namespace drs::condition
