#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>

namespace drs {

/// The process-wide budget for the queues of running tasks, divided as tasks come and go: each gets a part of what is
/// left, at most 32 MiB and at least 1 MiB. The sum exceeds the budget by no more than that minimum for each task that
/// starts when nothing is left. Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : bytes_(bytes) {}

  /// A share; give() it back.
  [[nodiscard]] std::size_t take() {
    const std::lock_guard lock(mutex_);
    const std::size_t left = bytes_ > taken_ ? bytes_ - taken_ : 0;
    const std::size_t share = std::clamp(left / kDivisor, kLeast, kMost);
    taken_ += share;
    return share;
  }
  void give(std::size_t share) {
    const std::lock_guard lock(mutex_);
    taken_ -= share;
  }

 private:
  static constexpr std::size_t kDivisor = 8;
  static constexpr std::size_t kLeast = std::size_t{1} << 20U;
  static constexpr std::size_t kMost = std::size_t{32} << 20U;
  const std::size_t bytes_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
};

}  // namespace drs
