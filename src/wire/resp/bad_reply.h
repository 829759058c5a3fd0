#pragma once

#include "base/error.h"

#include <string>
#include <utility>

namespace drs::resp {

/// Throws Error(badReply): what the server sent is not its protocol.
[[noreturn]] inline void refuse(std::string why) {
  throw Error(Msg::badReply, {"The server", std::move(why)});
}

}  // namespace drs::resp
