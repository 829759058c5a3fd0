#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// A piece of a statement. `text` is a slice of the statement's text.
struct DdlToken {
  enum class Kind : std::uint8_t { word, name, string, number, symbol, comment };
  Kind kind = Kind::word;
  std::string_view text;
  std::size_t begin = 0;  ///< offset of text in the statement

  /// A keyword, without regard to case.
  [[nodiscard]] bool is(std::string_view word) const;
};
using DdlTokens = std::vector<DdlToken>;

/// Cuts a statement of SHOW CREATE TABLE into tokens: `names`, 'strings' (doubled quotes and backslashes), numbers,
/// words, symbols of one character, and comments whole. Throws Error(definitionNotSupported) for text that does not end
/// properly.
[[nodiscard]] DdlTokens ddlTokens(std::string_view sql, const std::string& table);

/// The index behind the parenthesis that matches the one at `open`; tokens.size() if there is none.
[[nodiscard]] std::size_t behindGroup(const DdlTokens& tokens, std::size_t open);

/// `name` without its quotes.
[[nodiscard]] std::string unquoted(std::string_view name);

/// The statement's text from token `first` up to, not including, token `last`.
[[nodiscard]] std::string_view slice(std::string_view sql, const DdlTokens& tokens, std::size_t first,
                                     std::size_t last);

[[noreturn]] void refuseDefinition(const std::string& table, const std::string& why);

}  // namespace drs::mysql
