#include "transform/condition/parser.h"

#include "transform/condition/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace drs::condition {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

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

class Parser {
 public:
  explicit Parser(std::string_view condition) : tokens_(cutTokens(condition)) {}

  NodePtr run() {
    if (now().kind == TokenKind::end) refuse("it is empty", 0);
    NodePtr whole = expression();
    if (now().kind != TokenKind::end) fail("is not expected");
    return whole;
  }

 private:
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) refuse("it is nested too deeply", parser_.now().offset);
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] const Token& ahead(std::size_t count = 1) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  [[noreturn]] void fail(const std::string& what) const {
    if (now().kind == TokenKind::end) refuse("it ends too early", now().offset);
    refuse("\"" + now().text + "\" " + what, now().offset);
  }
  [[nodiscard]] static bool isSymbol(const Token& token, std::string_view symbol) {
    return token.kind == TokenKind::symbol && token.text == symbol;
  }
  [[nodiscard]] static bool isWord(const Token& token, std::string_view word) {
    return token.kind == TokenKind::word && upper(token.text) == word;
  }
  bool takeSymbol(std::string_view symbol) {
    if (!isSymbol(now(), symbol)) return false;
    ++at_;
    return true;
  }
  bool takeWord(std::string_view word) {
    if (!isWord(now(), word)) return false;
    ++at_;
    return true;
  }
  void needSymbol(std::string_view symbol) {
    if (!takeSymbol(symbol)) fail("stands where " + std::string(symbol) + " is expected");
  }
  void needWord(std::string_view word) {
    if (!takeWord(word)) fail("stands where " + std::string(word) + " is expected");
  }

  NodePtr make(NodeKind kind, std::string name) {
    if (++nodes_ > kMaxNodes) refuse("it has too many parts", now().offset);
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->name = std::move(name);
    node->offset = now().offset;
    return node;
  }
  template <typename... Parts>
  NodePtr operation(std::string name, Parts... parts) {
    NodePtr node = make(NodeKind::operation, std::move(name));
    (node->parts.push_back(std::move(parts)), ...);
    return node;
  }

  NodePtr expression() {
    const Deeper deeper(*this);
    NodePtr left = exclusive();
    while (takeWord("OR") || takeSymbol("||")) left = operation("OR", std::move(left), exclusive());
    return left;
  }
  NodePtr exclusive() {
    NodePtr left = conjunction();
    while (takeWord("XOR")) left = operation("XOR", std::move(left), conjunction());
    return left;
  }
  NodePtr conjunction() {
    NodePtr left = negation();
    while (takeWord("AND") || takeSymbol("&&")) left = operation("AND", std::move(left), negation());
    return left;
  }
  NodePtr negation() {
    const Deeper deeper(*this);
    if (takeWord("NOT")) return operation("NOT", negation());
    return truth();
  }

  /// bool_pri [IS [NOT] TRUE | FALSE | UNKNOWN], once.
  NodePtr truth() {
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

  NodePtr comparison() {
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
      if (isWord(now(), "ALL") || isWord(now(), "ANY") || isWord(now(), "SOME"))
        fail("needs a subquery: not supported");
      left = operation(found == "!=" ? "<>" : found, std::move(left), predicate());
    }
  }

  NodePtr predicate() {
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
  NodePtr predicateDeeper() {
    const Deeper deeper(*this);
    return predicate();
  }

  void list(Node& node) {
    needSymbol("(");
    if (isWord(now(), "SELECT") || isWord(now(), "WITH"))
      fail("begins a subquery: not supported, a filter sees one row");
    if (takeSymbol(")")) return;
    do node.parts.push_back(expression());
    while (takeSymbol(","));
    needSymbol(")");
  }

  // Binary operators of bit_expr, from loose to tight: |  &  << >>  + -  * / DIV % MOD  ^
  NodePtr bits() { return level(0); }

  std::string operatorOf(int level) {
    static constexpr std::array<std::array<std::string_view, 5>, 6> kSymbols = {
        {{"|"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%", "DIV", "MOD"}, {"^"}}};
    for (const std::string_view symbol : kSymbols[static_cast<std::size_t>(level)]) {
      if (symbol.empty()) break;
      const bool word = symbol == "DIV" || symbol == "MOD";
      if (word ? takeWord(symbol) : takeSymbol(symbol)) return symbol == "MOD" ? "%" : std::string(symbol);
    }
    return {};
  }

  NodePtr level(int depth) {
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

  /// Behind INTERVAL: expr unit.
  NodePtr interval(NodePtr date, bool negated) {
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

  NodePtr simple() {
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

  NodePtr primary() {
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

  /// Literals side by side are one.
  NodePtr textLiteral() {
    NodePtr node = make(NodeKind::text, {});
    for (; now().kind == TokenKind::text; ++at_) node->text += now().text;
    return node;
  }

  NodePtr prefixed(const Token& token) {
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

  NodePtr column(const Token& token) {
    if (isSymbol(now(), ".")) refuse("write the name of the column alone, without a table", token.offset);
    if (isSymbol(now(), "(")) fail("follows a quoted name");
    NodePtr node = make(NodeKind::column, token.text);
    node->offset = token.offset;
    return node;
  }

  NodePtr word(const Token& token) {
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

  NodePtr choice() {
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

  NodePtr call(const std::string& name) {
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
    if (name.starts_with("SUBSTR") || name == "MID") return node;
    return node;
  }

  /// Functions with a syntax of their own that only the server computes: a unit may be their first argument.
  NodePtr freeCall(NodePtr node) {
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

  NodePtr dateArithmetic(bool negated) {
    needSymbol("(");
    NodePtr date = expression();
    needSymbol(",");
    needWord("INTERVAL");
    NodePtr node = interval(std::move(date), negated);
    needSymbol(")");
    return node;
  }

  NodePtr trim(NodePtr node) {
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

  NodePtr extract(NodePtr node) {
    needSymbol("(");
    if (now().kind != TokenKind::word) fail("stands where a unit is expected");
    node->text = upper(now().text);
    ++at_;
    needWord("FROM");
    node->parts.push_back(expression());
    needSymbol(")");
    return node;
  }

  /// Behind CAST or CONVERT.
  NodePtr cast(NodePtr node) {
    const bool convert = node->name == "CONVERT";
    node->kind = NodeKind::cast;
    needSymbol("(");
    node->parts.push_back(expression());
    if (convert && isWord(now(), "USING"))
      fail("is not supported: texts are compared in the column's own character set");
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

  unsigned size() {
    unsigned value = 0;
    const std::string& text = now().text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (now().kind != TokenKind::integer || error != std::errc() || end != text.data() + text.size())
      fail("stands where a number is expected");
    ++at_;
    return value;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

NodePtr parseCondition(std::string_view condition) {
  if (condition.size() > kMaxConditionBytes) refuse("it is too long", kMaxConditionBytes);
  return Parser(condition).run();
}

}  // namespace drs::condition
