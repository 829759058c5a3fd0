#pragma once

#include <string>

namespace drs {

/// What the system says about an `errno` value, e.g. "No such file or directory". Any thread (strerror is not).
[[nodiscard]] std::string systemText(int code);

}  // namespace drs
