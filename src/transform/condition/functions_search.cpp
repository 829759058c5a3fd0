#include "transform/condition/functions.h"

#include <array>

// Functions of texts that make numbers.

namespace drs::condition {
namespace {

using Args = std::vector<Expr>;
using Result = std::optional<Expr>;

/// number: bytes of a character are counted times this; 0 = characters.
Value evaluateLength(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (expr.number != 0) return integerOf(static_cast<Int128>(value.text.size()) * expr.number);
  const auto count = countOf(value.text, expr.args[0].type.collation);
  return count ? integerOf(static_cast<Int128>(*count)) : askServer();
}

/// ASCII (0) and ORD (1): the first byte.
Value evaluateAscii(const Expr& expr, Scope& scope) {
  const Value value = expr.args[0](scope);
  if (!value.isPlain()) return value;
  if (value.text.empty()) return integerOf(0);
  const auto first = static_cast<unsigned char>(value.text.front());
  if (first >= 0x80 && expr.number != 0) return askServer();
  return integerOf(first);
}

/// args: text, part[, from].
Value evaluateFind(const Expr& expr, Scope& scope) {
  std::array<Value, 3> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const std::string_view text = v[0].text, part = v[1].text;
  // Where several characters weigh as one, places depend on more than weights.
  if (!isAscii(text) || !isAscii(part)) return askServer();
  std::size_t from = 0;
  if (expr.args.size() > 2) {
    if (part.empty() || isBeyondInt(v[2])) return askServer();  // found behind the last character by MySQL alone
    if (v[2].integer < 1 || v[2].integer > static_cast<Int128>(text.size()) + 1) return integerOf(0);
    from = static_cast<std::size_t>(v[2].integer - 1);
  }
  const auto found = findText(text, part, from, expr.type.collation);
  if (!found) return askServer();
  return integerOf(*found == std::string_view::npos ? 0 : static_cast<Int128>(*found) + 1);
}

Value evaluateStrcmp(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const auto order = compareTexts(v[0].text, v[1].text, expr.type.collation);
  if (!order) return askServer();
  return integerOf(*order < 0 ? -1 : (*order > 0 ? 1 : 0));
}

Value evaluateFindInSet(const Expr& expr, Scope& scope) {
  std::array<Value, 2> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  std::string_view list = v[1].text;
  const std::string_view item = v[0].text;
  if (list.find(' ') != std::string_view::npos || item.find(' ') != std::string_view::npos || list.empty() ||
      item.empty() || item.find(',') != std::string_view::npos)
    return askServer();  // how the servers see blanks and empty items differs by collation
  for (int position = 1;; ++position) {
    const std::size_t comma = list.find(',');
    const auto order = compareTexts(item, list.substr(0, comma), expr.type.collation);
    if (!order) return askServer();
    if (*order == 0) return integerOf(position);
    if (comma == std::string_view::npos) return integerOf(0);
    list.remove_prefix(comma + 1);
  }
}

Value evaluateField(const Expr& expr, Scope& scope) {
  const Value wanted = expr.args[0](scope);
  if (wanted.isAsk() || wanted.kind == ValueKind::error) return wanted;
  if (wanted.isNull()) return integerOf(0);
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    const Value value = expr.args[i](scope);
    if (value.isAsk() || value.kind == ValueKind::error) return askServer();
    if (value.isNull()) continue;
    bool same = value.integer == wanted.integer;
    if (value.kind == ValueKind::text) {
      const auto order = compareTexts(value.text, wanted.text, expr.type.collation);
      if (!order) return askServer();
      same = *order == 0;
    }
    if (same) return integerOf(static_cast<Int128>(i));
  }
  return integerOf(0);
}

Value evaluateSubstringIndex(const Expr& expr, Scope& scope) {
  std::array<Value, 3> v;
  if (const auto decided = evaluateAll(expr, scope, v)) return *decided;
  const std::string_view text = v[0].text, mark = v[1].text;
  const Int128 count = v[2].integer;
  if (isBeyondInt(v[2])) return askServer();
  if (mark.empty() || count == 0 || text.empty()) return textOf({});
  if (count > 0) {
    std::size_t at = 0;
    for (Int128 i = 0; i < count; ++i) {
      at = text.find(mark, i == 0 ? 0 : at + mark.size());
      if (at == std::string_view::npos) return textOf(text);
    }
    return textOf(text.substr(0, at));
  }
  // From the right, marks that overlap are found by other rules.
  if (mark.size() > 1) return askServer();
  std::size_t at = text.size();
  for (Int128 i = 0; i > count; --i) {
    if (at == 0) return textOf(text);
    at = text.rfind(mark, at - 1);
    if (at == std::string_view::npos) return textOf(text);
  }
  return textOf(text.substr(at + 1));
}

Result lengthOf(Args args, const Context& context, std::int64_t factor) {
  auto text = asText(std::move(args[0]), context.connection);
  if (!text || !text->type.isText()) return std::nullopt;
  // CHAR_LENGTH and LENGTH of BINARY and BLOB are bytes; printed numbers are ASCII.
  args[0] = std::move(*text);
  Expr out = expressionOf(TypeKind::integer, evaluateLength, std::move(args));
  out.number = factor;
  return out;
}
Result buildLength(Args args, const Context& context) {
  return lengthOf(std::move(args), context, 1);
}
Result buildCharLength(Args args, const Context& context) {
  return lengthOf(std::move(args), context, 0);
}
Result buildAscii(Args args, const Context& context) {
  return textFunction(evaluateAscii, std::move(args), context, TypeKind::integer);
}
Result buildOrd(Args args, const Context& context) {
  auto out = buildAscii(std::move(args), context);
  if (out) out->number = 1;
  return out;
}

Result find(Args args, std::optional<Expr> from, const Context& context) {
  if (from && from->type.kind != TypeKind::integer) return std::nullopt;
  auto out = textFunction(evaluateFind, std::move(args), context, TypeKind::integer);
  if (out && from) out->args.push_back(std::move(*from));
  return out;
}
Result buildInstr(Args args, const Context& context) {
  return find(std::move(args), std::nullopt, context);
}
Result buildLocate(Args args, const Context& context) {
  std::optional<Expr> from;
  if (args.size() > 2) {
    from = std::move(args[2]);
    args.pop_back();
  }
  std::swap(args[0], args[1]);
  return find(std::move(args), std::move(from), context);
}
Result buildStrcmp(Args args, const Context& context) {
  // Beside a date MySQL compares dates.
  if (!args[0].type.isText() || !args[1].type.isText()) return std::nullopt;
  return textFunction(evaluateStrcmp, std::move(args), context, TypeKind::integer);
}
Result buildFindInSet(Args args, const Context& context) {
  for (const Expr& arg : args) {
    if (arg.type.isLabel) return std::nullopt;  // compared by number
  }
  return textFunction(evaluateFindInSet, std::move(args), context, TypeKind::integer);
}
Result buildField(Args args, const Context& context) {
  bool integers = true, texts = true;
  for (const Expr& arg : args) {
    integers &= arg.type.kind == TypeKind::integer;
    texts &= arg.type.isText();
  }
  for (const Expr& arg : args) {
    if (integers && !haveSameSign(args[0], arg)) return std::nullopt;
  }
  if (integers) return expressionOf(TypeKind::integer, evaluateField, std::move(args));
  if (!texts) return std::nullopt;
  return textFunction(evaluateField, std::move(args), context, TypeKind::integer);
}
Result buildSubstringIndex(Args args, const Context& context) {
  if (args[2].type.kind != TypeKind::integer) return std::nullopt;
  Expr count = std::move(args[2]);
  args.pop_back();
  auto out = textFunction(evaluateSubstringIndex, std::move(args), context, TypeKind::text);
  if (out) out->args.push_back(std::move(count));
  return out;
}

constexpr Function kSearchFunctions[] = {
    {"LENGTH", 1, 1, buildLength},
    {"OCTET_LENGTH", 1, 1, buildLength},
    {"CHAR_LENGTH", 1, 1, buildCharLength},
    {"CHARACTER_LENGTH", 1, 1, buildCharLength},
    {"ASCII", 1, 1, buildAscii},
    {"ORD", 1, 1, buildOrd},
    {"INSTR", 2, 2, buildInstr},
    {"LOCATE", 2, 3, buildLocate},
    {"STRCMP", 2, 2, buildStrcmp},
    {"FIND_IN_SET", 2, 2, buildFindInSet},
    {"FIELD", 2, kUnlimited, buildField},
    {"SUBSTRING_INDEX", 3, 3, buildSubstringIndex},
};

}  // namespace

std::span<const Function> searchFunctions() {
  return kSearchFunctions;
}

}  // namespace drs::condition
