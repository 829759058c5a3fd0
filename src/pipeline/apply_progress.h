#pragma once

#include "pipeline/stream_run.h"

#include <map>
#include <mutex>
#include <optional>

namespace drs {

/// What is known of a running replay: counters, position, delay. Threads: any.
class ApplyProgress {
 public:
  ApplyProgress(const Clock& clock, const Position& from);

  /// A transaction was read from the log; of the reader's thread.
  void read(const Transaction& transaction);
  /// A batch was handed to an applier.
  void begun(const ApplyBatch& batch);
  /// It is durable; to be called in the order of the batches.
  void committed(const ApplyBatch& batch, const ApplyStats& stats);
  /// A Transaction::beat of that time came, and all before it has begun.
  void beat(UnixMillis commitMillis);
  /// The reader has nothing more, and was last sure of that at `caughtUpAt`.
  void idle(UnixMillis caughtUpAt);
  [[nodiscard]] StreamProgress now() const;

 private:
  struct Beat {
    std::uint64_t behind = 0;  ///< number of the batch that must be durable before it
    UnixMillis commitMillis = 0;
  };
  /// Whole seconds tell nothing that the newest beat has not told better.
  [[nodiscard]] bool isVague(const Transaction& transaction, UnixMillis now) const {
    return transaction.commitMillis <= 0 || (transaction.wholeSeconds && now - beatAt_ < kBeatCounts);
  }
  void measure(UnixMillis commitMillis, UnixMillis now);

  static constexpr UnixMillis kBeatCounts = 15'000;  ///< longer than the time between two of them
  const Clock& clock_;
  mutable std::mutex mutex_;
  StreamProgress progress_;
  std::map<std::uint64_t, UnixMillis> inFlight_;  ///< by number: commit time at the source, not before it
  std::optional<Beat> waiting_;                   ///< the oldest beat that something in flight lies before
  UnixMillis beatAt_ = 0;                         ///< when the newest beat was read or measured
  std::chrono::milliseconds readDelay_{0};        ///< of the newest transaction when it was read
  UnixMillis provenAt_;                           ///< when `delay` was last true
};

}  // namespace drs
