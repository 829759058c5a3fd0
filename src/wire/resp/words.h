#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

// How arguments of commands are read.

namespace drs::resp {

/// Is it this word (given in upper case), in any case?
[[nodiscard]] inline bool isWord(std::string_view text, std::string_view upperWord) noexcept {
  if (text.size() != upperWord.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - ('a' - 'A')) : text[i];
    if (c != upperWord[i]) return false;
  }
  return true;
}

/// A decimal integer and nothing else.
[[nodiscard]] inline std::optional<std::int64_t> toInteger(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace drs::resp
