#pragma once

#include <string>

namespace drs {

/// A random UUID (version 4), lower case, 36 characters. Throws Error(internal) if the system has no randomness.
[[nodiscard]] std::string newUuid();

/// A job id: UUID-like, 36 characters, the last group is 7 hex digits + "jb" + 3 hex digits (v5-endpoints.md, section
/// 0).
[[nodiscard]] std::string newJobId();

/// `bytes` random bytes as lower-case hex.
[[nodiscard]] std::string randomHex(std::size_t bytes);

}  // namespace drs
