#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace drs::redis {

/// When bytes of the stream came, to tell how long they wait until they are applied. Keeps some thousand places, the
/// more apart the longer the queue. Threads: any.
class Arrivals {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// All bytes up to number `offset` have come by `now`.
  void note(std::uint64_t offset, Time now) {
    const std::lock_guard lock(mutex_);
    lastAt_ = now;
    if (!places_.empty() && places_.back().offset == offset) return;
    if (places_.size() >= kMost) thin();
    places_.push_back({offset, now});
  }

  /// How long the oldest byte behind `applied` has been waiting; zero: none waits. Forgets what is applied.
  std::chrono::milliseconds waiting(std::uint64_t applied, Time now) {
    const std::lock_guard lock(mutex_);
    while (!places_.empty() && places_.front().offset <= applied) places_.pop_front();
    if (places_.empty()) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(now - places_.front().at);
  }

  /// When the source was heard last; nothing: never.
  [[nodiscard]] std::optional<Time> last() const {
    const std::lock_guard lock(mutex_);
    return lastAt_;
  }

 private:
  struct Place {
    std::uint64_t offset = 0;
    Time at;
  };
  static constexpr std::size_t kMost = 4096;
  /// Every second one goes; what it said is said by the one behind it, which came a little later.
  void thin() {
    std::deque<Place> kept;
    for (std::size_t i = 1; i < places_.size(); i += 2) kept.push_back(places_[i]);
    places_.swap(kept);
  }

  mutable std::mutex mutex_;
  std::deque<Place> places_;
  std::optional<Time> lastAt_;
};

}  // namespace drs::redis
