#include "wire/resp/glob.h"

#include <cstddef>
#include <utility>

namespace drs::resp {
namespace {

/// A class from its '[' at `at` on: does it hold the character? Moves `at` behind it. Servers compare the ends of a
/// range as signed characters, so "[a-\xff]" holds what lies between -1 and 'a'.
bool takeClass(std::string_view pattern, std::size_t& at, char c) {
  ++at;
  const bool inverted = at < pattern.size() && pattern[at] == '^';
  if (inverted) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      found = pattern[++at] == c || found;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      auto low = static_cast<signed char>(pattern[at]);
      auto high = static_cast<signed char>(pattern[at + 2]);
      if (low > high) std::swap(low, high);
      const auto value = static_cast<signed char>(c);
      found = (value >= low && value <= high) || found;
      at += 2;
    } else {
      found = pattern[at] == c || found;
    }
  }
  if (at < pattern.size()) ++at;  // the ']'
  return found != inverted;
}

/// Does the pattern's element at `at`, which is no '*', stand for this character? Moves `at` behind it.
bool takeElement(std::string_view pattern, std::size_t& at, char c) {
  switch (pattern[at]) {
    case '?':
      ++at;
      return true;
    case '[':
      return takeClass(pattern, at, c);
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      [[fallthrough]];
    default:
      return pattern[at++] == c;
  }
}

}  // namespace

bool globMatch(std::string_view pattern, std::string_view text) noexcept {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = 0;
  std::size_t place = 0;
  // Every element but '*' stands for one character, so only the last '*' ever has to take more.
  std::size_t starAt = kNone;
  std::size_t starPlace = 0;
  while (place < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      starAt = ++at;
      starPlace = place;
      continue;
    }
    if (at < pattern.size() && takeElement(pattern, at, text[place])) {
      ++place;
      continue;
    }
    if (starAt == kNone) return false;
    at = starAt;
    place = ++starPlace;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace drs::resp
