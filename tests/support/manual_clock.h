#pragma once

#include "base/clock.h"

#include <atomic>
#include <chrono>

namespace drs::testing {

/// A clock that stands still until it is told otherwise. Threads: any.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis now = 0) : millis_(now) {}
  void advance(std::chrono::milliseconds span) { millis_ += span.count(); }
  void set(UnixMillis now) { millis_ = now; }
  [[nodiscard]] UnixMillis now() const override { return millis_; }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(millis_));
  }

 private:
  std::atomic<UnixMillis> millis_;
};

}  // namespace drs::testing
