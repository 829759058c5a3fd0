#pragma once

#include "wire/rdb/value_type.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What DUMP answers and RESTORE takes: type byte, raw value, version (2 bytes), CRC-64 (8 bytes).

namespace drs::rdb {

constexpr std::size_t kDumpFooterBytes = 10;

/// The footer that makes a payload of type byte and raw value with this version. RESTORE compares the version with its
/// own and checks the CRC; the layout is that of the type byte alone, so a value of any source may be given a lower
/// version than the source's (lowestVersion()). Payload = type byte + raw + footer; nothing needs to be copied
/// together.
[[nodiscard]] std::array<char, kDumpFooterBytes> dumpFooter(std::uint8_t type, std::string_view raw,
                                                            std::uint16_t version) noexcept;

/// Appends the whole payload: type byte, raw and footer; raw.size() + 11 bytes.
void appendDumpPayload(std::string& out, std::uint8_t type, std::string_view raw, std::uint16_t version);

/// A payload taken apart; the views point into it.
struct DumpPayload {
  std::uint8_t type = 0;
  std::string_view raw;
  std::uint16_t version = 0;
  Dialect dialect = Dialect::redis;  ///< told by the version
  bool moduleMetadata = false;       ///< modules had attached data to the key (Redis 8.6); it is not in `raw`
};

/// Takes apart what DUMP answered. Throws Error(logCorrupt) if it is too short or the CRC does not fit (a CRC of 0 does
/// not either: no server writes it into a payload). Whether the type is known is not looked at.
[[nodiscard]] DumpPayload parseDumpPayload(std::string_view payload);

}  // namespace drs::rdb
