#include "transform/condition/collation.h"

#include "model/utf8.h"

#include <algorithm>
#include <array>

namespace drs::condition {
namespace {

constexpr unsigned char kFirstPrintable = 0x20, kLastPrintable = 0x7E;

/// Printable ASCII, upper case only, in the order that both servers sort it (SELECT … ORDER BY c COLLATE …, MySQL 9.7
/// and MariaDB 10.11); every character has a weight of its own.
constexpr std::string_view kOrder4 = " `^_-,;:!?.'\"()[]{}@*/\\&#%+<=>|~$0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kOrder9 = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

using Ranks = std::array<std::int8_t, 128>;

constexpr int upperOf(int c) {
  return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

constexpr Ranks ranksOf(std::string_view order) {
  Ranks ranks{};
  for (auto& rank : ranks) rank = -1;
  for (int c = kFirstPrintable; c <= kLastPrintable; ++c)
    ranks[static_cast<std::size_t>(c)] = static_cast<std::int8_t>(order.find(static_cast<char>(upperOf(c))));
  return ranks;
}
constexpr Ranks kRanks4 = ranksOf(kOrder4), kRanks9 = ranksOf(kOrder9);

/// −1: not known.
int weightOf(unsigned char c, Weights weights) {
  switch (weights) {
    case Weights::bytes:
      return c;
    case Weights::upper:
      return c < 0x80 ? upperOf(c) : -1;
    case Weights::uca4:
      return c < 0x80 ? kRanks4[c] : -1;
    case Weights::uca9:
      return c < 0x80 ? kRanks9[c] : -1;
    case Weights::unknown:
      break;
  }
  return -1;
}

bool allKnown(std::string_view text, Weights weights) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return weightOf(static_cast<unsigned char>(c), weights) >= 0; });
}

std::size_t characterSize(std::string_view text, const Collation& collation) {
  if (!collation.isUtf8 || static_cast<unsigned char>(text.front()) < 0x80) return 1;
  const auto point = firstCodePoint(text);
  return point ? point->size : 1;
}

Weights weightsOf(std::string_view charset, std::string_view name) {
  const bool utf8 = charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8";
  const std::string_view rest = name.starts_with(charset) ? name.substr(charset.size()) : std::string_view();
  if (name == "binary" || rest == "_bin" || rest == "_0900_bin") return Weights::bytes;
  if (rest == "_general_ci" && (utf8 || charset == "ascii")) return Weights::upper;
  if (rest == "_swedish_ci" && charset == "latin1") return Weights::upper;
  if ((rest == "_unicode_ci" || rest == "_unicode_520_ci") && utf8) return Weights::uca4;
  if ((rest == "_0900_ai_ci" || rest == "_uca1400_ai_ci") && utf8) return Weights::uca9;
  return Weights::unknown;
}

}  // namespace

Collation describeCollation(std::string_view charset, std::string_view name) {
  Collation out;
  out.charset = charset == "utf8" ? "utf8mb3" : charset;
  out.name = name;
  if (name.starts_with("utf8_")) out.name = "utf8mb3" + std::string(name.substr(4));
  out.isUtf8 = out.charset == "utf8mb4" || out.charset == "utf8mb3";
  out.singleByte = charset == "latin1" || charset == "ascii" || charset == "binary";
  // Known to have ASCII in single bytes; of any other set the server is asked.
  out.isAsciiBased = out.isUtf8 || out.singleByte;
  if (out.isAsciiBased) out.weights = weightsOf(out.charset, out.name);
  out.pads =
      name != "binary" && name.find("0900") == std::string_view::npos && name.find("nopad") == std::string_view::npos;
  return out;
}

bool isAscii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<int> compareTexts(std::string_view a, std::string_view b, const Collation& collation) {
  if (a == b) return 0;
  if (!allKnown(a, collation.weights) || !allKnown(b, collation.weights)) return std::nullopt;
  const std::size_t common = std::min(a.size(), b.size());
  const auto weight = [&](char c) { return weightOf(static_cast<unsigned char>(c), collation.weights); };
  for (std::size_t i = 0; i < common; ++i) {
    if (const int difference = weight(a[i]) - weight(b[i]); difference != 0) return difference;
  }
  if (a.size() == b.size()) return 0;
  const int sign = a.size() > b.size() ? 1 : -1;
  if (!collation.pads) return sign;
  const std::string_view rest = (a.size() > b.size() ? a : b).substr(common);
  for (const char c : rest) {
    if (const int difference = weight(c) - weight(' '); difference != 0) return difference > 0 ? sign : -sign;
  }
  return 0;
}

std::optional<bool> isLike(std::string_view text, std::string_view pattern, char escape, const Collation& collation) {
  if (!allKnown(text, collation.weights) || !allKnown(pattern, collation.weights)) return std::nullopt;
  // Back-tracking to the last % alone is enough, and linear in memory.
  std::size_t t = 0, p = 0, starText = 0, starPattern = std::string_view::npos;
  const auto weight = [&](char c) { return weightOf(static_cast<unsigned char>(c), collation.weights); };
  for (;;) {
    bool stepped = false;
    if (p < pattern.size() && pattern[p] == '%') {
      starPattern = ++p;
      starText = t;
      continue;
    }
    if (t == text.size() && p == pattern.size()) return true;
    if (t < text.size() && p < pattern.size()) {
      if (pattern[p] == '_' && pattern[p] != escape) {
        t += characterSize(text.substr(t), collation);
        ++p;
        stepped = true;
      } else {
        const bool escaped = pattern[p] == escape && p + 1 < pattern.size();
        if (weight(pattern[p + (escaped ? 1 : 0)]) == weight(text[t])) {
          p += escaped ? 2 : 1;
          ++t;
          stepped = true;
        }
      }
    }
    if (stepped) continue;
    if (starPattern == std::string_view::npos || starText >= text.size()) return false;
    starText += characterSize(text.substr(starText), collation);
    t = starText;
    p = starPattern;
  }
}

std::optional<std::size_t> findText(std::string_view text, std::string_view part, std::size_t from,
                                    const Collation& collation) {
  if (!allKnown(text, collation.weights) || !allKnown(part, collation.weights)) return std::nullopt;
  for (std::size_t at = from; at + part.size() <= text.size(); ++at) {
    const auto same = [&](char x, char y) {
      return weightOf(static_cast<unsigned char>(x), collation.weights) ==
             weightOf(static_cast<unsigned char>(y), collation.weights);
    };
    if (std::equal(part.begin(), part.end(), text.begin() + static_cast<std::ptrdiff_t>(at), same)) return at;
  }
  return std::string_view::npos;
}

std::optional<std::size_t> countOf(std::string_view text, const Collation& collation) {
  if (collation.singleByte || (collation.isAsciiBased && isAscii(text))) return text.size();
  return collation.isUtf8 ? countCharacters(text) : std::nullopt;
}

std::size_t byteOf(std::string_view text, std::size_t index, const Collation& collation) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += characterSize(text.substr(at), collation);
  return std::min(at, text.size());
}

}  // namespace drs::condition
