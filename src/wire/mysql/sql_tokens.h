#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

enum class TokenKind : std::uint8_t {
  word,        ///< keyword or unquoted name
  quotedName,  ///< `name`, or "name" with ANSI_QUOTES
  text,        ///< 'text', or "text" without ANSI_QUOTES; with N'…', x'…', b'…' the prefix is a token of its own
  number,
  symbol,  ///< one character
};

/// A piece of a statement. Tokens do not overlap and stand in order; what lies between them is white space, comments
/// and the marks around versioned comments, so text can be rewritten without losing a byte.
struct Token {
  TokenKind kind = TokenKind::symbol;
  std::size_t offset = 0;  ///< in the statement
  std::string_view raw;    ///< as written, with its quotes

  /// The name without quotes; doubled quotes are single again.
  [[nodiscard]] std::string name() const;
  /// Is it this keyword (given in upper case), in any case, unquoted?
  [[nodiscard]] bool is(std::string_view keyword) const;
  [[nodiscard]] bool isSymbol(char c) const { return kind == TokenKind::symbol && raw.front() == c; }
  [[nodiscard]] bool isName() const { return kind == TokenKind::word || kind == TokenKind::quotedName; }
};

/// How the session's sql_mode reads quotes.
struct SqlSyntax {
  bool ansiQuotes = false;
  bool noBackslashEscapes = false;
  [[nodiscard]] static SqlSyntax fromMode(std::uint64_t sqlMode);
};

/// Cuts a statement into tokens. What stands in versioned comments (/*!80013 … */, /*M!100301 … */) counts as code: the
/// server that wrote the log executed it. Never fails: an unterminated quote or comment reaches to the end.
[[nodiscard]] std::vector<Token> tokenize(std::string_view sql, SqlSyntax syntax);

}  // namespace drs::mysql
