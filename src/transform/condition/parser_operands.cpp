#include "transform/condition/grammar.h"

#include <array>
#include <charconv>

namespace drs::condition {
namespace {

/// Words that are no column's name without back-quotes, as far as this grammar would otherwise take them for one.
bool isReserved(std::string_view word) {
  static constexpr std::array kWords = {
      "ALL",      "AND",    "AS",     "ASC",     "BETWEEN", "BY",     "CASE",      "COLLATE",   "DESC",   "DISTINCT",
      "DIV",      "ELSE",   "EXISTS", "FOR",     "FROM",    "GROUP",  "HAVING",    "IN",        "INTO",   "IS",
      "JOIN",     "LIKE",   "LIMIT",  "MATCH",   "MOD",     "NOT",    "OR",        "ORDER",     "REGEXP", "RLIKE",
      "SELECT",   "SET",    "TABLE",  "THEN",    "UNION",   "VALUES", "WHEN",      "WHERE",     "WITH",   "XOR",
      "INTERVAL", "BINARY", "ROW",    "DEFAULT", "OVER",    "LOCK",   "PROCEDURE", "INTERSECT", "EXCEPT", "USING"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

NodePtr Parser::simple() {
  const Deeper deeper(*this);
  NodePtr node = primary();
  while (takeWord("COLLATE")) {
    if (now().kind == TokenKind::end || now().kind == TokenKind::symbol) fail("stands where a collation is expected");
    NodePtr outer = make(NodeKind::collate, upper(now().text));
    for (char& c : outer->name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    ++at_;
    outer->parts.push_back(std::move(node));
    node = std::move(outer);
  }
  if (isSymbol(now(), "->") || isSymbol(now(), "->>")) {
    const std::string arrow = now().text;
    ++at_;
    if (now().kind != TokenKind::text) fail("stands where a path is expected");
    node = operation(arrow, std::move(node), primary());
  }
  return node;
}

NodePtr Parser::primary() {
  const Token token = now();
  switch (token.kind) {
    case TokenKind::integer:
    case TokenKind::decimal:
    case TokenKind::real: {
      const NodeKind kind = token.kind == TokenKind::integer   ? NodeKind::integer
                            : token.kind == TokenKind::decimal ? NodeKind::decimal
                                                               : NodeKind::real;
      NodePtr node = make(kind, {});
      node->text = token.text;
      ++at_;
      return node;
    }
    case TokenKind::text:
      return textLiteral();
    case TokenKind::quotedName:
      ++at_;
      return column(token);
    case TokenKind::word:
      return word(token);
    case TokenKind::symbol:
      return prefixed(token);
    case TokenKind::end:
      break;
  }
  fail("is not expected");
}

NodePtr Parser::textLiteral() {
  NodePtr node = make(NodeKind::text, {});
  for (; now().kind == TokenKind::text; ++at_) node->text += now().text;
  return node;
}

NodePtr Parser::prefixed(const Token& token) {
  ++at_;
  if (token.text == "(") {
    if (isWord(now(), "SELECT") || isWord(now(), "WITH"))
      fail("begins a subquery: not supported, a filter sees one row");
    NodePtr inner = expression();
    if (isSymbol(now(), ",")) fail("makes a list of values: not supported; compare the columns one by one");
    needSymbol(")");
    return inner;
  }
  if (token.text == "-") return operation("NEG", simple());
  if (token.text == "+") return simple();
  if (token.text == "~") return operation("~", simple());
  if (token.text == "!") return operation("NOT", simple());
  --at_;
  fail("is not expected");
}

NodePtr Parser::column(const Token& token) {
  if (isSymbol(now(), ".")) refuse("write the name of the column alone, without a table", token.offset);
  if (isSymbol(now(), "(")) fail("follows a quoted name");
  NodePtr node = make(NodeKind::column, token.text);
  node->offset = token.offset;
  return node;
}

NodePtr Parser::word(const Token& token) {
  const std::string name = upper(token.text);
  if (name == "NULL" || name == "TRUE" || name == "FALSE") {
    NodePtr node = make(name == "NULL" ? NodeKind::null : NodeKind::integer, {});
    node->text = name == "TRUE" ? "1" : "0";
    ++at_;
    return node;
  }
  if (name == "CASE") return choice();
  if (name == "BINARY") {
    ++at_;
    NodePtr node = make(NodeKind::cast, "BINARY");
    node->parts.push_back(simple());
    return node;
  }
  if (name == "CURRENT_USER" || name == "CURRENT_DATE" || name == "CURRENT_TIME" || name == "CURRENT_TIMESTAMP" ||
      name == "LOCALTIME" || name == "LOCALTIMESTAMP" || name == "UTC_DATE" || name == "UTC_TIME" ||
      name == "UTC_TIMESTAMP") {
    if (!isSymbol(ahead(), "(")) {
      ++at_;
      return make(NodeKind::call, name);
    }
  }
  if ((name == "DATE" || name == "TIME" || name == "TIMESTAMP") && ahead().kind == TokenKind::text) {
    ++at_;
    NodePtr node = textLiteral();
    node->kind = NodeKind::date;
    node->name = name;
    return node;
  }
  // MySQL takes a function's name only right in front of its parenthesis; a blank between makes another thing of
  // some.
  if (isSymbol(ahead(), "(")) {
    if (ahead().offset != token.offset + token.text.size())
      refuse("write no blank between a function and (", token.offset);
    return call(name);
  }
  if (isReserved(name)) fail("is not expected");
  ++at_;
  return column(token);
}

NodePtr Parser::choice() {
  NodePtr node = make(NodeKind::choice, {});
  ++at_;
  node->negated = !isWord(now(), "WHEN");
  if (node->negated) node->parts.push_back(expression());
  if (!isWord(now(), "WHEN")) fail("stands where WHEN is expected");
  while (takeWord("WHEN")) {
    node->parts.push_back(expression());
    needWord("THEN");
    node->parts.push_back(expression());
  }
  node->parts.push_back(takeWord("ELSE") ? expression() : make(NodeKind::null, {}));
  needWord("END");
  return node;
}

NodePtr Parser::call(const std::string& name) {
  if (name == "EXISTS" || name == "MATCH" || name == "VALUES" || name == "DEFAULT" || name == "ROW" ||
      name == "INTERVAL")
    fail("is not supported in a filter");
  if (isReserved(name) && name != "MOD") fail("is not expected");
  NodePtr node = make(NodeKind::call, name);
  ++at_;
  if (name == "CAST" || name == "CONVERT") return cast(std::move(node));
  if (name == "TRIM") return trim(std::move(node));
  if (name == "EXTRACT") return extract(std::move(node));
  if (name == "DATE_ADD" || name == "DATE_SUB" || name == "ADDDATE" || name == "SUBDATE")
    return dateArithmetic(name == "DATE_SUB" || name == "SUBDATE");
  if (name == "POSITION") {
    needSymbol("(");
    node->name = "LOCATE";
    node->parts.push_back(bits());
    needWord("IN");
    node->parts.push_back(expression());
    needSymbol(")");
    return node;
  }
  if (name == "TIMESTAMPDIFF" || name == "TIMESTAMPADD" || name == "GET_FORMAT" || name == "WEIGHT_STRING" ||
      name == "CHAR")
    return freeCall(std::move(node));
  list(*node);
  if (isWord(now(), "OVER")) fail("makes a window function: not supported");
  return node;
}

NodePtr Parser::freeCall(NodePtr node) {
  if (node->name != "TIMESTAMPDIFF" && node->name != "TIMESTAMPADD") fail("is not supported in a filter");
  needSymbol("(");
  if (now().kind != TokenKind::word) fail("stands where a unit is expected");
  node->text = upper(now().text);
  ++at_;
  needSymbol(",");
  do node->parts.push_back(expression());
  while (takeSymbol(","));
  needSymbol(")");
  return node;
}

NodePtr Parser::dateArithmetic(bool negated) {
  needSymbol("(");
  NodePtr date = expression();
  needSymbol(",");
  needWord("INTERVAL");
  NodePtr node = interval(std::move(date), negated);
  needSymbol(")");
  return node;
}

NodePtr Parser::trim(NodePtr node) {
  needSymbol("(");
  for (const std::string_view side : {"BOTH", "LEADING", "TRAILING"}) {
    if (takeWord(side)) node->text = side;
  }
  if (!node->text.empty() && takeWord("FROM")) {
    node->parts.push_back(expression());
  } else {
    NodePtr first = expression();
    if (takeWord("FROM")) {
      node->parts.push_back(expression());
      node->parts.push_back(std::move(first));
    } else {
      if (!node->text.empty()) fail("stands where FROM is expected");
      node->parts.push_back(std::move(first));
    }
  }
  needSymbol(")");
  return node;
}

NodePtr Parser::extract(NodePtr node) {
  needSymbol("(");
  if (now().kind != TokenKind::word) fail("stands where a unit is expected");
  node->text = upper(now().text);
  ++at_;
  needWord("FROM");
  node->parts.push_back(expression());
  needSymbol(")");
  return node;
}

NodePtr Parser::cast(NodePtr node) {
  const bool convert = node->name == "CONVERT";
  node->kind = NodeKind::cast;
  needSymbol("(");
  node->parts.push_back(expression());
  if (convert && isWord(now(), "USING")) fail("is not supported: texts are compared in the column's own character set");
  if (convert)
    needSymbol(",");
  else
    needWord("AS");
  if (now().kind != TokenKind::word) fail("stands where a type is expected");
  node->name = upper(now().text);
  static constexpr std::array kTypes = {"SIGNED", "UNSIGNED", "CHAR", "BINARY", "DECIMAL",
                                        "DATE",   "DATETIME", "TIME", "DOUBLE"};
  if (std::find(kTypes.begin(), kTypes.end(), node->name) == kTypes.end())
    fail("is not supported as the type of a conversion");
  ++at_;
  if (node->name == "SIGNED" || node->name == "UNSIGNED") static_cast<void>(takeWord("INTEGER"));
  if (takeSymbol("(")) {
    do node->sizes.push_back(size());
    while (takeSymbol(","));
    needSymbol(")");
  }
  needSymbol(")");
  return node;
}

unsigned Parser::size() {
  unsigned value = 0;
  const std::string& text = now().text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (now().kind != TokenKind::integer || error != std::errc() || end != text.data() + text.size())
    fail("stands where a number is expected");
  ++at_;
  return value;
}

}  // namespace drs::condition
