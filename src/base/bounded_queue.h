#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

namespace drs {

/// A queue of batches between two threads, bounded by bytes: a full queue blocks the producer, an item larger than the
/// whole limit passes alone. Closing lets the consumer drain what is there. Threads: any.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t maxBytes) : maxBytes_(maxBytes) {}

  /// Waits for room. Returns false if stop was requested or the queue is closed; then the item was not taken.
  bool push(T item, std::size_t bytes, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto hasRoom = [&] { return closed_ || items_.empty() || bytes_ + bytes <= maxBytes_; };
    if (!await(space_, spaceWaiters_, lock, stop, hasRoom) || closed_) return false;
    items_.push_back({std::move(item), bytes});
    bytes_ += bytes;
    if (fillWaiters_ > 0) filled_.notify_one();
    return true;
  }

  /// Waits for an item; nothing when the queue is closed and empty, or stop was requested.
  std::optional<T> pop(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto hasItem = [&] { return closed_ || !items_.empty(); };
    if (!await(filled_, fillWaiters_, lock, stop, hasItem) || items_.empty()) return std::nullopt;
    return take();
  }

  /// An item if one is there; never waits.
  std::optional<T> tryPop() {
    const std::unique_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    return take();
  }

  /// No more items will come; both sides wake up.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
    space_.notify_all();
  }

  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    T item;
    std::size_t bytes;
  };

  /// As `waited.wait(…)`, but what holds already costs no wait, and a notification without a waiter nothing.
  template <typename Condition>
  static bool await(std::condition_variable_any& waited, std::size_t& waiters, std::unique_lock<std::mutex>& lock,
                    const std::stop_token& stop, Condition holds) {
    if (stop.stop_requested() || holds()) return holds();
    ++waiters;
    const bool held = waited.wait(lock, stop, holds);
    --waiters;
    return held;
  }

  std::optional<T> take() {
    Entry entry = std::move(items_.front());
    items_.pop_front();
    bytes_ -= entry.bytes;
    if (spaceWaiters_ > 0) space_.notify_one();
    return std::move(entry.item);
  }

  const std::size_t maxBytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable_any space_;
  std::size_t fillWaiters_ = 0, spaceWaiters_ = 0;
  std::deque<Entry> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace drs
