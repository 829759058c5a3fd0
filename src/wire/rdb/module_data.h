#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <string>

// What modules write: values (type 7), data of no key (opcode 247), data attached to keys (opcode 243 of Redis). It can
// be skipped without the module, since each piece is tagged.

namespace drs::rdb {

constexpr std::uint8_t kOpcodeKeyMetadata = 243;

/// Reads past one tagged piece. True if it was the end mark, which closes what one module wrote in one call. On an
/// overrun the reader is failed. Throws Error(logCorrupt) for an unknown tag.
bool skipModulePiece(ByteReader& in);

/// Reads past the data that modules attached to a key; its opcode has been read already. As above.
void skipKeyMetadata(ByteReader& in);

/// The name of nine characters that a module's 64-bit id holds, and its version.
[[nodiscard]] std::string moduleName(std::uint64_t id);
[[nodiscard]] constexpr unsigned moduleVersion(std::uint64_t id) {
  return static_cast<unsigned>(id & 1023U);
}

}  // namespace drs::rdb
