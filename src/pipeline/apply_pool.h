#pragma once

#include "pipeline/apply_progress.h"
#include "pipeline/scheduler.h"
#include "pipeline/turns.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace drs {

/// Hands batches to the appliers: side by side as far as they do not depend on each other, committed in their order.
/// submit(), awaitFree() and drain() from one thread; run() on one thread for each slot.
class ApplyPool {
 public:
  struct Counters {
    std::uint64_t batches = 0;
    std::uint64_t sideBySide = 0;  ///< batches that started while another one was in flight
    std::uint64_t waited = 0;      ///< batches that had to wait for one that they depend on
    std::uint64_t gaveWay = 0;     ///< times that a batch was rolled back in favour of an earlier one
  };

  ApplyPool(const StreamOptions& options, Appliers& appliers, ApplyProgress& progress);

  /// Waits until a slot is free. False after a stop.
  bool awaitFree(const std::stop_token& stop);
  /// Waits until nothing in flight stands against the batch and hands it over; sets its number. False after a stop:
  /// then it was dropped.
  bool submit(ApplyBatch batch, ConflictKeys keys, const std::stop_token& stop);
  /// Waits until nothing is in flight. False after a stop.
  bool drain(const std::stop_token& stop);
  /// The body of one applier's thread; returns after a stop.
  void run(std::size_t slot, const std::stop_token& stop);
  [[nodiscard]] Counters counters() const;

 private:
  Appliers& appliers_;
  ApplyProgress& progress_;
  Turns turns_;

  mutable std::mutex mutex_;
  std::condition_variable_any freed_;   ///< a slot
  std::condition_variable_any filled_;  ///< a slot has work
  Scheduler scheduler_;
  std::vector<std::optional<ApplyBatch>> work_;  ///< by slot, until its thread takes it
  Counters counters_;
};

}  // namespace drs
