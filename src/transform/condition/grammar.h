#pragma once

#include "transform/condition/ast.h"
#include "transform/condition/lexer.h"
#include "transform/condition/parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace drs::condition {

[[nodiscard]] inline std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

/// Recursive descent, one method for each rule of the grammar: operators in parser.cpp, operands in
/// parser_operands.cpp.
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

  NodePtr expression();
  NodePtr exclusive();
  NodePtr conjunction();
  NodePtr negation();
  /// bool_pri [IS [NOT] TRUE | FALSE | UNKNOWN], once.
  NodePtr truth();
  NodePtr comparison();
  NodePtr predicate();
  NodePtr predicateDeeper();
  void list(Node& node);
  // Binary operators of bit_expr, from loose to tight: |  &  << >>  + -  * / DIV % MOD  ^
  NodePtr bits();
  std::string operatorOf(int level);
  NodePtr level(int depth);
  /// Behind INTERVAL: expr unit.
  NodePtr interval(NodePtr date, bool negated);
  NodePtr simple();
  NodePtr primary();
  /// Literals side by side are one.
  NodePtr textLiteral();
  NodePtr prefixed(const Token& token);
  NodePtr column(const Token& token);
  NodePtr word(const Token& token);
  NodePtr choice();
  NodePtr call(const std::string& name);
  /// Functions with a syntax of their own that only the server computes: a unit may be their first argument.
  NodePtr freeCall(NodePtr node);
  NodePtr dateArithmetic(bool negated);
  NodePtr trim(NodePtr node);
  NodePtr extract(NodePtr node);
  /// Behind CAST or CONVERT.
  NodePtr cast(NodePtr node);
  unsigned size();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace drs::condition
