#pragma once

#include "transform/condition/expression.h"

namespace drs::condition {

/// The value of a column; opaque for types that only the server understands, but NULL there is NULL.
[[nodiscard]] Expr columnExpr(const Column& column, std::size_t index);

/// The labels of "enum('a','b')" or "set(…)"; empty if the text is not of that form, or not plain ASCII.
[[nodiscard]] std::vector<std::string> labelsOf(std::string_view type);

}  // namespace drs::condition
