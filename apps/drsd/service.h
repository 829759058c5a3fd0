#pragma once

#include "drsd/command_line.h"
#include "drsd/config.h"

namespace drs {

/// Builds everything, serves until SIGTERM or SIGINT, drains and returns the exit code. The two signals must be blocked
/// in the calling thread. Throws Error for what prevents the start.
[[nodiscard]] int runService(const CommandLine& options, const Config& config);

}  // namespace drs
