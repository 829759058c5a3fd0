#pragma once

#include "base/error.h"

#include <string>

namespace drs::mysql {

/// Ends decoding: the bytes contradict the format. The place is not known here; the log reader adds it.
[[noreturn]] inline void throwCorrupt(std::string what) {
  throw Error(Msg::logCorrupt, {"an unknown place", std::move(what)}, Origin::source);
}

/// Ends decoding: the bytes are valid but hold what this version cannot apply. `remedy` is for the user.
[[noreturn]] inline void throwUnsupported(std::string what, std::string remedy) {
  throw Error(Msg::logUnsupported, {std::move(what), std::move(remedy)}, Origin::source);
}

}  // namespace drs::mysql
