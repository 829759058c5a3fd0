#pragma once

#include "engine/redis/replica_link.h"
#include "engine/redis/slot_keeper.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace drs::redis {

/// A snapshot of a shard, begun, and the slots that it is good for.
struct ShardStart {
  std::unique_ptr<ReplicaLink> link;  ///< null after a stop
  SlotSet owned;                      ///< what the server owned when the snapshot was taken: its keys are to be loaded
  SlotSet mayHoldRest;  ///< `owned`, and what earlier tries may have written: what the snapshot has not is to go
  std::uint64_t epoch = 0;
};

/// Begins the snapshot of a shard so that each slot is in the snapshot of one lane at most, or behind it in the stream
/// of one. One thread.
class LaneClaim {
 public:
  struct Options {
    std::function<ConnectOptions(const std::stop_token& stop)> primary;  ///< of the shard, now
    std::function<ConnectOptions(const std::stop_token& stop)> source;   ///< the server to read from, now
    std::function<void(bool warning, const std::string& line)> note;
    std::string name;  ///< of the lane, for notes
    std::string jobId;
    /// Throws if slots that moved are the end of it.
    std::function<void(const SlotSet& owned)> check;
  };
  /// `scope`: of the job, all slots.
  LaneClaim(TargetWriter& writer, const Scope& scope, OtherLanes others, Options options)
      : writer_(writer), scope_(scope), others_(std::move(others)), options_(std::move(options)) {}

  /// Waits until no slot is on its way to the server and none of its slots is still another lane's at the target;
  /// begins the snapshot; notes in the mark at the target what the lane has now. Throws what ReplicaLink::open() and
  /// viewOf() throw, removeRest() and Options::check.
  [[nodiscard]] ShardStart begin(LaneMark& mark, const std::stop_token& stop);

 private:
  bool mustWait(const SlotSet& owned, LaneMark& mark, const std::stop_token& stop);
  bool tryOnce(ShardStart& start, LaneMark& mark, const std::stop_token& stop);
  void say(const std::string& why);
  void commit(LaneMark& mark, const SlotSet& own, const std::stop_token& stop);

  TargetWriter& writer_;
  const Scope& scope_;
  const OtherLanes others_;
  const Options options_;
  SlotSet earlier_;  ///< the lane's before
  std::string said_;
};

}  // namespace drs::redis
