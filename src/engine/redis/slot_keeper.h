#pragma once

#include "engine/redis/control_keys.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/slot_gate.h"
#include "engine/redis/slot_watch.h"
#include "engine/redis/stream_applier.h"
#include "engine/redis/target_writer.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// What stands at the target of the other lanes of a job. A mark at the target is the only place that all of them see,
/// whichever processes run them.
class OtherLanes {
 public:
  /// `databases`: those of the target that the lanes write to.
  OtherLanes(std::string jobId, std::uint64_t plan, std::uint32_t lane, std::size_t lanes,
             std::vector<std::uint32_t> databases)
      : jobId_(std::move(jobId)), plan_(plan), lane_(lane), lanes_(lanes), databases_(std::move(databases)) {}

  struct Other {
    std::uint32_t lane = 0;
    LaneMark mark;
    LaneSlots slots;
  };
  /// The newest mark of each other lane that has begun. Drains the writer. Throws what TargetWriter::ask() throws;
  /// Error(redisRefused).
  [[nodiscard]] std::vector<Other> read(TargetWriter& writer, const std::stop_token& stop) const;
  /// The slots that others have for their own.
  [[nodiscard]] SlotSet owned(TargetWriter& writer, const std::stop_token& stop) const;
  [[nodiscard]] const std::string& jobId() const { return jobId_; }

 private:
  const std::string jobId_;
  const std::uint64_t plan_;
  const std::uint32_t lane_;
  const std::size_t lanes_;
  const std::vector<std::uint32_t> databases_;
};

/// Moves slots between lanes while one of them follows its stream: views of the source in, claims and releases at the
/// target out. One thread, the applier's.
class SlotKeeper {
 public:
  SlotKeeper(SlotGate& gate, SlotWatch& watch, LaneRoster& roster, OtherLanes others,
             std::function<void(bool warning, const std::string& line)> note)
      : gate_(gate), watch_(watch), roster_(roster), others_(std::move(others)), note_(std::move(note)) {}

  /// Between two steps of the applier. Does nothing within a transaction of the source. Throws what the applier throws,
  /// and Error(redisCommand) if slots have moved to a server that no lane follows.
  void tend(StreamApplier& applier, TargetWriter& writer, const std::stop_token& stop);

 private:
  void letGo(StreamApplier& applier, const std::stop_token& stop);
  void take(const SlotSet& slots, StreamApplier& applier, TargetWriter& writer, const std::stop_token& stop);
  void meetStrangers(const std::vector<ClusterNode>& nodes) const;
  void sayWaiting();

  SlotGate& gate_;
  SlotWatch& watch_;
  LaneRoster& roster_;
  const OtherLanes others_;
  const std::function<void(bool warning, const std::string& line)> note_;
  bool begun_ = false;
  std::optional<std::chrono::steady_clock::time_point> waitingSince_;
  std::chrono::steady_clock::time_point notBefore_;  ///< when slots are let go of next
};

}  // namespace drs::redis
