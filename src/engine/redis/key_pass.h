#pragma once

#include "engine/redis/key_copier.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// A pass over all keys of a lane, in portions: first the source's keys by SCAN, each brought as it is now; then the
/// target's, of which those that the source does not have are deleted. Whatever is changed while it runs is not its
/// business but that of the notifications. One thread.
class KeyPass {
 public:
  /// `sweeps`: whether what is missing at the source is deleted: everything that the target has of the lane's keys must
  /// have come from it.
  KeyPass(Connection& source, TargetWriter& writer, const Scope& scope, KeyCopier& copier, bool sweeps);

  /// The next portion. True: the pass is over; what was added to the writer's batch is not committed.
  /// Throws Error as KeyCopier::copy().
  [[nodiscard]] bool step(const std::stop_token& stop);
  /// Of the source, brought.
  [[nodiscard]] std::uint64_t keys() const { return keys_; }
  /// Read.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Deleted at the target.
  [[nodiscard]] std::uint64_t swept() const { return swept_; }

 private:
  void bring(const Scope::Database& db, const std::stop_token& stop);
  void sweep(const Scope::Database& db, const std::stop_token& stop);
  void turn();

  Connection& source_;
  TargetWriter& writer_;
  const Scope& scope_;
  KeyCopier& copier_;
  const bool sweeps_;
  bool sweeping_ = false;
  std::size_t database_ = 0;
  std::string cursor_ = "0";
  std::uint64_t keys_ = 0, bytes_ = 0, swept_ = 0;
};

}  // namespace drs::redis
