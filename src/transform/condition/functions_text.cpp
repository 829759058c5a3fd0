#include "transform/condition/functions.h"

#include <algorithm>
#include <array>

// Functions that make texts. Where a character outside of ASCII would change its case or its place, the server is
// asked.

namespace drs::condition {
namespace {

using Args = std::vector<Expr>;
using Result = std::optional<Expr>;

/// A result that is too long is the server's: it may become NULL there, by max_allowed_packet.
Value bounded(const std::string& text) {
  return text.size() > kMaxTextBytes ? askServer() : textOf(text);
}

Value evaluateConcat(const Expr& expr, Scope& scope) {
  std::string& out = scope.fresh();
  bool null = false, error = false;
  for (const Expr& arg : expr.args) {
    const Value value = arg(scope);
    if (value.isAsk()) return value;
    null |= value.isNull();
    error |= value.kind == ValueKind::error;
    if (value.kind == ValueKind::text) out += value.text;
  }
  if (error) return askServer();
  return null ? Value{} : bounded(out);
}

/// NULLs behind the separator are left out.
Value evaluateConcatWs(const Expr& expr, Scope& scope) {
  std::string& out = scope.fresh();
  const Value separator = expr.args[0](scope);
  if (separator.kind != ValueKind::text) return separator;
  bool first = true;
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    const Value value = expr.args[i](scope);
    if (value.isAsk() || value.kind == ValueKind::error) return askServer();
    if (value.isNull()) continue;
    if (!first) out += separator.text;
    first = false;
    out += value.text;
  }
  return bounded(out);
}

Value evaluateCase(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (!isAscii(value.text)) return askServer();
  std::string& out = scope.fresh();
  out = value.text;
  for (char& c : out) {
    if (expr.number != 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (expr.number == 0 && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return textOf(out);
}

/// number: 1 = at the front, 2 = at the end.
Value evaluateTrim(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  std::string_view text = v[0].text;
  const std::string_view part = expr.args.size() > 1 ? v[1].text : std::string_view(" ");
  if (part.empty()) return textOf(text);
  if ((expr.number & 1) != 0) {
    while (text.starts_with(part)) text.remove_prefix(part.size());
  }
  if ((expr.number & 2) != 0) {
    while (text.ends_with(part)) text.remove_suffix(part.size());
  }
  return textOf(text);
}

/// A piece of `count` characters from character `from` on; nothing to count: the server's.
Value piece(const Expr& expr, std::string_view text, Int128 from, Int128 count) {
  const Collation& collation = expr.type.collation;
  const auto size = countOf(text, collation);
  if (!size) return askServer();
  const auto characters = static_cast<Int128>(*size);
  if (count <= 0 || from >= characters) return textOf({});
  const auto begin = byteOf(text, static_cast<std::size_t>(from), collation);
  const Int128 last = std::min(characters, from + std::min(count, characters));
  const auto end = byteOf(text, static_cast<std::size_t>(last), collation);
  return textOf(text.substr(begin, end - begin));
}

/// number: 0 = LEFT, 1 = RIGHT.
Value evaluateSide(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  if (isBeyondInt(v[1])) return askServer();
  const Int128 count = v[1].integer;
  if (expr.number == 0) return piece(expr, v[0].text, 0, count);
  const auto size = countOf(v[0].text, expr.type.collation);
  if (!size) return askServer();
  return piece(expr, v[0].text, std::max<Int128>(0, static_cast<Int128>(*size) - count), count);
}

Value evaluateSubstring(const Expr& expr, Scope& scope) {
  std::array<Value, 3> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const auto size = countOf(v[0].text, expr.type.collation);
  if (!size || isBeyondInt(v[1]) || isBeyondInt(v[2])) return askServer();
  const auto characters = static_cast<Int128>(*size);
  const Int128 from = v[1].integer, count = expr.args.size() > 2 ? v[2].integer : characters;
  if (from == 0 || from > characters || from < -characters) return textOf({});
  return piece(expr, v[0].text, from > 0 ? from - 1 : characters + from, count);
}

Value evaluateReplace(const Expr& expr, Scope& scope) {
  std::array<Value, 3> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const std::string_view part = v[1].text;
  if (part.empty()) return v[0];
  std::string& out = scope.fresh();
  std::string_view rest = v[0].text;
  for (;;) {
    const std::size_t at = rest.find(part);
    out += rest.substr(0, at);
    if (at == std::string_view::npos || out.size() > kMaxTextBytes) break;
    out += v[2].text;
    rest.remove_prefix(at + part.size());
  }
  return bounded(out);
}

Value evaluateReverse(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (!isAscii(value.text)) return askServer();
  std::string& out = scope.fresh();
  out.assign(value.text.rbegin(), value.text.rend());
  return textOf(out);
}

Value evaluateRepeat(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  if (isBeyondInt(v[1])) return askServer();
  if (v[1].integer <= 0 || v[0].text.empty()) return textOf({});
  if (v[1].integer > static_cast<Int128>(kMaxTextBytes / v[0].text.size())) return askServer();
  std::string& out = scope.fresh();
  for (Int128 i = 0; i < v[1].integer; ++i) out += v[0].text;
  return textOf(out);
}

/// LPAD (0) and RPAD (1).
Value evaluatePad(const Expr& expr, Scope& scope) {
  std::array<Value, 3> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const std::string_view text = v[0].text, fill = v[2].text;
  const Int128 wanted = v[1].integer;
  // An empty filling and a negative length are NULL or empty, by server and version.
  if (!isAscii(text) || !isAscii(fill) || fill.empty() || wanted < 0 || wanted > static_cast<Int128>(kMaxTextBytes))
    return askServer();
  const auto size = static_cast<std::size_t>(wanted);
  if (size <= text.size()) return textOf(text.substr(0, size));
  std::string& out = scope.fresh();
  if (expr.number != 0) out = text;
  for (std::size_t i = 0; i < size - text.size(); ++i) out += fill[i % fill.size()];
  if (expr.number == 0) out += text;
  return textOf(out);
}

Value evaluateHex(const Expr& expr, Scope& scope) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  std::string& out = scope.fresh();
  if (value.kind == ValueKind::integer) {
    auto number = static_cast<std::uint64_t>(value.integer);
    do out.insert(out.begin(), kDigits[number & 15U]);
    while ((number >>= 4U) != 0);
    return textOf(out);
  }
  if (value.text.size() > kMaxTextBytes / 2) return askServer();
  for (const char c : value.text) {
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return textOf(out);
}

Value evaluateElt(const Expr& expr, Scope& scope) {
  const Value which = expr.args[0](scope);
  if (!which.isPlain()) return which;
  if (isBeyondInt(which)) return askServer();
  if (which.integer < 1 || which.integer >= static_cast<Int128>(expr.args.size())) return {};
  return expr.args[static_cast<std::size_t>(which.integer)](scope);
}

/// `texts` of the arguments are texts, the integers behind or before them stay what they are.
Result mixedFunction(Evaluate evaluate, Args args, std::initializer_list<std::size_t> integers, const Context& context,
                     std::int64_t number) {
  Args texts;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool isInteger = std::find(integers.begin(), integers.end(), i) != integers.end();
    if (isInteger && args[i].type.kind != TypeKind::integer) return std::nullopt;
    if (!isInteger) texts.push_back(std::move(args[i]));
  }
  auto out = textFunction(evaluate, std::move(texts), context, TypeKind::text);
  if (!out) return std::nullopt;
  out->number = number;
  Args all;
  std::size_t text = 0;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool isInteger = std::find(integers.begin(), integers.end(), i) != integers.end();
    all.push_back(std::move(isInteger ? args[i] : out->args[text++]));
  }
  out->args = std::move(all);
  return out;
}

Result buildConcat(Args args, const Context& context) {
  return textFunction(evaluateConcat, std::move(args), context, TypeKind::text);
}
Result buildConcatWs(Args args, const Context& context) {
  return textFunction(evaluateConcatWs, std::move(args), context, TypeKind::text);
}
Result buildUpper(Args args, const Context& context) {
  auto out = textFunction(evaluateCase, std::move(args), context, TypeKind::text);
  if (out) out->number = 1;
  return out;
}
Result buildLower(Args args, const Context& context) {
  return textFunction(evaluateCase, std::move(args), context, TypeKind::text);
}
Result buildLtrim(Args args, const Context& context) {
  return makeTrim(std::move(args), "LEADING", context);
}
Result buildRtrim(Args args, const Context& context) {
  return makeTrim(std::move(args), "TRAILING", context);
}
Result buildTrim(Args args, const Context& context) {
  return makeTrim(std::move(args), "BOTH", context);
}
Result buildLeft(Args args, const Context& context) {
  return mixedFunction(evaluateSide, std::move(args), {1}, context, 0);
}
Result buildRight(Args args, const Context& context) {
  return mixedFunction(evaluateSide, std::move(args), {1}, context, 1);
}
Result buildSubstring(Args args, const Context& context) {
  return mixedFunction(evaluateSubstring, std::move(args), {1, 2}, context, 0);
}
Result buildReplace(Args args, const Context& context) {
  return textFunction(evaluateReplace, std::move(args), context, TypeKind::text);
}
Result buildReverse(Args args, const Context& context) {
  return textFunction(evaluateReverse, std::move(args), context, TypeKind::text);
}
Result buildRepeat(Args args, const Context& context) {
  return mixedFunction(evaluateRepeat, std::move(args), {1}, context, 0);
}
Result buildSpace(Args args, const Context& context) {
  args.insert(args.begin(), constantText(" ", context.connection));
  return mixedFunction(evaluateRepeat, std::move(args), {1}, context, 0);
}
Result buildLpad(Args args, const Context& context) {
  return mixedFunction(evaluatePad, std::move(args), {1}, context, 0);
}
Result buildRpad(Args args, const Context& context) {
  return mixedFunction(evaluatePad, std::move(args), {1}, context, 1);
}
Result buildHex(Args args, const Context& context) {
  const bool text = args[0].type.isText() && !args[0].type.isLabel;
  if (!text && args[0].type.kind != TypeKind::integer) return std::nullopt;
  Expr out = expressionOf(TypeKind::text, evaluateHex, std::move(args));
  out.type.collation = context.connection;
  out.type.strength = kCoercible;
  out.type.isAscii = true;
  return out;
}
Result buildElt(Args args, const Context& context) {
  return mixedFunction(evaluateElt, std::move(args), {0}, context, 0);
}

constexpr Function kTextFunctions[] = {
    {"CONCAT", 1, kUnlimited, buildConcat},
    {"CONCAT_WS", 2, kUnlimited, buildConcatWs},
    {"UPPER", 1, 1, buildUpper},
    {"UCASE", 1, 1, buildUpper},
    {"LOWER", 1, 1, buildLower},
    {"LCASE", 1, 1, buildLower},
    {"LTRIM", 1, 1, buildLtrim},
    {"RTRIM", 1, 1, buildRtrim},
    {"TRIM", 1, 2, buildTrim},
    {"LEFT", 2, 2, buildLeft},
    {"RIGHT", 2, 2, buildRight},
    {"SUBSTRING", 2, 3, buildSubstring},
    {"SUBSTR", 2, 3, buildSubstring},
    {"MID", 3, 3, buildSubstring},
    {"REPLACE", 3, 3, buildReplace},
    {"REVERSE", 1, 1, buildReverse},
    {"REPEAT", 2, 2, buildRepeat},
    {"SPACE", 1, 1, buildSpace},
    {"LPAD", 3, 3, buildLpad},
    {"RPAD", 3, 3, buildRpad},
    {"HEX", 1, 1, buildHex},
    {"ELT", 2, kUnlimited, buildElt},
};

}  // namespace

std::span<const Function> textFunctions() {
  return kTextFunctions;
}

std::optional<Expr> makeTrim(std::vector<Expr> args, std::string_view side, const Context& context) {
  auto out = textFunction(evaluateTrim, std::move(args), context, TypeKind::text);
  if (out) out->number = side == "LEADING" ? 1 : (side == "TRAILING" ? 2 : 3);
  return out;
}

}  // namespace drs::condition
