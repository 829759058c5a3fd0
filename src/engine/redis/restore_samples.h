#pragma once

#include "wire/rdb/value_type.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace drs::redis {

/// The smallest value of a type: what RESTORE is tried with.
struct RestoreSample {
  std::uint8_t type;
  rdb::Dialect dialect;
  std::string_view kind;  ///< the answer of TYPE
  std::string_view raw;   ///< behind the type byte
  /// Reads a part of it: a command that takes the key and `argument`, and its answer; none for streams, which are
  /// empty.
  std::string_view command, argument, answer;
};

/// One for each type byte that sources of Redis 2.8 to 8.8 and Valkey up to 9 send, modules and release candidates
/// excepted.
[[nodiscard]] std::span<const RestoreSample> restoreSamples() noexcept;

}  // namespace drs::redis
