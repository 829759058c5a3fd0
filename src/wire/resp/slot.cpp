#include "wire/resp/slot.h"

#include <array>
#include <cstddef>

namespace drs::resp {
namespace {

constexpr std::array<std::uint16_t, 256> makeCrcTable() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? crc << 1U ^ 0x1021U : crc << 1U;
    table.at(byte) = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr std::array<std::uint16_t, 256> kCrcTable = makeCrcTable();
constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";

struct Tag {
  std::array<char, 4> text{};
  std::uint8_t size = 0;
};

/// Tries texts from short to long until every slot has one. All 36^4 of four letters are more than enough; the order is
/// fixed, and with it the tags.
class TagTable {
 public:
  TagTable() {
    Tag tag;
    for (tag.size = 1; tag.size <= tag.text.size() && missing_ > 0; ++tag.size) fill(tag, 0);
  }

  [[nodiscard]] std::string_view at(std::uint16_t slot) const {
    const Tag& tag = tags_.at(slot);
    return {tag.text.data(), tag.size};
  }

 private:
  void fill(Tag& tag, std::size_t place) {
    if (place == tag.size) {
      Tag& entry = tags_.at(slotOf({tag.text.data(), tag.size}));
      if (entry.size != 0) return;
      entry = tag;
      --missing_;
      return;
    }
    for (const char letter : kLetters) {
      if (missing_ == 0) return;
      tag.text.at(place) = letter;
      fill(tag, place + 1);
    }
  }

  std::array<Tag, kSlots> tags_{};
  std::size_t missing_ = kSlots;
};

}  // namespace

std::uint16_t crc16(std::string_view bytes) noexcept {
  unsigned crc = 0;
  for (const char c : bytes)
    crc = (crc << 8U & 0xffffU) ^ kCrcTable[(crc >> 8U ^ static_cast<unsigned char>(c)) & 0xffU];
  return static_cast<std::uint16_t>(crc);
}

std::string_view hashedPart(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

std::uint16_t slotOf(std::string_view key) noexcept {
  return crc16(hashedPart(key)) % kSlots;
}

std::string_view tagOf(std::uint16_t slot) {
  static const TagTable kTags;
  return kTags.at(slot);
}

}  // namespace drs::resp
