#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drs {

/// One thing that a change touches: a value of a unique key, a parent row, a whole index, a table. Made of a 64-bit
/// hash and a mode: two changes that share a hash depend on each other unless both share it (`shared`: children of one
/// parent; values of an index whose place in it is known). Equal things must have equal hashes; that different ones may
/// share a hash costs speed only. The lowest bit is the mode.
using ConflictKey = std::uint64_t;
[[nodiscard]] constexpr ConflictKey exclusiveKey(std::uint64_t hash) {
  return hash | 1U;
}
[[nodiscard]] constexpr ConflictKey sharedKey(std::uint64_t hash) {
  return hash & ~std::uint64_t{1};
}
[[nodiscard]] constexpr std::uint64_t hashOf(ConflictKey key) {
  return key >> 1U;
}
[[nodiscard]] constexpr bool isExclusive(ConflictKey key) {
  return (key & 1U) != 0;
}

/// All that one batch touches. Bounded: with more than kMost keys the batch counts as one that touches everything.
class ConflictKeys {
 public:
  static constexpr std::size_t kMost = 32768;

  /// Add keys here, then call bound(). Repeats are allowed.
  [[nodiscard]] std::vector<ConflictKey>& list() { return keys_; }
  /// Turns too long a list into touchesAll().
  void bound() {
    if (keys_.size() > kMost) touchAll();
  }
  /// The batch depends on every other one.
  void touchAll() {
    all_ = true;
    keys_.clear();
  }
  [[nodiscard]] bool touchesAll() const { return all_; }
  /// Sorts; to be called when all keys are there, before conflictsWith().
  void seal();
  /// True if the two batches must not run side by side. Both sealed.
  [[nodiscard]] bool conflictsWith(const ConflictKeys& other) const;

 private:
  std::vector<ConflictKey> keys_;  ///< sealed: ascending, each hash once
  bool all_ = false;
};

}  // namespace drs
