#pragma once

#include <chrono>
#include <cstdint>

namespace drs {

/// Unix time in milliseconds, UTC.
using UnixMillis = std::int64_t;

/// The source of time, so that tests own it. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixMillis now() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  /// For measuring spans; never jumps.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace drs
