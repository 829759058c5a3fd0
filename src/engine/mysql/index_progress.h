#pragma once

#include "base/log.h"
#include "engine/mysql/connection.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace drs::mysql {

/// Asks a MariaDB target, in a session of its own while a Build lives, how far the ALTER TABLEs are that add indexes:
/// Innodb_onlineddl_pct_progress is one figure of the whole server, while several indexes are built sometimes of one,
/// sometimes of another, and the lowest of the last ones counts for all. MySQL tells nothing that is of use: its stage
/// event stands near its end from the first second on. Threads: any.
class IndexProgress {
 public:
  /// `told`: the number given to Build, and how much of its statements (0 … 1) is done; from a thread of ours, about
  /// once a second. `options` and `log` outlive this.
  IndexProgress(const ConnectOptions& options, const Log& log, std::function<void(std::size_t, double)> told);
  ~IndexProgress();
  IndexProgress(const IndexProgress&) = delete;
  IndexProgress& operator=(const IndexProgress&) = delete;

  /// The statements of one table, as long as this lives. One thread.
  class Build {
   public:
    /// `weight`: of all statements together, in any unit.
    Build(IndexProgress& progress, std::size_t number, double weight);
    ~Build();
    Build(const Build&) = delete;
    Build& operator=(const Build&) = delete;
    /// The next statement, which builds `indexes` in one pass, begins; those before it have ended.
    void next(double weight, std::size_t indexes);

   private:
    IndexProgress& progress_;
    const std::size_t number_;
    double begun_ = 0;  ///< weight of the statements up to now
  };

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    double weight = 1, before = 0, own = 0;
    std::size_t indexes = 1;
    double part = 0;  ///< told last
    Clock::time_point since;
  };
  void watch(const std::stop_token& stop);
  void look(const std::map<std::size_t, Running>& builds);
  /// How much of the running statement is done, by number.
  std::map<std::size_t, double> askMariadb(const std::map<std::size_t, Running>& builds);

  const ConnectOptions& options_;
  const Log& log_;
  const std::function<void(std::size_t, double)> told_;
  std::unique_ptr<Connection> session_;  ///< of the thread
  std::deque<double> lately_;            ///< of the thread: MariaDB's last figures, while several indexes are built
  std::mutex mutex_;                     ///< guards what follows
  std::condition_variable_any changed_;
  std::map<std::size_t, Running> builds_;
  std::jthread thread_;  ///< last: ends before the rest
};

/// Of an ALTER TABLE that adds `indexes` in one pass: what MariaDB's figure (0 … 1) means in time.
[[nodiscard]] double partOfTime(double told, std::size_t indexes);

}  // namespace drs::mysql
