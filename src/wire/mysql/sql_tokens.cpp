#include "wire/mysql/sql_tokens.h"

#include "base/ascii.h"

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr std::uint64_t kModeAnsiQuotes = 0x4, kModeNoBackslashEscapes = 0x100000;

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v' || c == '\0';
}
/// Bytes above 127 belong to names: multi-byte characters.
bool isWordPart(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80U;
}

class Tokenizer {
 public:
  Tokenizer(std::string_view sql, SqlSyntax syntax) : sql_(sql), syntax_(syntax) {}

  std::vector<Token> run() {
    while (at_ < sql_.size()) {
      if (isBlank(peek())) {
        ++at_;
      } else if (!comment()) {
        token();
      }
    }
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  [[nodiscard]] bool starts(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }

  void skipPast(std::string_view end) {
    const std::size_t found = sql_.find(end, at_);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  /// Skips a comment, or one of the marks of a versioned comment.
  bool comment() {
    if (peek() == '#' ||
        (starts("--") && (at_ + 2 >= sql_.size() || isBlank(peek(2)) || static_cast<unsigned char>(peek(2)) < 0x20U))) {
      skipPast("\n");
      return true;
    }
    if (starts("/*!") || starts("/*M!")) {
      at_ += starts("/*!") ? 3 : 4;
      while (isDigit(peek())) ++at_;
      ++versioned_;
      return true;
    }
    if (versioned_ > 0 && starts("*/")) {
      at_ += 2;
      --versioned_;
      return true;
    }
    if (starts("/*")) {
      at_ += 2;
      skipPast("*/");
      return true;
    }
    return false;
  }

  void token() {
    const char c = peek();
    if (c == '`') return quoted(TokenKind::quotedName, c, false);
    if (c == '"') return quoted(syntax_.ansiQuotes ? TokenKind::quotedName : TokenKind::text, c, !syntax_.ansiQuotes);
    if (c == '\'') return quoted(TokenKind::text, c, true);
    if (isWordPart(c)) return word();
    add(TokenKind::symbol, 1);
  }

  void quoted(TokenKind kind, char quote, bool escapes) {
    std::size_t end = at_ + 1;
    while (end < sql_.size()) {
      if (escapes && !syntax_.noBackslashEscapes && sql_[end] == '\\') {
        end += 2;
      } else if (sql_[end] == quote) {
        if (end + 1 >= sql_.size() || sql_[end + 1] != quote) break;
        end += 2;
      } else {
        ++end;
      }
    }
    add(kind, std::min(end + 1, sql_.size()) - at_);
  }

  /// A name may start with a digit ("1a") but not consist of digits; behind a point digits are a name part ("db.1").
  void word() {
    std::size_t end = at_;
    while (end < sql_.size() && isWordPart(sql_[end])) ++end;
    const std::string_view raw = sql_.substr(at_, end - at_);
    const bool digits = std::all_of(raw.begin(), raw.end(), isDigit);
    const bool behindPoint = !tokens_.empty() && tokens_.back().isSymbol('.') && tokens_.back().offset + 1 == at_;
    add(digits && !behindPoint ? TokenKind::number : TokenKind::word, raw.size());
  }

  void add(TokenKind kind, std::size_t size) {
    tokens_.push_back({kind, at_, sql_.substr(at_, size)});
    at_ += size;
  }

  std::string_view sql_;
  SqlSyntax syntax_;
  std::size_t at_ = 0;
  unsigned versioned_ = 0;  ///< open versioned comments
  std::vector<Token> tokens_;
};

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

SqlSyntax SqlSyntax::fromMode(std::uint64_t sqlMode) {
  return {(sqlMode & kModeAnsiQuotes) != 0, (sqlMode & kModeNoBackslashEscapes) != 0};
}

std::string Token::name() const {
  if (kind != TokenKind::quotedName) return std::string(raw);
  const char quote = raw.front();
  std::string_view inner = raw.substr(1);
  if (!inner.empty() && inner.back() == quote) inner.remove_suffix(1);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    out += inner[i];
    if (inner[i] == quote) ++i;
  }
  return out;
}

bool Token::is(std::string_view keyword) const {
  return kind == TokenKind::word && raw.size() == keyword.size() &&
         std::equal(raw.begin(), raw.end(), keyword.begin(), [](char a, char b) { return upper(a) == b; });
}

std::vector<Token> tokenize(std::string_view sql, SqlSyntax syntax) {
  return Tokenizer(sql, syntax).run();
}

}  // namespace drs::mysql
