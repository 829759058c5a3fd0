#pragma once

#include "transform/condition/ast.h"

#include <string_view>

namespace drs::condition {

constexpr std::size_t kMaxConditionBytes = 16384;  ///< far above the request's 512 characters for each part
constexpr int kMaxDepth = 200;                     ///< of parentheses and operators inside each other
constexpr std::size_t kMaxNodes = 4000;

/// The tree of one condition, with the precedence of MySQL's and MariaDB's grammars (sql_yacc.yy: expr, bool_pri,
/// predicate, bit_expr, simple_expr). A text that it takes is one expression for the servers too, so it may stand in
/// parentheses in a WHERE. Subqueries, variables, qualified names, row values and what is no expression are refused by
/// name: throws Error(crossField). Whether functions and columns exist is not looked at.
[[nodiscard]] NodePtr parseCondition(std::string_view condition);

}  // namespace drs::condition
