#pragma once

#include "base/error.h"

#include <string>

namespace drs::rdb {

/// What stands for the place in an error until somebody who knows it adds it (SnapshotParser does).
inline constexpr const char* kUnknownPlace = "an unknown place of a value";

/// The bytes contradict the format.
[[noreturn]] inline void throwCorrupt(std::string what) {
  throw Error(Msg::logCorrupt, {kUnknownPlace, std::move(what)}, Origin::source);
}

/// The bytes are valid but hold what this version does not know. `remedy` is for the user.
[[noreturn]] inline void throwUnsupported(std::string what, std::string remedy) {
  throw Error(Msg::logUnsupported, {std::move(what), std::move(remedy)}, Origin::source);
}

}  // namespace drs::rdb
