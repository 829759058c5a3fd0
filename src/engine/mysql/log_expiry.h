#pragma once

#include "base/clock.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/position.h"
#include "engine/source_log.h"

#include <chrono>
#include <functional>
#include <string>

namespace drs::mysql {

/// For SourceLog::use().
[[nodiscard]] LogUse logUse(const ConnectOptions& options, const LogPosition& at, UnixMillis readUpTo);

/// Warns a lane's users before the source removes the part of its log that the lane has not read: when the lane is
/// behind by kNear of the time that the source keeps its log (binlog_expire_logs_seconds, expire_logs_days), or the
/// files that it still needs take kNear of the room that the log may have (MariaDB's max_binlog_total_size, Percona's
/// binlog_space_limit). Warns once, and again after the lane was well within the limits. One thread.
class LogExpiry {
 public:
  static constexpr double kNear = 0.75, kFar = 0.5;
  static constexpr std::chrono::seconds kLookEvery{60};
  static constexpr std::chrono::seconds kWorthALook{10};  ///< a lane that is less behind is not looked at

  /// `warn` gets the line.
  explicit LogExpiry(std::function<void(const std::string&)> warn) : warn_(std::move(warn)) {}

  /// True if it is time for a look: the lane is behind, and the last look was long ago. `readUpTo`: when what it has
  /// read last was committed at the source, 0 = not known. Cheap.
  [[nodiscard]] bool isDue(UnixMillis readUpTo);
  /// Opens a session for a look; a source that does not answer is left to the lane. `at`: where the lane is.
  void look(const ConnectOptions& options, const LogPosition& at, UnixMillis readUpTo);

 private:
  void judge(Connection& connection, const LogPosition& at, double behindSeconds);

  const std::function<void(const std::string&)> warn_;
  const Clock clock_;
  std::chrono::steady_clock::time_point nextLook_;
  bool warned_ = false;
};

}  // namespace drs::mysql
