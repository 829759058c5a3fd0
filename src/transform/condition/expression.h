#pragma once

#include "model/row_batch.h"
#include "transform/condition/collation.h"
#include "transform/condition/value.h"

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace drs::condition {

enum class TypeKind : std::uint8_t {
  null,
  integer,
  decimal,
  real,
  text,
  date,
  datetime,  ///< TIMESTAMP too
  time,
  guarded,  ///< YEAR and BIT: integers that only comparisons with certain integers may use
  opaque,   ///< only the server computes it
};

/// Whose collation counts where two meet; the lowest number wins (the servers' coercibility).
constexpr int kExplicit = 0, kImplicit = 2, kCoercible = 4, kNumeric = 5;

/// What is known of an expression before any row is seen.
struct Type {
  TypeKind kind = TypeKind::opaque;
  bool isUnsigned = false;
  bool constant = false;    ///< a literal; its value is Expr::constant
  bool fromColumn = false;  ///< a column itself, not computed
  bool isAscii = false;     ///< of texts: a literal of ASCII alone, or printed from a number
  bool isLabel = false;     ///< ENUM and SET: as a number they are an index
  bool isTimestamp = false;
  int scale = 0;           ///< digits behind the point, of decimals and of times
  std::int64_t least = 0;  ///< of guarded: the smallest integer that it may be compared with
  Collation collation = {};
  int strength = kNumeric;

  [[nodiscard]] bool isExact() const { return kind == TypeKind::integer || kind == TypeKind::decimal; }
  [[nodiscard]] bool isNumber() const { return isExact() || kind == TypeKind::real; }
  [[nodiscard]] bool isText() const { return kind == TypeKind::text; }
  [[nodiscard]] bool hasDate() const { return kind == TypeKind::date || kind == TypeKind::datetime; }
};

/// One row and the memory of its texts. Threads: one at a time.
class Scope {
 public:
  void begin(const RowBatch& batch, std::size_t row) {
    batch_ = &batch;
    row_ = row;
    used_ = 0;
  }
  [[nodiscard]] const Cell& cell(std::size_t column) const { return batch_->cell(row_, column); }
  [[nodiscard]] std::string_view text(const Cell& cell) const { return batch_->text(cell); }
  /// An empty text that lives until the next begin(); its memory is used again.
  [[nodiscard]] std::string& fresh() {
    if (used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[used_++];
    text.clear();
    return text;
  }

 private:
  const RowBatch* batch_ = nullptr;
  std::size_t row_ = 0, used_ = 0;
  std::deque<std::string> texts_;
};

struct Expr;
using Evaluate = Value (*)(const Expr&, Scope&);

/// A compiled expression. What the last members mean is the affair of `evaluate`.
struct Expr {
  Type type;
  Evaluate evaluate = nullptr;
  std::vector<Expr> args = {};
  Value constant = {};
  std::string text = {};
  std::int64_t number = 0;
  std::vector<std::string> labels = {};

  [[nodiscard]] Value operator()(Scope& scope) const { return evaluate(*this, scope); }
};

/// Longer texts are not made here: the server is asked.
constexpr std::size_t kMaxTextBytes = 65536;

/// An expression that only the server computes; the arguments are dropped.
[[nodiscard]] Expr opaque();
/// An operation whose result is 0, 1 or NULL.
[[nodiscard]] Expr truthExpr(Evaluate evaluate, std::vector<Expr> args);
[[nodiscard]] Expr constantOf(Type type, Value value);
/// A constant text: `constant` points into the Expr's own `text`, also after it has been moved.
[[nodiscard]] Expr constantText(std::string text, const Collation& connection);

/// Evaluates all arguments. Returns the result if one of them decides it: ask; an error, if everything else is a value,
/// else ask (the server may not come to the error); NULL.
[[nodiscard]] std::optional<Value> evaluateAll(const Expr& expr, Scope& scope, std::span<Value> out);

/// True, false or nothing = NULL, of an integer, decimal or real.
[[nodiscard]] std::optional<bool> truthOfNumber(const Value& value);

/// The expression as text: texts as they are, integers, temporal columns and decimal columns or literals as printed.
/// Nothing: only the server prints it.
[[nodiscard]] std::optional<Expr> asText(Expr expr, const Collation& connection);
/// The expression as a number: texts as what they begin with.
[[nodiscard]] std::optional<Expr> asNumber(Expr expr);
/// An integer, decimal or real as a real.
[[nodiscard]] Expr asReal(Expr expr);

/// The collation of an operation on texts, and its strength; nothing if only the server can tell.
struct Mixed {
  Collation collation;
  int strength = kNumeric;
};
[[nodiscard]] std::optional<Mixed> mixCollations(std::span<const Expr> texts);

/// Brings all to one type (of CASE, IF, COALESCE …); nothing if only the server can.
[[nodiscard]] std::optional<Type> unify(std::span<Expr> exprs, const Collation& connection);

}  // namespace drs::condition
