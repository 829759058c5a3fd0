#include "transform/condition/parser.h"

#include "transform/condition/grammar.h"

#include <array>

namespace drs::condition {

NodePtr Parser::expression() {
  const Deeper deeper(*this);
  NodePtr left = exclusive();
  while (takeWord("OR") || takeSymbol("||")) left = operation("OR", std::move(left), exclusive());
  return left;
}

NodePtr Parser::exclusive() {
  NodePtr left = conjunction();
  while (takeWord("XOR")) left = operation("XOR", std::move(left), conjunction());
  return left;
}

NodePtr Parser::conjunction() {
  NodePtr left = negation();
  while (takeWord("AND") || takeSymbol("&&")) left = operation("AND", std::move(left), negation());
  return left;
}

NodePtr Parser::negation() {
  const Deeper deeper(*this);
  if (takeWord("NOT")) return operation("NOT", negation());
  return truth();
}

NodePtr Parser::truth() {
  NodePtr left = comparison();
  if (!isWord(now(), "IS")) return left;
  ++at_;
  const bool negated = takeWord("NOT");
  NodePtr node;
  for (const std::string_view word : {"TRUE", "FALSE", "UNKNOWN"}) {
    if (!takeWord(word)) continue;
    node = operation(word == "UNKNOWN" ? "IS NULL" : "IS " + std::string(word), std::move(left));
    node->negated = negated;
    if (isWord(now(), "IS")) fail("follows another IS; use parentheses");
    return node;
  }
  fail("stands where NULL, TRUE, FALSE or UNKNOWN is expected");
}

NodePtr Parser::comparison() {
  NodePtr left = predicate();
  for (;;) {
    const bool notNull = isWord(ahead(), "NOT") && isWord(ahead(2), "NULL");
    if (isWord(now(), "IS") && (notNull || isWord(ahead(), "NULL"))) {
      at_ += notNull ? 3 : 2;
      left = operation("IS NULL", std::move(left));
      left->negated = notNull;
      continue;
    }
    std::string found;
    for (const std::string_view symbol : {"=", "<=>", "<", "<=", ">", ">=", "<>", "!="}) {
      if (isSymbol(now(), symbol)) found = symbol;
    }
    if (found.empty()) return left;
    ++at_;
    if (isWord(now(), "ALL") || isWord(now(), "ANY") || isWord(now(), "SOME")) fail("needs a subquery: not supported");
    left = operation(found == "!=" ? "<>" : found, std::move(left), predicate());
  }
}

NodePtr Parser::predicate() {
  NodePtr left = bits();
  const bool negated =
      isWord(now(), "NOT") && (isWord(ahead(), "IN") || isWord(ahead(), "BETWEEN") || isWord(ahead(), "LIKE") ||
                               isWord(ahead(), "REGEXP") || isWord(ahead(), "RLIKE"));
  if (negated) ++at_;
  NodePtr node;
  if (takeWord("IN")) {
    node = operation("IN", std::move(left));
    list(*node);
    if (node->parts.size() < 2) refuse("IN has an empty list", node->offset);
  } else if (takeWord("BETWEEN")) {
    NodePtr low = bits();
    needWord("AND");
    node = operation("BETWEEN", std::move(left), std::move(low), predicateDeeper());
  } else if (takeWord("LIKE")) {
    node = operation("LIKE", std::move(left), simple());
    if (takeWord("ESCAPE")) node->parts.push_back(simple());
  } else if (isWord(now(), "REGEXP") || isWord(now(), "RLIKE")) {
    ++at_;
    node = operation("REGEXP", std::move(left), bits());
  } else {
    if (isWord(now(), "SOUNDS") || isWord(now(), "MEMBER")) fail("is not supported");
    return left;
  }
  node->negated = negated;
  return node;
}

NodePtr Parser::predicateDeeper() {
  const Deeper deeper(*this);
  return predicate();
}

void Parser::list(Node& node) {
  needSymbol("(");
  if (isWord(now(), "SELECT") || isWord(now(), "WITH")) fail("begins a subquery: not supported, a filter sees one row");
  if (takeSymbol(")")) return;
  do node.parts.push_back(expression());
  while (takeSymbol(","));
  needSymbol(")");
}

NodePtr Parser::bits() {
  return level(0);
}

std::string Parser::operatorOf(int level) {
  static constexpr std::array<std::array<std::string_view, 5>, 6> kSymbols = {
      {{"|"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%", "DIV", "MOD"}, {"^"}}};
  for (const std::string_view symbol : kSymbols[static_cast<std::size_t>(level)]) {
    if (symbol.empty()) break;
    const bool word = symbol == "DIV" || symbol == "MOD";
    if (word ? takeWord(symbol) : takeSymbol(symbol)) return symbol == "MOD" ? "%" : std::string(symbol);
  }
  return {};
}

NodePtr Parser::level(int depth) {
  constexpr int kAdditive = 3, kTightest = 5;
  if (depth > kTightest) return simple();
  NodePtr left = level(depth + 1);
  for (std::string found = operatorOf(depth); !found.empty(); found = operatorOf(depth)) {
    if (depth == kAdditive && takeWord("INTERVAL"))
      left = interval(std::move(left), found == "-");
    else
      left = operation(found, std::move(left), level(depth + 1));
  }
  return left;
}

NodePtr Parser::interval(NodePtr date, bool negated) {
  NodePtr count = expression();
  NodePtr node = make(NodeKind::interval, {});
  if (now().kind != TokenKind::word) fail("stands where a unit (DAY, MONTH …) is expected");
  node->name = upper(now().text);
  ++at_;
  node->negated = negated;
  node->parts.push_back(std::move(date));
  node->parts.push_back(std::move(count));
  return node;
}

NodePtr parseCondition(std::string_view condition) {
  if (condition.size() > kMaxConditionBytes) refuse("it is too long", kMaxConditionBytes);
  return Parser(condition).run();
}

}  // namespace drs::condition
