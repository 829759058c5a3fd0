#pragma once

#include "base/error.h"

#include <string>

namespace drs {

/// Throws Error(badConfig) with the reason: the program cannot start like this.
[[noreturn]] inline void refuse(const std::string& why) {
  throw Error(Msg::badConfig, {why});
}

}  // namespace drs
