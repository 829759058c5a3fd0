#pragma once

#include "wire/rdb/crc64.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace drs::rdb {

/// The part of an endless row of bytes that is in memory: bytes come in at the end and are used up at the front. Counts
/// them, and their CRC.
class Window {
 public:
  static constexpr std::size_t kRoomBytes = std::size_t{256} << 10U;

  /// What has come and is not used up.
  [[nodiscard]] std::string_view unread() const { return {bytes_.get() + at_, end_ - at_}; }
  /// What is kept although it is used up: from keepFrom() to the front.
  [[nodiscard]] std::string_view kept() const { return {bytes_.get() + keep_, at_ - keep_}; }
  [[nodiscard]] std::uint64_t position() const { return before_ + at_; }

  void use(std::size_t bytes) { at_ += bytes; }
  /// The bytes from here on stay, used or not, until release().
  void keepFromHere() {
    keep_ = at_;
    keeping_ = true;
  }
  void release() { keeping_ = false; }

  /// The CRC of everything that is used up.
  std::uint64_t crc() {
    crc_ = crc64(crc_, {bytes_.get() + crcAt_, at_ - crcAt_});
    crcAt_ = at_;
    return crc_;
  }

  /// Space for more; moves the bytes.
  std::span<char> room() {
    (void)crc();
    const std::size_t hold = keeping_ ? keep_ : at_;
    const std::size_t live = end_ - hold;
    // Twice what must stay: then each byte is moved at most once for each byte that comes.
    const std::size_t wanted = std::max(kFirstBytes, 2 * live + kRoomBytes);
    if (capacity_ - end_ < kRoomBytes || capacity_ > 16 * wanted) {
      if (capacity_ < live + kRoomBytes + live / 2 || capacity_ > 16 * wanted) {
        auto bytes = std::make_unique_for_overwrite<char[]>(wanted);
        if (live > 0) std::memcpy(bytes.get(), bytes_.get() + hold, live);
        bytes_ = std::move(bytes);
        capacity_ = wanted;
      } else if (live > 0) {
        std::memmove(bytes_.get(), bytes_.get() + hold, live);
      }
      before_ += hold;
      at_ -= hold;
      end_ -= hold;
      crcAt_ -= hold;
      keep_ = 0;
    }
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void filled(std::size_t bytes) { end_ += bytes; }

 private:
  static constexpr std::size_t kFirstBytes = std::size_t{1} << 20U;

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, at_ = 0, end_ = 0;
  std::size_t keep_ = 0, crcAt_ = 0;
  bool keeping_ = false;
  std::uint64_t before_ = 0;  ///< bytes that have left the window
  std::uint64_t crc_ = 0;
};

}  // namespace drs::rdb
