#pragma once

#include "base/clock.h"
#include "store/records.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <set>

namespace drs {

/// How fast a job's copies on this node are, together: rows and bytes over the last ten seconds of work. Time in which
/// none of them runs (a pause, a fault) does not count, except for the moment between one piece and the next. The
/// window begins anew when the speed limit changes, so that the rate is soon the new one. Threads: any.
class Pace {
 public:
  explicit Pace(const Clock& clock);

  /// A copy begins; returns its seat: the lowest number that none of those that run has.
  [[nodiscard]] int begin();
  void end(int seat);
  /// Rows and bytes were written, under a speed limit of `limit` bytes per second (0 = none).
  void add(std::uint64_t rows, std::uint64_t bytes, std::uint64_t limit);
  /// All zero until there has been a second of work.
  [[nodiscard]] JobRate rate() const;

 private:
  struct Sample {
    std::chrono::steady_clock::time_point at;
    std::uint64_t rows = 0, bytes = 0;  ///< until then
  };
  void restart();
  void measure(std::chrono::steady_clock::time_point now);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::set<int> seats_;  ///< of the copies that run
  std::uint64_t rows_ = 0, bytes_ = 0;
  std::chrono::steady_clock::time_point idleSince_;
  std::deque<Sample> window_;  ///< oldest first; a bounded number
  JobRate rate_;
};

/// Begins with the one who makes it and ends with him.
class PaceRun {
 public:
  explicit PaceRun(Pace& pace) : pace_(pace), seat_(pace.begin()) {}
  ~PaceRun() { pace_.end(seat_); }
  PaceRun(const PaceRun&) = delete;
  PaceRun& operator=(const PaceRun&) = delete;
  [[nodiscard]] int seat() const { return seat_; }

 private:
  Pace& pace_;
  const int seat_;
};

}  // namespace drs
