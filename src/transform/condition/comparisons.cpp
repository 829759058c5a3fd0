#include "transform/condition/operators.h"
#include "transform/condition/temporal.h"

#include <array>
#include <compare>

namespace drs::condition {
namespace {

enum Symbol : std::int64_t { equal, same, less, lessEqual, greater, greaterEqual, different };

Symbol symbolOf(std::string_view text) {
  if (text == "=") return equal;
  if (text == "<=>") return same;
  if (text == "<") return less;
  if (text == "<=") return lessEqual;
  if (text == ">") return greater;
  if (text == ">=") return greaterEqual;
  return different;
}

bool holds(Symbol symbol, int order) {
  switch (symbol) {
    case equal:
    case same:
      return order == 0;
    case less:
      return order < 0;
    case lessEqual:
      return order <= 0;
    case greater:
      return order > 0;
    case greaterEqual:
      return order >= 0;
    case different:
      break;
  }
  return order != 0;
}

/// The order of two values of one prepared kind; nothing: ask.
std::optional<int> orderOf(const Value& a, const Value& b, const Collation& collation) {
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : (x > y ? 1 : 0); };
  switch (a.kind) {
    case ValueKind::text:
      return compareTexts(a.text, b.text, collation);
    case ValueKind::real:
      return sign(a.real, b.real);
    case ValueKind::temporal:
      return sign(a.integer, b.integer);
    case ValueKind::integer:
      if (b.kind == ValueKind::integer) return sign(a.integer, b.integer);
      break;
    default:
      break;
  }
  const auto aligned = align(a, b);
  if (!aligned) return std::nullopt;
  return sign(aligned->a, aligned->b);
}

Value evaluateComparison(const Expr& expr, Scope& scope) {
  const auto symbol = static_cast<Symbol>(expr.number);
  const Value a = expr.args[0](scope), b = expr.args[1](scope);
  if (a.isAsk() || b.isAsk()) return askServer();
  const bool null = a.isNull() || b.isNull();
  if (a.kind == ValueKind::error || b.kind == ValueKind::error) {
    if (null) return askServer();
    return a.kind == ValueKind::error ? a : b;
  }
  if (null) return symbol == same ? truthOf(a.isNull() && b.isNull()) : Value{};
  const auto order = orderOf(a, b, expr.type.collation);
  return order ? truthOf(holds(symbol, *order)) : askServer();
}

/// A literal beside a date or a time, as the same; nothing if the servers might read it otherwise. Only the plain
/// forms: others are read by rules that changed from version to version.
std::optional<Value> temporalLiteral(const std::string& text, const Type& type) {
  const std::size_t point = text.find('.');
  const std::size_t digits = point == std::string::npos ? 0 : text.size() - point - 1;
  if (digits > static_cast<std::size_t>(type.scale)) return std::nullopt;
  const auto clockFits = [](const Moment& m) { return m.minute < 60 && m.second < 60; };
  if (type.kind == TypeKind::time) {
    const auto time = parseTime(text);
    constexpr int kMostHours = 838;
    if (!time || !clockFits(*time) || time->hour >= kMostHours) return std::nullopt;
    return temporalOf(packTemporal(*time));
  }
  const auto moment = parseDateTime(text);
  if (!moment || !isRealDate(*moment) || !clockFits(*moment) || moment->hour > 23) return std::nullopt;
  if (type.kind == TypeKind::date && text.size() > 10) return std::nullopt;
  if (type.isTimestamp && (moment->year < 1971 || moment->year > 2037)) return std::nullopt;
  return temporalOf(packTemporal(*moment));
}

/// Is a text constant plainly an integer? Beside an integer column the servers convert it in their own ways otherwise.
bool isPlainInteger(std::string_view text) {
  constexpr std::size_t kMaxDigits15 = 15;
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > kMaxDigits15) return false;
  if (text.front() == '0' && text.size() > 1) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

bool prepareTemporal(Expr& a, Expr& b) {
  if (a.type.hasDate() && b.type.hasDate()) return true;
  if (a.type.kind == TypeKind::time && b.type.kind == TypeKind::time) return true;
  if (!b.type.isText() || !b.type.constant) return false;
  const auto value = temporalLiteral(b.text, a.type);
  if (!value || !a.type.fromColumn) return false;
  Type type;
  type.kind = a.type.kind;
  b = constantOf(std::move(type), *value);
  return true;
}

bool prepareMixed(Expr& number, Expr& text) {
  if (text.type.constant && number.type.kind == TypeKind::integer && !isPlainInteger(text.text)) return false;
  auto converted = asNumber(std::move(text));
  if (!converted) return false;
  text = std::move(*converted);
  number = asReal(std::move(number));
  return true;
}

/// Brings two operands to one kind; the collation counts if they are texts. False: only the server can compare them.
bool prepare(Expr& a, Expr& b, Collation& collation) {
  const Type &x = a.type, &y = b.type;
  if (x.kind == TypeKind::opaque || y.kind == TypeKind::opaque) return false;
  if (x.kind == TypeKind::null || y.kind == TypeKind::null) return true;
  if (x.kind == TypeKind::guarded) return y.kind == TypeKind::integer && y.constant && b.constant.integer >= x.least;
  if (y.kind == TypeKind::guarded) return prepare(b, a, collation);
  if (x.isNumber() && y.isNumber()) {
    if (x.kind == TypeKind::real || y.kind == TypeKind::real) {
      a = asReal(std::move(a));
      b = asReal(std::move(b));
    }
    return true;
  }
  if (x.isText() && y.isText()) {
    const std::array<Expr, 2> both = {a, b};
    const auto mixed = mixCollations(both);
    if (!mixed) return false;
    collation = mixed->collation;
    return true;
  }
  if (x.isNumber() && y.isText()) return prepareMixed(a, b);
  if (x.isText() && y.isNumber()) return prepareMixed(b, a);
  if (x.hasDate() || x.kind == TypeKind::time) return prepareTemporal(a, b);
  if (y.hasDate() || y.kind == TypeKind::time) return prepareTemporal(b, a);
  return false;
}

Value evaluateBetween(const Expr& expr, Scope& scope) {
  const Value low = expr.args[0](scope), high = expr.args[1](scope);
  if (low.isAsk() || high.isAsk()) return askServer();
  if (low.kind == ValueKind::error || high.kind == ValueKind::error) return askServer();
  const auto a = truthOfNumber(low), b = truthOfNumber(high);
  const bool negated = expr.number != 0;
  if ((a && !*a) || (b && !*b)) return truthOf(negated);
  if (!a || !b) return {};
  return truthOf(!negated);
}

Value evaluateIn(const Expr& expr, Scope& scope) {
  bool null = false, ask = false;
  const bool negated = expr.number != 0;
  for (const Expr& each : expr.args) {
    const Value value = each(scope);
    if (value.isAsk() || value.kind == ValueKind::error) {
      ask = true;
      continue;
    }
    const auto truth = truthOfNumber(value);
    if (truth && *truth && !ask) return truthOf(!negated);
    if (truth && *truth) return askServer();
    null |= !truth;
  }
  if (ask) return askServer();
  return null ? Value{} : truthOf(negated);
}

Value evaluateLike(const Expr& expr, Scope& scope) {
  std::array<Value, 2> values;
  if (const auto decided = evaluateAll(expr, scope, values)) return *decided;
  const auto like =
      isLike(values[0].text, values[1].text, expr.text.empty() ? '\0' : expr.text.front(), expr.type.collation);
  return like ? truthOf(*like != (expr.number != 0)) : askServer();
}

/// Do all operands belong to one family, so that comparing them two by two is what the servers do for the whole list?
bool isOneFamily(const std::vector<Expr>& args) {
  enum Family { none, exact, real, text, temporal, mixed } family = none;
  for (const Expr& arg : args) {
    Family own = none;
    switch (arg.type.kind) {
      case TypeKind::null:
        continue;
      case TypeKind::integer:
      case TypeKind::decimal:
      case TypeKind::guarded:
        own = exact;
        break;
      case TypeKind::real:
        own = real;
        break;
      case TypeKind::text:
        own = text;
        break;
      case TypeKind::date:
      case TypeKind::datetime:
      case TypeKind::time:
        own = temporal;
        break;
      case TypeKind::opaque:
        return false;
    }
    const bool literal = own == text && arg.type.constant;
    const bool fits = family == own || (family == real && own == exact) || (family == temporal && literal);
    if (fits) continue;
    const bool widens = family == none || (family == exact && own == real);
    family = widens ? own : mixed;
  }
  return family != mixed;
}

/// One collation for the whole list, not for each pair.
bool isOneCollation(const std::vector<Expr>& args) {
  for (const Expr& arg : args) {
    if (!arg.type.isText() && arg.type.kind != TypeKind::null) return true;
  }
  return mixCollations(args).has_value();
}

/// The servers compare such lists as reals altogether, also what is not: so do we.
void makeReals(std::vector<Expr>& args) {
  bool real = false;
  for (const Expr& arg : args) real |= arg.type.kind == TypeKind::real;
  if (!real) return;
  for (Expr& arg : args) arg = asReal(std::move(arg));
}

}  // namespace

Expr makeComparison(std::string_view symbol, Expr a, Expr b, const Collation&) {
  Collation collation;
  if (!prepare(a, b, collation)) return opaque();
  std::vector<Expr> args;
  args.push_back(std::move(a));
  args.push_back(std::move(b));
  Expr out = truthExpr(evaluateComparison, std::move(args));
  out.number = symbolOf(symbol);
  out.type.collation = std::move(collation);
  return out;
}

Expr makeBetween(std::vector<Expr> args, bool negated, const Collation& connection) {
  if (!isOneFamily(args) || !isOneCollation(args)) return opaque();
  if (args[1].type.kind == TypeKind::null && args[2].type.kind == TypeKind::null) return opaque();
  makeReals(args);
  Expr value = args[0];
  std::vector<Expr> both;
  both.push_back(makeComparison(">=", std::move(value), std::move(args[1]), connection));
  both.push_back(makeComparison("<=", std::move(args[0]), std::move(args[2]), connection));
  Expr out = truthExpr(evaluateBetween, std::move(both));
  out.number = negated ? 1 : 0;
  return out;
}

Expr makeIn(std::vector<Expr> args, bool negated, const Collation& connection) {
  if (!isOneFamily(args) || !isOneCollation(args)) return opaque();
  makeReals(args);
  std::vector<Expr> each;
  for (std::size_t i = 1; i < args.size(); ++i)
    each.push_back(makeComparison("=", args[0], std::move(args[i]), connection));
  Expr out = truthExpr(evaluateIn, std::move(each));
  out.number = negated ? 1 : 0;
  return out;
}

Expr makeLike(std::vector<Expr> args, bool negated, const Collation& connection) {
  std::string escape = "\\";
  if (args.size() == 3) {
    if (!args[2].type.isText() || !args[2].type.constant || args[2].text.size() != 1) return opaque();
    escape = args[2].text;
    if (escape == "%" || escape == "_" || !isAscii(escape)) return opaque();
    args.pop_back();
  }
  for (Expr& arg : args) {
    auto text = asText(std::move(arg), connection);
    if (!text) return opaque();
    arg = std::move(*text);
  }
  const auto mixed = mixCollations(args);
  if (!mixed) return opaque();
  Expr out = truthExpr(evaluateLike, std::move(args));
  out.type.collation = mixed->collation;
  out.text = std::move(escape);
  out.number = negated ? 1 : 0;
  return out;
}

}  // namespace drs::condition
