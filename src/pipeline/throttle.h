#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

namespace drs {

/// A speed for some hours of every day, UTC. `firstHour` to `lastHour`, both included; first > last wraps past midnight
/// ("16:00"–"15:59" is the whole day).
struct SpeedRule {
  int firstHour = 0, lastHour = 23;  ///< 0 to 23
  std::uint64_t bytesPerSecond = 0;  ///< 0 = unlimited
};

/// The speed that the rules allow at a time: that of the first rule that holds, in bytes per second; 0 = unlimited.
[[nodiscard]] std::uint64_t speedAt(const std::vector<SpeedRule>& rules, UnixMillis now);

/// Slows a job's copy down to the speed that the user set. Who asks waits until everything that was asked for before
/// and his own bytes have had their time, so that copies side by side pass one after the other and not in bursts; a
/// pause saves up a fifth of a second's worth. Over any ten seconds the speed is exact but for that and for one batch.
/// Hours outside of every rule are unlimited. All copies of a job on this node share one instance. Threads: any.
class Throttle {
 public:
  /// `sleep` waits at most the given time and returns false when stop was requested; tests pass their own.
  using Sleep = std::function<bool(std::chrono::milliseconds, const std::stop_token&)>;
  explicit Throttle(const Clock& clock, std::vector<SpeedRule> rules = {}, Sleep sleep = {});

  /// Replaces the rules; whoever waits follows the new ones within a fifth of a second.
  void setRules(std::vector<SpeedRule> rules);
  /// Takes `bytes` of row data into account and waits until they may pass; false = stop was requested.
  /// `waiting` is called in the caller's thread after each wait, several times a second: there the rules may be set
  /// anew. Of copies side by side each needs a `seat` (0, 1, 2 …): the higher, the longer it stands back behind the
  /// others. Pieces of one size that are read side by side then end one after the other, and not all at once, which
  /// would leave nobody to read until the last rows of all are written.
  [[nodiscard]] bool pass(std::uint64_t bytes, const std::stop_token& stop, const std::function<void()>& waiting = {},
                          int seat = 0);
  /// The speed that holds now, in bytes per second; 0 = unlimited.
  [[nodiscard]] std::uint64_t currentLimit() const;

 private:
  void refill(std::uint64_t limit);

  const Clock& clock_;
  const Sleep sleep_;
  mutable std::mutex mutex_;
  std::vector<SpeedRule> rules_;
  double asked_ = 0;    ///< bytes, ever
  double allowed_ = 0;  ///< bytes of those that may have passed by now
  std::chrono::steady_clock::time_point filledAt_;
};

}  // namespace drs
