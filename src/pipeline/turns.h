#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace drs {

/// The order in which batches that were applied side by side commit: that of the source. Batches are numbered 1, 2, …;
/// the head is the lowest number that has not committed.
///
/// The head may be waiting, in the server, for a lock that a later batch holds while that one waits for its turn: locks
/// on gaps and on deleted records are taken between rows that have nothing in common. The server sees no deadlock
/// there. So a batch that is ready gives way when the head is not ready in time: it rolls back and is done again as
/// head. Threads: any.
class Turns {
 public:
  /// `patience`: how long a ready batch waits for a head that is not ready; longer if it took longer itself.
  explicit Turns(std::chrono::milliseconds patience) : patience_(patience) {}

  [[nodiscard]] bool isHead(std::uint64_t number) const;
  /// The batch is about to be done (again): it is not ready.
  void begin(std::uint64_t number);
  /// The batch is ready to commit and took `took`. True: it is the head and commits now. False: it gives way.
  /// Throws Error(connectionLost) after a stop.
  [[nodiscard]] bool awaitCommit(std::uint64_t number, std::chrono::steady_clock::duration took,
                                 const std::stop_token& stop);
  /// Waits until the batch is the head. The caller holds no locks at the target. Throws Error(connectionLost) after a
  /// stop.
  void awaitHead(std::uint64_t number, const std::stop_token& stop);
  /// The head has committed.
  void committed();
  /// How many batches gave way.
  [[nodiscard]] std::uint64_t gaveWay() const;

 private:
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t head_ = 1;
  bool headReady_ = false;
  std::chrono::steady_clock::time_point headSince_ = std::chrono::steady_clock::now();
  std::uint64_t gaveWay_ = 0;
};

/// One batch's view of its turn, given to Appliers::apply(). One thread.
class Turn {
 public:
  Turn(Turns& turns, std::uint64_t number, std::stop_token stop)
      : turns_(turns), number_(number), stop_(std::move(stop)) {}

  /// Number of the batch within the run, from 1.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// True if every earlier batch has committed.
  [[nodiscard]] bool isHead() const { return turns_.isHead(number_); }
  /// At the start of each attempt.
  void begin();
  /// Right before COMMIT. False: roll back, awaitHead(), and do the whole batch again.
  [[nodiscard]] bool awaitCommit();
  void awaitHead() { turns_.awaitHead(number_, stop_); }

 private:
  Turns& turns_;
  const std::uint64_t number_;
  const std::stop_token stop_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace drs
