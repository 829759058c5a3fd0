#pragma once

#include "engine/mysql/applier_target.h"
#include "model/change_event.h"
#include "pipeline/conflict_keys.h"

#include <cstdint>
#include <vector>

namespace drs::mysql {

/// Puts the rows of a batch into an order that makes few statements: rows that do not depend on each other, of whatever
/// transaction, stand side by side if table and kind of change are the same. A row stays behind every row that it
/// depends on: its level is one more than the highest level among them, and levels are written one after the other.
/// Memory is kept between batches; nothing is allocated for a row. One thread.
class RowOrder {
 public:
  /// Longer batches are written in their own order.
  static constexpr std::size_t kMostRows = 8000;

  struct Entry {
    const RowsChange* change = nullptr;
    const TargetTable* table = nullptr;
    std::uint32_t row = 0;  ///< of an update: the image before
    std::uint32_t level = 0;
    std::uint32_t index = 0;  ///< place in the order of the source
    UpdateShape shape = 0;    ///< of an update
  };

  void clear();
  /// Adds the rows of a change, in the order of the source.
  void add(const RowsChange& change, const TargetTable& table);
  /// Sorts what was added.
  [[nodiscard]] const std::vector<Entry>& arrange();

 private:
  /// Of one hash: one more than the level of the last row that had it to itself, and that shared it; 0 = none.
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t owned = 0, shared = 0;
    std::uint32_t batch = 0;  ///< the slot is empty for other batches
  };

  [[nodiscard]] std::uint32_t levelOf(bool isTold);
  Slot& slot(std::uint64_t hash);
  void grow();

  std::vector<Entry> entries_;
  std::vector<ConflictKey> keys_;  ///< of the row at hand
  std::vector<Slot> slots_;        ///< open addressing, a power of two
  std::size_t used_ = 0;
  std::uint32_t batch_ = 0;
  std::uint32_t floor_ = 0, top_ = 0;  ///< lowest level for new rows, highest so far
};

}  // namespace drs::mysql
