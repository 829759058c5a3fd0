#pragma once

#include "base/bounded_queue.h"
#include "pipeline/stream_run.h"

#include <mutex>
#include <optional>
#include <stop_token>
#include <variant>
#include <vector>

namespace drs {

/// The reader has nothing: where it is, and when it was last sure to have everything.
struct LaneIdle {
  Position position;
  UnixMillis caughtUpAt = 0;
};
using LaneItem = std::variant<Transaction, LaneIdle>;
using LaneQueue = BoundedQueue<LaneItem>;

/// The applying half of streamLog(): forms batches and hands them to the sink. run() on one thread, progress() on any.
class Applier {
 public:
  Applier(const StreamContext& context, LaneQueue& queue);

  /// Returns when stop is requested, the queue is closed, or the end position is reached.
  void run(const std::stop_token& stop);
  /// To be read when run() has returned.
  [[nodiscard]] bool endReached() const { return endReached_; }
  [[nodiscard]] StreamProgress progress() const;

 private:
  /// What progress() reads; guarded by mutex_.
  struct Shown {
    StreamProgress progress;
    UnixMillis oldestInFlight = 0;  ///< commit time of the batch being applied; 0 = none
    UnixMillis provenAt = 0;        ///< when `delay` was last true
  };

  std::optional<LaneItem> take(const std::stop_token& stop);
  void addToBatch(Transaction transaction);
  [[nodiscard]] bool fits(const Transaction& transaction) const;
  void fillBatch(Transaction first, const std::stop_token& stop);
  void applyBatch(const std::stop_token& stop);
  void onIdle(const LaneIdle& idle, const std::stop_token& stop);
  void moveMark(const std::stop_token& stop);
  [[nodiscard]] bool markIsDue() const;
  [[nodiscard]] bool isAtEnd();
  void commit(const std::vector<Transaction>& transactions, const std::stop_token& stop);
  void dropUnwanted(Transaction& transaction);

  const StreamContext& context_;
  LaneQueue& queue_;
  WindowTracker windows_;
  std::optional<LaneItem> held_;  ///< taken from the queue, belongs to the next batch
  std::vector<Transaction> batch_;
  std::size_t batchBytes_ = 0;
  std::vector<bool> tolerant_;            ///< of the batch, by plan
  std::optional<Transaction> emptyTail_;  ///< the last of the transactions without changes behind the batch
  Position before_;                       ///< the lane's position at the end of batch and tail
  Position mark_;                         ///< the durable one
  std::chrono::steady_clock::time_point markedAt_;
  bool endReached_ = false;

  mutable std::mutex mutex_;
  Shown shown_;
};

}  // namespace drs
