#pragma once

#include "pipeline/stream_run.h"

#include <map>
#include <mutex>

namespace drs {

/// What is known of a running replay: counters, position, delay. Threads: any.
class ApplyProgress {
 public:
  ApplyProgress(const Clock& clock, const Position& from);

  /// A transaction was read from the log; of the reader's thread. `commitMillis`: at the source, 0 = not known.
  void read(UnixMillis commitMillis);
  /// A batch was handed to an applier.
  void begun(const ApplyBatch& batch);
  /// It is durable; to be called in the order of the batches.
  void committed(const ApplyBatch& batch, const ApplyStats& stats);
  /// The reader has nothing more, and was last sure of that at `caughtUpAt`.
  void idle(UnixMillis caughtUpAt);
  [[nodiscard]] StreamProgress now() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  StreamProgress progress_;
  std::map<std::uint64_t, UnixMillis> inFlight_;  ///< by number: commit time at the source
  std::chrono::milliseconds readDelay_{0};        ///< of the newest transaction when it was read
  UnixMillis provenAt_;                           ///< when `delay` was last true
};

}  // namespace drs
