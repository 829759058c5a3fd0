#pragma once

#include "engine/redis/cluster_nodes.h"
#include "engine/redis/selection.h"
#include "wire/resp/slot.h"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace drs::redis {

/// The keys of one lane: those of the job's selection that its server owns. One thread.
class Scope {
 public:
  /// `slots`: of a cluster's shard; empty: the server has all, unless it `isShard` that has none. `targetDatabases`:
  /// how many the target has, for a selection of all.
  Scope(const Selection& selection, const std::vector<SlotRange>& slots, std::uint32_t targetDatabases,
        bool isShard = false);

  struct Database {
    std::uint64_t source = 0;
    std::uint32_t target = 0;
  };
  /// At least one.
  [[nodiscard]] const std::vector<Database>& databases() const { return databases_; }
  /// Of the target.
  [[nodiscard]] std::vector<std::uint32_t> targets() const;

  /// Nothing: the database is not selected.
  [[nodiscard]] std::optional<std::uint32_t> targetDb(std::uint64_t db) const { return selection_.targetDb(db); }
  [[nodiscard]] bool covers(std::uint64_t db, std::string_view key) const {
    return (!sharded_ || slots_.test(resp::slotOf(key))) && selection_.covers(db, key);
  }
  /// Is the key in a slot of the lane's server?
  [[nodiscard]] bool owns(std::string_view key) const { return !sharded_ || slots_.test(resp::slotOf(key)); }
  /// Every key of the database is the lane's, but for those of ours.
  [[nodiscard]] bool coversWhole(std::uint64_t db) const { return !sharded_ && selection_.coversWhole(db); }
  /// Is the source a shard of a cluster?
  [[nodiscard]] bool isSharded() const { return sharded_; }
  [[nodiscard]] bool coversAll() const { return !sharded_ && selection_.all(); }

 private:
  const Selection& selection_;
  std::vector<Database> databases_;
  std::bitset<resp::kSlots> slots_;
  bool sharded_ = false;
};

}  // namespace drs::redis
