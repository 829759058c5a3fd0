#pragma once

#include "base/log.h"
#include "engine/mysql/connection.h"

#include <chrono>
#include <memory>

namespace drs::mysql {

/// Looks now and then at the row versions that the source must keep for a long snapshot (InnoDB's history list), and
/// warns in the log when they become many. What the server does not tell (information_schema.INNODB_METRICS asks for
/// PROCESS) is not watched. One thread.
class HistoryWatch {
 public:
  HistoryWatch(const ConnectOptions& options, const Log& log, bool isOn) : options_(options), log_(log), isOn_(isOn) {}
  /// Returns at once but for every 30 s. Throws nothing.
  void look() noexcept;

 private:
  void ask();

  const ConnectOptions& options_;
  const Log& log_;
  bool isOn_;
  std::unique_ptr<Connection> session_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
  unsigned long long warnedAt_ = 0;
};

}  // namespace drs::mysql
