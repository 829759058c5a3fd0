#pragma once

#include "base/bytes.h"

#include <bit>
#include <cstdint>
#include <string>

namespace drs::mysql {

/// The length-encoded integer of the client protocol, used all over the binlog: one byte below 251, else a marker and
/// 2, 3 or 8 bytes. 251 (NULL) has no meaning here and is damage.
inline std::uint64_t readLength(ByteReader& in) {
  const std::uint8_t first = in.u8();
  switch (first) {
    case 251:
      in.fail();
      return 0;
    case 252:
      return in.u16();
    case 253:
      return in.u24();
    case 254:
      return in.u64();
    case 255:
      in.fail();
      return 0;
    default:
      return first;
  }
}

/// The integer of the serialization library of MySQL ≥ 8.3 (GTIDs with tags): as many further bytes follow as the first
/// byte has trailing ones; the value stands above those bits, little-endian.
inline std::uint64_t readVarlen(ByteReader& in) {
  const std::uint8_t first = in.u8();
  const auto more = static_cast<unsigned>(std::countr_one(first));
  if (more == 8) return in.u64();
  const std::uint64_t upper = more == 0 ? 0 : in.little(more);
  return upper << (7U - more) | static_cast<std::uint64_t>(first >> (more + 1U));
}

/// The same for a signed value: the sign is the lowest bit, a negative value is stored as −(value + 1).
inline std::int64_t readVarlenSigned(ByteReader& in) {
  const std::uint64_t raw = readVarlen(in);
  const auto half = static_cast<std::int64_t>(raw >> 1U);
  return (raw & 1U) != 0 ? -half - 1 : half;
}

/// Writes a value below 128 in the form that readVarlen() reads; larger values never occur (tags have 32 letters).
inline void appendVarlenSmall(std::string& out, std::size_t value) {
  out += static_cast<char>(value << 1U);
}

}  // namespace drs::mysql
