#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/position.h"

#include <cstdint>
#include <string>
#include <vector>

namespace drs::mysql {

/// A file of a server's log.
struct LogFile {
  std::string name;
  std::uint64_t bytes = 0;
};

/// SHOW BINARY LOGS, oldest first. Empty if the account may not ask.
[[nodiscard]] std::vector<LogFile> logFiles(Connection& connection);

/// Whether a lane at `from` can go on at this server: it must have everything that the lane has (else it is behind, or
/// its history is another one), and everything that comes behind it. Throws Error:
///  - sourceChanged: file and offset of another server, which mean nothing here; or GTIDs of another one at a MariaDB
///    whose gtid_strict_mode is off, so that they do not tell enough;
///  - sourceBehind: names what the server does not have;
///  - logPurged: names what is gone, and the oldest file that is left; or the server of `from` has lost the end of its
///    log, and what stands there now may have the GTIDs of what was read.
/// A server whose log cannot be listed is not asked for more than it tells.
void requireContinuity(Connection& connection, const LogPosition& from);

}  // namespace drs::mysql
