#include "transform/condition/lexer.h"

#include "base/ascii.h"
#include "base/error.h"
#include "model/utf8.h"

#include <array>

namespace drs::condition {
namespace {

/// Bytes of other characters belong to words, as in the servers.
bool isWordByte(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool isSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    if (!countCharacters(text_)) refuse("it is not UTF-8", 0);
    if (const std::size_t at = text_.find('\0'); at != std::string_view::npos) refuse("it holds a zero byte", at);
    for (;;) {
      while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      next();
    }
    add(TokenKind::end, text_.size(), {});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(TokenKind kind, std::size_t offset, std::string text) { tokens_.push_back({kind, offset, std::move(text)}); }

  void next() {
    const char c = peek();
    if (c == '\'' || c == '"') return quoted(TokenKind::text);
    if (c == '`') return quoted(TokenKind::quotedName);
    // Behind a point that belongs to a name, digits are a name as well; "t.1" is nothing that a filter needs.
    if (isDigit(c) || (c == '.' && isDigit(peek(1)))) return number();
    if (isWordByte(c)) return word();
    symbol();
  }

  void quoted(TokenKind kind) {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string value;
    for (;; ++at_) {
      if (at_ == text_.size()) refuse("a quote is not closed", start);
      const char c = text_[at_];
      if (c == quote) {
        if (peek(1) != quote) break;
        ++at_;
        value += quote;
      } else if (c == '\\' && kind == TokenKind::text) {
        escape(value, start);
      } else {
        value += c;
      }
    }
    ++at_;
    add(kind, start, std::move(value));
  }

  /// `%` and `_` keep their backslash: LIKE reads it.
  void escape(std::string& value, std::size_t start) {
    if (++at_ == text_.size()) refuse("a quote is not closed", start);
    const char c = text_[at_];
    switch (c) {
      case 'n':
        value += '\n';
        return;
      case 't':
        value += '\t';
        return;
      case 'r':
        value += '\r';
        return;
      case 'b':
        value += '\b';
        return;
      case '0':
        value += '\0';
        return;
      case 'Z':
        value += '\032';
        return;
      case '%':
      case '_':
        value += '\\';
        break;
      default:
        break;
    }
    value += c;
  }

  void number() {
    const std::size_t start = at_;
    TokenKind kind = TokenKind::integer;
    while (isDigit(peek())) ++at_;
    if (peek() == '.') {
      kind = TokenKind::decimal;
      ++at_;
      while (isDigit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (isDigit(peek(1 + sign))) {
        kind = TokenKind::real;
        at_ += 1 + sign;
        while (isDigit(peek())) ++at_;
      }
    }
    if (isWordByte(peek())) refuse("a number is followed by letters", start);
    add(kind, start, std::string(text_.substr(start, at_ - start)));
  }

  void word() {
    const std::size_t start = at_;
    while (isWordByte(peek())) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    const bool prefix = word.front() == '_' ||
                        (word.size() == 1 && std::string_view("nNxXbB").find(word.front()) != std::string_view::npos);
    if (prefix && (peek() == '\'' || peek() == '"'))
      refuse("a text literal with a prefix (N'…', x'…', b'…', _charset'…') is not supported; write it plainly", start);
    add(TokenKind::word, start, std::string(word));
  }

  void symbol() {
    static constexpr std::array<std::string_view, 14> kSymbols = {
        "<=>", "->>", "->", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&", "/*", "--", ":="};
    const char c = peek();
    std::string_view found = text_.substr(at_, 1);
    for (const std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      found = symbol;
      break;
    }
    // MariaDB and MySQL begin a comment at "--" only before white space; nobody needs to know that to read a filter.
    if (found == "/*" || found == "--" || c == '#') refuse("it holds a comment, or - twice", at_);
    if (c == ';') refuse("it holds ;", at_);
    if (c == '@' || found == ":=" || c == '?') refuse("it holds a variable or a parameter", at_);
    constexpr std::string_view kSingle = "()+-*/%^&|~!<>=,.{}";
    if (found.size() == 1 && (kSingle.find(c) == std::string_view::npos || c == '{' || c == '}'))
      refuse(std::string("the character ") + c + " means nothing here", at_);
    add(TokenKind::symbol, at_, std::string(found));
    at_ += found.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

void refuse(const std::string& reason, std::size_t offset) {
  throw Error(Msg::crossField, {"filter_conditions", reason + " (at byte " + std::to_string(offset + 1) + ")"},
              Origin::request);
}

std::vector<Token> cutTokens(std::string_view condition) {
  return Lexer(condition).run();
}

}  // namespace drs::condition
