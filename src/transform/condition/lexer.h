#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::condition {

enum class TokenKind : std::uint8_t { word, quotedName, text, integer, decimal, real, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;  ///< in the condition
  std::string text;        ///< words as written, names and texts without quotes and escapes, symbols of 1 to 3 bytes
};

/// Cuts a condition into tokens as a server reads it with the sql_mode of our sessions ("…" is text, backslashes
/// escape,
/// || is OR). The last token is `end`. Refused by name, so that a condition is the same text for every server and
/// cannot reach beyond its parentheses: comments, `;`, variables, parameters, unterminated quotes, hexadecimal and bit
/// literals, bytes outside of UTF-8. Throws Error(crossField).
[[nodiscard]] std::vector<Token> cutTokens(std::string_view condition);

/// Throws Error(crossField) for "filter_conditions" with the reason and the place, counted in bytes from 1.
[[noreturn]] void refuse(const std::string& reason, std::size_t offset);

}  // namespace drs::condition
