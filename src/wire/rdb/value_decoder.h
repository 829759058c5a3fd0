#pragma once

#include "wire/rdb/value_type.h"
#include "wire/rdb/value_visitor.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace drs::rdb {

/// Decodes one raw value, whole or in parts of whole records (BigPart::bytes), into its elements.
///
///     ValueDecoder decoder(info.type, dialect);
///     decoder.decode(part, visitor);   // once for Entry::raw, once for each BigPart
///     decoder.finish();
///
/// Memory: one record unpacked, and of a stream the pending entries of one group (48 bytes each). Nothing is allocated
/// by a count or size that the bytes only claim. Elements are given as they are found: a visitor may have seen some
/// when an Error is thrown. One thread.
class ValueDecoder {
 public:
  /// Throws Error(logUnsupported) for a type that cannot be decoded: modules, and what kindOf() does not know.
  ValueDecoder(std::uint8_t type, Dialect dialect);
  ~ValueDecoder();
  ValueDecoder(const ValueDecoder&) = delete;
  ValueDecoder& operator=(const ValueDecoder&) = delete;

  /// Throws Error(logCorrupt) if the bytes are not whole records of the type or contradict themselves.
  void decode(std::string_view records, ValueVisitor& visitor);
  /// Throws Error(logCorrupt) if the value is not complete.
  void finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same in one go, for a value that is there as a whole.
void decodeValue(std::uint8_t type, Dialect dialect, std::string_view raw, ValueVisitor& visitor);

}  // namespace drs::rdb
