#pragma once

#include "base/bounded_queue.h"
#include "pipeline/apply_pool.h"
#include "pipeline/stream_run.h"

#include <optional>
#include <stop_token>
#include <variant>

namespace drs {

/// The reader has nothing: where it is, and when it was last sure to have everything.
struct LaneIdle {
  Position position;
  UnixMillis caughtUpAt = 0;
};
using LaneItem = std::variant<Transaction, LaneIdle>;
using LaneQueue = BoundedQueue<LaneItem>;

/// Forms batches out of the queue, in order, and hands them to the appliers. One thread.
class Dispatcher {
 public:
  Dispatcher(const StreamContext& context, LaneQueue& queue, Appliers& appliers, ApplyPool& pool,
             ApplyProgress& progress);

  /// Returns when stop is requested, the queue is closed, or the end position is reached and durable.
  void run(const std::stop_token& stop);
  /// To be read when run() has returned.
  [[nodiscard]] bool endReached() const { return endReached_; }
  /// A statement was applied behind which the plans in force may be others.
  [[nodiscard]] bool definitionsChanged() const { return definitionsChanged_; }

 private:
  std::optional<LaneItem> take(const std::stop_token& stop);
  void addToBatch(Transaction transaction);
  [[nodiscard]] bool fits(const Transaction& transaction) const;
  void fillBatch(Transaction first, const std::stop_token& stop);
  void sendBatch(const std::stop_token& stop);
  void onIdle(const LaneIdle& idle, const std::stop_token& stop);
  void moveMark(const std::stop_token& stop);
  [[nodiscard]] bool markIsDue() const;
  [[nodiscard]] bool isAtEnd();
  void send(ApplyBatch batch, const std::stop_token& stop);
  [[nodiscard]] ConflictKeys keysOf(const ApplyBatch& batch);
  void dropUnwanted(Transaction& transaction);
  void requireNoWindow(const Transaction& transaction);
  [[nodiscard]] ApplyBatch emptyBatch() const;

  const StreamContext& context_;
  LaneQueue& queue_;
  Appliers& appliers_;
  ApplyPool& pool_;
  ApplyProgress& progress_;
  WindowTracker windows_;
  std::optional<LaneItem> held_;  ///< taken from the queue, belongs to the next batch
  ApplyBatch batch_;
  std::size_t images_ = 0;                ///< of rows, in the batch
  std::optional<Transaction> emptyTail_;  ///< the last of the transactions without changes behind the batch
  UnixMillis beat_ = 0;                   ///< of the newest Transaction::beat that nobody was told of; 0 = none
  bool onlyBeats_ = true;                 ///< nothing else has come since the last mark
  std::chrono::steady_clock::time_point beatAt_;
  Position before_;  ///< the lane's position at the end of batch and tail
  Position sent_;    ///< at the end of what was handed over
  std::chrono::steady_clock::time_point markedAt_;
  bool endReached_ = false, definitionsChanged_ = false;
};

}  // namespace drs
