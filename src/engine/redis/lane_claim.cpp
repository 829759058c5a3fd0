#include "engine/redis/lane_claim.h"

#include "base/task_group.h"
#include "engine/redis/slot_rest.h"

#include <fmt/format.h>

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kPause{1000};

}  // namespace

ShardStart LaneClaim::begin(LaneMark& mark, const std::stop_token& stop) {
  if (!mark.shard.empty()) earlier_ = parseLaneSlots(mark.shard).own;
  // Before the snapshot is taken, so that a lane that does not see this mark knows that the snapshot is still to come.
  mark.state = LaneMark::State::loading;
  commit(mark, earlier_, stop);
  ShardStart start;
  while (!stop.stop_requested()) {
    if (tryOnce(start, mark, stop)) return start;
    start = {};
    (void)sleepFor(kPause, stop);
  }
  return {};
}

bool LaneClaim::tryOnce(ShardStart& start, LaneMark& mark, const std::stop_token& stop) {
  const auto primary = Connection::open(options_.primary(stop));
  const SlotView before = viewOf(*primary, {});
  options_.check(before.owned);
  if (before.importing.any()) {
    say("slots are on their way to it (" + describe(before.importing) + ")");
    return false;
  }
  // Before the source is asked for a snapshot that would be given up.
  if (mustWait(before.owned, mark, stop)) return false;
  start.link = ReplicaLink::open(options_.source(stop), std::nullopt, {}, stop);
  const SlotView after = viewOf(*primary, {});
  // The same slots at both ends, and the epoch says that none has gone and come back in between. A snapshot that was
  // begun for another replica may be older than the first look.
  const bool isQuiet = after.owned == before.owned && after.epoch == before.epoch && after.importing.none() &&
                       start.link->start().offset >= before.offset;
  if (!isQuiet) {
    say("its slots have changed while its snapshot was begun, or that was begun before for another replica");
    return false;
  }
  start.owned = after.owned;
  start.mayHoldRest = after.owned | earlier_;
  start.epoch = after.epoch;
  commit(mark, start.mayHoldRest, stop);
  if (!mustWait(start.owned, mark, stop)) return true;
  commit(mark, earlier_, stop);
  return false;
}

/// Are slots of the server still another lane's? That one may wait for slots that this one had before, which nothing
/// else makes it let go of: it follows no stream any more that would remove them.
bool LaneClaim::mustWait(const SlotSet& owned, LaneMark& mark, const std::stop_token& stop) {
  const SlotSet others = others_.owned(writer_, stop) & owned;
  if (others.none()) return false;
  say("slots that have come to it (" + describe(others) + ") are still written by the lane that had them");
  const SlotSet left = earlier_ & ~owned;
  if (left.any() && removeRest(writer_, scope_, left, options_.jobId, mark, stop)) {
    earlier_ &= owned;
    commit(mark, earlier_, stop);
  }
  return true;
}

void LaneClaim::say(const std::string& why) {
  if (why == said_) return;
  said_ = why;
  options_.note(true, options_.name + ": the copy waits: " + why);
}

void LaneClaim::commit(LaneMark& mark, const SlotSet& own, const std::stop_token& stop) {
  mark.shard = toText(LaneSlots{own, {}});
  writer_.commit(mark, stop);
  writer_.drain(stop);
}

}  // namespace drs::redis
