#include "model/utf8.h"

#include <fmt/core.h>

#include <clocale>
#include <cstdint>
#include <cwctype>

namespace drs {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

void append(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

bool isControl(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

}  // namespace

std::optional<CodePoint> firstCodePoint(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  std::size_t size = 0;
  char32_t least = 0;
  char32_t value = 0;
  if ((lead & 0xE0U) == 0xC0U) {
    size = 2, least = 0x80, value = lead & 0x1FU;
  } else if ((lead & 0xF0U) == 0xE0U) {
    size = 3, least = 0x800, value = lead & 0x0FU;
  } else if ((lead & 0xF8U) == 0xF0U) {
    size = 4, least = 0x10000, value = lead & 0x07U;
  }
  if (size == 0 || text.size() < size) return std::nullopt;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3FU);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return std::nullopt;
  return CodePoint{value, size};
}

std::optional<std::size_t> countCharacters(std::string_view text) noexcept {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto c = firstCodePoint(text);
    if (!c) return std::nullopt;
    text.remove_prefix(c->size);
    ++count;
  }
  return count;
}

std::string shortened(std::string_view text, std::size_t maxCharacters) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == maxCharacters) return out + "…";
    const CodePoint c = firstCodePoint(text).value_or(CodePoint{kReplacement, 1});
    append(out, isControl(c.value) ? U' ' : c.value);
    text.remove_prefix(c.size);
  }
  return out;
}

std::string nameOfCharacter(char32_t character) {
  if (isControl(character) || character == U' ' || character == 0xA0) {
    return fmt::format("U+{:04X}", static_cast<std::uint32_t>(character));
  }
  std::string out;
  append(out, character);
  return out;
}

bool isLetterOrDigit(char32_t character) noexcept {
  // The C library's own table of Unicode classes; C.UTF-8 is built into glibc since 2.35 and needs no locale package.
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (unicode == nullptr) {
    return (character >= U'0' && character <= U'9') || ((character | 0x20U) >= U'a' && (character | 0x20U) <= U'z');
  }
  return iswalnum_l(static_cast<wint_t>(character), unicode) != 0;
}

}  // namespace drs
