#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace drs {

/// One code point and how many bytes it takes.
struct CodePoint {
  char32_t value;
  std::size_t size;
};

/// The first code point of `text`; nothing if `text` is empty or does not start with well-formed UTF-8 (over-long
/// forms, surrogates and values above U+10FFFF are refused, Unicode 15 table 3-7).
[[nodiscard]] std::optional<CodePoint> firstCodePoint(std::string_view text) noexcept;

/// The number of code points; nothing if `text` is not UTF-8.
[[nodiscard]] std::optional<std::size_t> countCharacters(std::string_view text) noexcept;

/// At most `maxCharacters` of `text`, with "…" where something was cut. Bytes that are not UTF-8 become U+FFFD, control
/// characters become spaces: the result can stand in any answer.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t maxCharacters);

/// "U+000A" for control characters and spaces, the character itself otherwise.
[[nodiscard]] std::string nameOfCharacter(char32_t character);

/// True for a letter or digit of any script.
[[nodiscard]] bool isLetterOrDigit(char32_t character) noexcept;

}  // namespace drs
