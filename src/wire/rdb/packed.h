#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <string_view>

// The packed forms of small collections: many elements in one string. Each reader goes over the elements in order and
// throws Error(logCorrupt) where the bytes contradict themselves; what next() gives points into the packed bytes.

namespace drs::rdb {

/// An element: text, or a number that stands for its decimal digits.
struct Packed {
  std::string_view bytes;
  std::int64_t number = 0;
  bool isNumber = false;

  /// The text; a number's is put into `buffer` of kIntegerBytes.
  [[nodiscard]] std::string_view text(char* buffer) const;
  /// The element as a score. Throws Error(logCorrupt) if it is none.
  [[nodiscard]] double score() const;
};

/// Text of a server that is a score: "1.5", "-inf", "1e-9". Throws Error(logCorrupt) for anything else, NaN included.
[[nodiscard]] double scoreOf(std::string_view text);

/// bytes in all (4), elements (2; 65535: not known), elements, 0xff. An element is: its form and data, then the number
/// of bytes of both, to be read backwards.
class Listpack {
 public:
  explicit Listpack(std::string_view bytes);
  /// False at the end.
  bool next(Packed& out);
  /// The next element, which must be there and be a number.
  std::int64_t number();

 private:
  ByteReader in_;
  std::uint64_t claimed_ = 0, seen_ = 0;
};

/// bytes in all (4), offset of the last element (4), elements (2; 65535: not known), elements, 0xff. An element is:
/// length of the one before it (1 or 5 bytes), its form and data.
class Ziplist {
 public:
  explicit Ziplist(std::string_view bytes);
  bool next(Packed& out);

 private:
  void element(std::uint8_t form, Packed& out);

  ByteReader in_;
  std::uint64_t claimed_ = 0, seen_ = 0;
};

/// pairs (1; 254: not known), then of each pair: length, field, length, unused bytes (1), value, unused bytes; 0xff.
/// Gives field, value, field, value …
class Zipmap {
 public:
  explicit Zipmap(std::string_view bytes);
  bool next(Packed& out);

 private:
  ByteReader in_;
  std::uint64_t claimed_ = 0, seen_ = 0;
  bool atValue_ = false;
};

/// bytes of a number (4), numbers (4), the numbers.
class Intset {
 public:
  explicit Intset(std::string_view bytes);
  bool next(Packed& out);

 private:
  ByteReader in_;
  std::size_t width_ = 0;
};

}  // namespace drs::rdb
