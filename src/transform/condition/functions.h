#pragma once

#include "transform/condition/expression.h"

#include <span>
#include <string_view>

namespace drs::condition {

struct Context {
  Collation connection;  ///< of literals: @@collation_connection
};

/// A function that is computed here. `build` gets compiled arguments; nothing: for these types the server computes it.
struct Function {
  std::string_view name;  ///< upper case
  std::size_t least, most;
  std::optional<Expr> (*build)(std::vector<Expr> args, const Context& context);
};

[[nodiscard]] std::span<const Function> textFunctions();
[[nodiscard]] std::span<const Function> searchFunctions();
[[nodiscard]] std::span<const Function> numberFunctions();
[[nodiscard]] std::span<const Function> dateFunctions();
[[nodiscard]] std::span<const Function> flowFunctions();

/// Nothing: it is not computed here.
[[nodiscard]] const Function* findFunction(std::string_view name);

/// Is it a function of the servers' own that they are asked for? Others are refused: functions that somebody wrote may
/// do anything, and those that yield another result each time (RAND, UUID) make no filter.
[[nodiscard]] bool isAskedFunction(std::string_view name);

/// TRIM with its side ("", "BOTH", "LEADING", "TRAILING"): the text, and what is cut off.
[[nodiscard]] std::optional<Expr> makeTrim(std::vector<Expr> args, std::string_view side, const Context& context);
/// EXTRACT(unit FROM date).
[[nodiscard]] std::optional<Expr> makeExtract(Expr date, std::string_view unit);
/// CAST(value AS type(sizes)).
[[nodiscard]] std::optional<Expr> makeCast(Expr value, std::string_view type, std::span<const unsigned> sizes,
                                           const Context& context);

constexpr std::size_t kUnlimited = 200;  ///< arguments

/// For the files of functions: an Expr of this kind.
[[nodiscard]] inline Expr expressionOf(TypeKind kind, Evaluate evaluate, std::vector<Expr> args) {
  Expr out;
  out.type.kind = kind;
  out.evaluate = evaluate;
  out.args = std::move(args);
  return out;
}
/// Counts and places beyond 31 bits: some functions cut them off to 32 bits before they look at them.
[[nodiscard]] inline bool isBeyondInt(const Value& count) {
  constexpr Int128 kMaxInt = std::numeric_limits<std::int32_t>::max();
  return count.integer > kMaxInt || count.integer < -kMaxInt;
}
/// Do the values of two integers compare the same as 64 bits and as numbers? Some functions compare bits.
[[nodiscard]] inline bool haveSameSign(const Expr& a, const Expr& b) {
  if (a.type.kind != TypeKind::integer || b.type.kind != TypeKind::integer) return true;
  const auto small = [](const Expr& x) {
    return x.type.constant && x.constant.integer >= 0 && x.constant.integer <= kMaxSigned;
  };
  return a.type.isUnsigned == b.type.isUnsigned || small(a) || small(b);
}
/// All arguments as texts of one collation, which the result has; nothing: the server's affair.
[[nodiscard]] std::optional<Expr> textFunction(Evaluate evaluate, std::vector<Expr> args, const Context& context,
                                               TypeKind result);

}  // namespace drs::condition
