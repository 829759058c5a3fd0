#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

namespace drs {

/// How busy a source may be before copies are held back; 0 = not watched.
struct SourceLimits {
  int runningThreads = 0;     ///< sessions of the source that work at the same moment
  int replicaLagSeconds = 0;  ///< that any of its replicas is behind
  [[nodiscard]] bool any() const { return runningThreads > 0 || replicaLagSeconds > 0; }
};

/// Asks a source how busy it is. One thread at a time.
class LoadGauge {
 public:
  virtual ~LoadGauge() = default;
  /// What is beyond the limits, for people; empty = nothing. A replica that cannot be asked counts as lagging and is
  /// named with the reason. Throws Error if the source itself cannot be asked. Ends soon after a stop; what it says
  /// then means nothing.
  [[nodiscard]] virtual std::string excess(const std::stop_token& stop) = 0;
};

/// Holds a job's copies on this node back while its source is busy. The copies share one; whoever comes by when a
/// second has passed since the last look takes the next one. A hold ends when three looks in a row found nothing. Each
/// hold is noted when it begins and when it ends, but no more than once a minute: a source at the edge of a limit would
/// fill the log. Threads: any.
class SourceCare {
 public:
  using Clock = std::chrono::steady_clock;
  using Note = std::function<void(const std::string&)>;
  /// `now` is for tests.
  explicit SourceCare(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}

  /// Waits while the source is busy, at most `patience`. True = it is not; false = it still is, or stop was requested.
  /// Throws what the gauge throws. `note` gets the lines.
  [[nodiscard]] bool pass(LoadGauge& gauge, const std::stop_token& stop, std::chrono::milliseconds patience,
                          const Note& note);
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  void look(LoadGauge& gauge, const std::stop_token& stop, const Note& note);
  void conclude(const std::string& excess, const Note& note);

  const std::function<Clock::time_point()> now_;
  std::atomic<bool> known_ = false, busy_ = false;
  std::mutex looking_;  ///< held while the gauge is asked; guards all below
  Clock::time_point nextLook_, busySince_, lastNote_;
  int calmLooks_ = 0;
  bool noted_ = false;      ///< the hold at hand was
  bool everNoted_ = false;  ///< lastNote_ is set
};

}  // namespace drs
