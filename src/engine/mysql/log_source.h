#pragma once

#include "base/log.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/log_dump.h"
#include "engine/mysql/position.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace drs::mysql {

/// The servers that a lane may be read from: those of the source's address list. One of them is in use; a lane leaves
/// it when it is gone, or when it has become read-only while another one is the primary, and goes on by GTID at a
/// server that has all that the lane has (requireContinuity()): nothing is left out and nothing comes twice. A server
/// that lacks something is waited for.
///
/// Among several the first that applications can write to is taken. One that is read-only is taken when there was no
/// better one for kPatience, or if the lane begins there: its transactions may be those that a failover loses.
///
/// A list of one address is used as it is. One thread.
class LogSource {
 public:
  static constexpr std::chrono::seconds kPatience{20};  ///< of a failover, before a read-only server is used
  static constexpr std::chrono::seconds kLookEvery{5};  ///< at the server in use

  /// `note`: see EngineJob::note.
  LogSource(ConnectOptions options, std::function<void(bool, const std::string&)> note, Log log)
      : options_(std::move(options)), note_(std::move(note)), log_(std::move(log)) {}

  /// A dump from the server that is best now. Throws Error: what LogDump throws; of several addresses one error for
  /// all, which names each of them with its reason: retry (cannotConnect, sourceBehind) if any of them may pass.
  [[nodiscard]] std::unique_ptr<LogDump> start(const LogPosition& from, const DumpIdentity& identity);

  /// To be called now and then while a dump runs; looks every kLookEvery. True: the server in use is read-only, and
  /// another one is not and has everything of `at`: start() finds it.
  [[nodiscard]] bool shouldLeave(const LogPosition& at);

  /// Of the server in use; after start().
  [[nodiscard]] ConnectOptions inUse() const { return only(current_.value_or(0)); }
  /// A line of the job's log, and of the program's.
  void say(bool warning, const std::string& line) const;
  /// Of all later connections.
  void limitConnectTime(int seconds) {
    options_.connectTimeoutSeconds = std::min(options_.connectTimeoutSeconds, seconds);
  }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] ConnectOptions only(std::size_t address) const;
  std::unique_ptr<LogDump> startAmong(const LogPosition& from);
  [[nodiscard]] bool isReadOnly();
  void use(std::size_t address, const LogDump& dump);

  ConnectOptions options_;
  const std::function<void(bool, const std::string&)> note_;
  const Log log_;
  std::optional<std::size_t> current_;       ///< of options_.addresses
  std::string server_;                       ///< the one in use, by serverId()
  std::optional<Clock::time_point> lostAt_;  ///< since then start() fails
  std::unique_ptr<Connection> watch_;        ///< a session at the server in use
  Clock::time_point nextLook_;
  bool saidReadOnly_ = false;
};

}  // namespace drs::mysql
