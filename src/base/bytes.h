#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace drs {

/// Reads little-endian integers and slices from bytes of the network. An overrun is remembered and yields zeros, so a
/// codec reads straight through and checks ok() once at the end. Never allocates.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  void fail() noexcept {
    ok_ = false;
    at_ = bytes_.size();
  }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(little(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t u48() { return little(6); }
  std::uint64_t u64() { return little(8); }
  /// An unsigned little-endian integer of 1 to 8 bytes.
  std::uint64_t little(std::size_t width) {
    const std::string_view raw = slice(width);
    std::uint64_t value = 0;
    for (std::size_t i = raw.size(); i-- > 0;) value = value << 8U | static_cast<std::uint8_t>(raw[i]);
    return value;
  }
  /// An unsigned big-endian integer of 1 to 8 bytes.
  std::uint64_t big(std::size_t width) {
    std::uint64_t value = 0;
    for (const char c : slice(width)) value = value << 8U | static_cast<std::uint8_t>(c);
    return value;
  }
  /// The next `size` bytes; empty after an overrun.
  std::string_view slice(std::size_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  void skip(std::size_t size) { (void)slice(size); }
  [[nodiscard]] std::string_view rest() { return slice(left()); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace drs
