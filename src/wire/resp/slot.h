#pragma once

#include <cstdint>
#include <string_view>

namespace drs::resp {

/// Slots of a Redis cluster.
inline constexpr std::uint16_t kSlots = 16384;

/// CRC-16/XMODEM: polynomial 0x1021, begins with 0 (cluster specification, appendix A).
[[nodiscard]] std::uint16_t crc16(std::string_view bytes) noexcept;

/// The part of a key that its slot is made of: what stands between the first '{' and the first '}' behind it, if
/// anything does; else the whole key.
[[nodiscard]] std::string_view hashedPart(std::string_view key) noexcept;

/// 0 … 16383, as `CLUSTER KEYSLOT key` answers.
[[nodiscard]] std::uint16_t slotOf(std::string_view key) noexcept;

/// A short text (letters and digits, at most 4 characters) whose slot is `slot`: "{" + tagOf(s) + "}anything" lies in
/// slot s. Always the same for a slot, so that keys named with it are found again. `slot` < kSlots. Threads: any; lives
/// for ever.
[[nodiscard]] std::string_view tagOf(std::uint16_t slot);

}  // namespace drs::resp
