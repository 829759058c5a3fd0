#pragma once

#include <algorithm>
#include <string>

namespace drs {

/// Whatever the locale is.
[[nodiscard]] constexpr bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The letters A to Z become small; all other bytes stay.
[[nodiscard]] inline std::string toLowerAscii(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace drs
