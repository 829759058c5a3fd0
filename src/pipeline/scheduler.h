#pragma once

#include "pipeline/conflict_keys.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace drs {

/// Which batches may be applied side by side: at most `slots`, none that depends on another one in flight, and no more
/// than `maxBytes` together (a larger one passes alone). Batches are started in the order of the source. No threads.
class Scheduler {
 public:
  Scheduler(std::size_t slots, std::size_t maxBytes) : flights_(slots), maxBytes_(maxBytes) {}

  [[nodiscard]] bool hasFree() const { return inFlight_ < flights_.size(); }
  [[nodiscard]] std::size_t inFlight() const { return inFlight_; }
  /// True if a batch that touches `keys` (sealed) may start now.
  [[nodiscard]] bool mayStart(const ConflictKeys& keys, std::size_t bytes) const;
  /// Takes a free slot for it and returns its number. Only after mayStart().
  std::size_t start(ConflictKeys keys, std::size_t bytes);
  void finish(std::size_t slot);

 private:
  struct Flight {
    ConflictKeys keys;
    std::size_t bytes = 0;
  };
  std::vector<std::optional<Flight>> flights_;  ///< by slot
  std::size_t maxBytes_, bytes_ = 0, inFlight_ = 0;
};

}  // namespace drs
