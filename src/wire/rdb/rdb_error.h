#pragma once

#include <string_view>

namespace drs::rdb {

/// What stands for the place in an error until somebody who knows it adds it (SnapshotParser does).
inline constexpr std::string_view kUnknownPlace = "an unknown place of a value";

/// Throws Error(logCorrupt): the bytes contradict the format.
[[noreturn, gnu::cold]] void throwCorrupt(std::string_view what);

/// Throws Error(logUnsupported): the bytes are valid but hold what this version does not know. `remedy` is for the
/// user.
[[noreturn, gnu::cold]] void throwUnsupported(std::string_view what, std::string_view remedy);

}  // namespace drs::rdb
