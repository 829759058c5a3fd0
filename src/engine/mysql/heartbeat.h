#pragma once

#include "base/log.h"
#include "base/task_group.h"
#include "engine/engine.h"
#include "engine/mysql/connection.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

// The log of MariaDB tells the time of a commit in whole seconds. So a task writes the time, in milliseconds, into a
// row of its own in the control schema of the source, `drs_ctl`.heartbeat, finds the row in the log, and measures its
// delay by it. Rows of other tasks serve as well: the tasks of one source write one row a second together.

namespace drs::mysql {

/// The table's name in kControlSchema. Its first column is the job id, its last one the time: milliseconds, as text.
inline constexpr std::string_view kHeartbeatTable = "heartbeat";

/// What keeps a task from writing the time at a MariaDB source, with the remedy; empty: nothing. A missing right;
/// read_only; the server is a replica: what is written there alone would make it differ from its primary; the source
/// has `addresses`, more than one: a heartbeat that is lost with a server would keep the task from going on at another
/// one. Throws what Connection throws.
[[nodiscard]] std::string heartbeatObstacle(Connection& source, std::size_t addresses);
/// What tells users of it: which table is written, how often.
[[nodiscard]] std::string heartbeatNotice(int seconds);
/// What tells them of an obstacle.
[[nodiscard]] std::string heartbeatSilence(const std::string& obstacle);

/// Writes the time at the source of a job, as long as it lives, on a thread and a session of its own. Where it cannot
/// it says so once in the job's log, and looks again every kLookAgain. Threads: any.
class Heartbeat {
 public:
  static constexpr std::chrono::seconds kLookAgain{30};

  /// `addresses`: how many the source has.
  Heartbeat(const EngineJob& job, std::size_t addresses);
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// The log is read from this MariaDB server from now on. Nothing for a job that has no incremental phase, or an
  /// interval of 0 (EngineLimits::heartbeatSeconds).
  void follow(const ConnectOptions& server);

 private:
  void run(const std::stop_token& stop);
  /// A session at the server that is followed, with a row of the job; null: something keeps it from that.
  std::unique_ptr<Connection> begin(const ConnectOptions& server, const std::stop_token& stop);
  [[nodiscard]] bool isStillPrimary(Connection& session);
  void beat(Connection& session) const;
  std::optional<ConnectOptions> moved();
  void say(const std::string& line);

  const std::string jobId_;
  const int seconds_;  ///< 0 = never
  const std::size_t addresses_;
  const std::function<void(bool, const std::string&)> note_;
  const Log log_;
  std::string said_;
  std::mutex mutex_;
  std::optional<ConnectOptions> server_;  ///< where follow() has sent it and it has not gone yet
  bool started_ = false;
  bool isPrimary_ = false;                        ///< of the thread: when it was looked at last
  std::chrono::steady_clock::time_point lookAt_;  ///< of the thread: again then
  TaskGroup thread_;                              ///< last: it ends first
};

/// Removes the job's row, and the control schema if nothing of it is in use any more. Nothing if there is no row.
/// Throws what Connection throws, and Error(targetBusy).
void forgetHeartbeat(Connection& connection, std::string_view jobId);
/// The same at the source of a job, at each of its servers that can be written to. Returns what is left there and why;
/// empty: nothing.
[[nodiscard]] std::string forgetHeartbeatAtSource(const EngineJob& job);

}  // namespace drs::mysql
