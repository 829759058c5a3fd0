#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/log_group.h"
#include "engine/mysql/position.h"
#include "model/change_event.h"

#include <string>

namespace drs::mysql {

/// Reads the changes of an XA transaction again that was prepared before the place `at` of a lane and is still open:
/// `xid` and `place` are an entry of at.heldXa. Blocks while the server looks for it. `scope` must outlive what it
/// returns. Throws Error: what a dump throws (logPurged if the log is gone), logUnsupported if something else stands at
/// that place.
[[nodiscard]] Transaction readPrepared(const ConnectOptions& options, const LogScope& scope, const LogPosition& at,
                                       const std::string& xid, const std::string& place, const GroupLimits& limits);

}  // namespace drs::mysql
