#pragma once

#include "base/bytes.h"
#include "wire/mysql/wire_error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace drs::mysql {

/// The first byte of a JSON value. Containers come with 2-byte ("small") or 4-byte ("large") counts and offsets.
enum class JsonType : std::uint8_t {
  smallObject = 0,
  largeObject = 1,
  smallArray = 2,
  largeArray = 3,
  literal = 4,
  int16 = 5,
  uint16 = 6,
  int32 = 7,
  uint32 = 8,
  int64 = 9,
  uint64 = 10,
  real = 11,
  string = 12,
  opaque = 15,
};

/// A value of the binary format: its type and the bytes from its beginning on (there may be more behind it).
struct JsonValue {
  JsonType type = JsonType::literal;
  std::string_view data;

  /// Of a whole column; an empty one is null, as for the server.
  static JsonValue of(std::string_view binary) {
    if (binary.empty()) return {JsonType::literal, std::string_view("\0", 1)};
    return {static_cast<JsonType>(binary[0]), binary.substr(1)};
  }
  [[nodiscard]] bool isObject() const { return type == JsonType::smallObject || type == JsonType::largeObject; }
  [[nodiscard]] bool isContainer() const { return type <= JsonType::largeArray; }
};

[[noreturn]] inline void throwDamagedJson() {
  throwCorrupt("a JSON value is not readable");
}

/// The members of an object or the cells of an array, one after another: count, size, [key offset and length]…, [type
/// and offset or value]…, then keys and values. Offsets count from the container's beginning. Every function throws
/// Error(logCorrupt).
class JsonItems {
 public:
  explicit JsonItems(const JsonValue& container)
      : isObject_(container.isObject()),
        width_(container.type == JsonType::smallObject || container.type == JsonType::smallArray ? 2 : 4),
        data_(container.data),
        keys_(data_),
        values_(data_) {
    ByteReader in(data_);
    count_ = in.little(width_);
    const std::uint64_t size = in.little(width_);
    const std::size_t entryBytes = 1 + width_ + (isObject_ ? width_ + 2 : 0);
    if (!in.ok() || size > data_.size() || count_ > in.left() / entryBytes) throwDamagedJson();
    data_ = data_.substr(0, size);
    keys_ = values_ = ByteReader(data_);
    keys_.skip(2 * width_);
    values_.skip(2 * width_ + (isObject_ ? count_ * (width_ + 2) : 0));
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Of the next item; objects only, to be called before value().
  std::string_view key() {
    const std::uint64_t offset = keys_.little(width_);
    const std::size_t length = keys_.u16();
    if (!keys_.ok() || offset > data_.size() || length > data_.size() - offset) throwDamagedJson();
    return data_.substr(offset, length);
  }
  /// Of the next item.
  JsonValue value() {
    const auto type = static_cast<JsonType>(values_.u8());
    const std::string_view entry = values_.slice(width_);
    if (!values_.ok()) throwDamagedJson();
    if (isInlined(type)) return {type, entry};
    const std::uint64_t offset = ByteReader(entry).little(width_);
    if (offset >= data_.size()) throwDamagedJson();
    return {type, data_.substr(offset)};
  }

 private:
  /// Is the value of this type stored in the offset's place?
  [[nodiscard]] bool isInlined(JsonType type) const {
    if (type == JsonType::literal || type == JsonType::int16 || type == JsonType::uint16) return true;
    return width_ == 4 && (type == JsonType::int32 || type == JsonType::uint32);
  }

  bool isObject_;
  std::size_t width_;
  std::string_view data_;
  ByteReader keys_, values_;
  std::uint64_t count_ = 0;
};

}  // namespace drs::mysql
