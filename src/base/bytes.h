#pragma once

#include <bit>
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

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(little(3)); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u48() { return little(6); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  /// An unsigned little-endian integer of 1 to 8 bytes.
  std::uint64_t little(std::size_t width) {
    if (!has(width)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8U | static_cast<std::uint8_t>(bytes_[at_ + i]);
    at_ += width;
    return value;
  }
  template <std::size_t kWidth>
  std::uint64_t little() {
    if constexpr (kWidth == 1) return u8();
    if constexpr (kWidth == 2) return u16();
    if constexpr (kWidth == 4) return u32();
    if constexpr (kWidth == 8) return u64();
    return little(kWidth);
  }
  /// An unsigned big-endian integer of 1 to 8 bytes.
  std::uint64_t big(std::size_t width) {
    if (!has(width)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8U | static_cast<std::uint8_t>(bytes_[at_ + i]);
    at_ += width;
    return value;
  }
  /// The next `size` bytes; empty after an overrun.
  std::string_view slice(std::size_t size) {
    if (!has(size)) return {};
    const std::string_view out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  void skip(std::size_t size) { (void)slice(size); }
  [[nodiscard]] std::string_view rest() { return slice(left()); }

 private:
  /// Are there so many bytes more? If not, that is an overrun.
  bool has(std::size_t size) {
    if (size <= left()) return true;
    fail();
    return false;
  }
  template <typename T>
  T fixed() {
    if constexpr (std::endian::native != std::endian::little) return static_cast<T>(little(sizeof(T)));
    T value = 0;
    if (!has(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));  // one load
    at_ += sizeof(T);
    return value;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace drs
