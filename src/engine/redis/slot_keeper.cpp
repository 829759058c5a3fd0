#include "engine/redis/slot_keeper.h"

#include <fmt/format.h>

namespace drs::redis {
namespace {

constexpr std::chrono::minutes kLongWait{1};
constexpr int kSpacing = 4;  ///< looking through the target takes at most a fifth of a lane's time

}  // namespace

std::vector<OtherLanes::Other> OtherLanes::read(TargetWriter& writer, const std::stop_token& stop) const {
  std::vector<std::optional<LaneMark>> newest(lanes_);
  for (const std::uint32_t db : databases_) {
    resp::Encoder look;
    for (std::uint32_t lane = 0; lane < lanes_; ++lane) look.command({"GET", ControlKeys(jobId_, lane).mark});
    const auto replies = writer.ask(0, db, look.bytes(), lanes_, stop);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      if (replies[lane].isError())
        throw Error(Msg::redisRefused, {"the target", "GET", replies[lane].text()}, Origin::target);
      auto mark = parseMark(replies[lane].text());
      if (!mark || mark->plan != plan_) continue;
      if (!newest[lane] || mark->sequence > newest[lane]->sequence) newest[lane] = std::move(mark);
    }
  }
  std::vector<Other> out;
  for (std::uint32_t lane = 0; lane < lanes_; ++lane)
    if (lane != lane_ && newest[lane]) out.push_back({lane, *newest[lane], parseLaneSlots(newest[lane]->shard)});
  return out;
}

SlotSet OtherLanes::owned(TargetWriter& writer, const std::stop_token& stop) const {
  SlotSet out;
  for (const Other& each : read(writer, stop)) out |= each.slots.own;
  return out;
}

void SlotKeeper::tend(StreamApplier& applier, TargetWriter& writer, const std::stop_token& stop) {
  if (!applier.isAtBorder()) return;
  if (!begun_) {
    begun_ = true;
    take(gate_.claimed(), applier, writer, stop);  // of the run before
  }
  letGo(applier, stop);
  if (const auto view = watch_.take()) {
    roster_.learn(view->nodes);
    meetStrangers(view->nodes);
    const SlotSet mayTake = gate_.look(*view);
    letGo(applier, stop);
    if (mayTake.any()) take(mayTake & ~others_.owned(writer, stop), applier, writer, stop);
  }
  sayWaiting();
  watch_.ask(gate_.asked(), gate_.isBusy());
}

void SlotKeeper::letGo(StreamApplier& applier, const std::stop_token& stop) {
  const std::size_t held = gate_.slots().held.size();
  const SlotSet slots = gate_.reach(applier.taken(), notBefore_ <= std::chrono::steady_clock::now());
  if (slots.any()) {
    // All keys of the target are looked through: of a large one, not for each slot that moves behind another.
    const auto begun = std::chrono::steady_clock::now();
    (void)applier.letGo(slots, others_.jobId(), stop);
    const auto ended = std::chrono::steady_clock::now();
    notBefore_ = ended + kSpacing * (ended - begun);
  } else if (gate_.slots().held.size() != held) {
    applier.commitSlots(stop);
  }
}

/// Two lanes that take a slot at the same time both see it, and both let go of it.
void SlotKeeper::take(const SlotSet& slots, StreamApplier& applier, TargetWriter& writer, const std::stop_token& stop) {
  if (slots.none()) return;
  gate_.claim(slots);
  applier.commitSlots(stop);
  const SlotSet others = others_.owned(writer, stop);
  if ((slots & others).any()) {
    gate_.withdraw(slots & others);
    applier.commitSlots(stop);
  }
  const SlotSet ours = slots & ~others;
  if (ours.any()) applier.replay(ours, stop);
}

void SlotKeeper::meetStrangers(const std::vector<ClusterNode>& nodes) const {
  for (const ClusterNode& node : nodes) {
    if (!node.masterId.empty() || node.slots.empty() || roster_.laneOf(node.id)) continue;
    throw Error(Msg::redisCommand,
                {"CLUSTER SETSLOT", fmt::format("slots ({}) have moved to {}, which is none of the shards that the "
                                                "task was planned with, so that nobody follows it",
                                                describe(slotSetOf(node.slots)), node.address.text())},
                Origin::source);
  }
}

void SlotKeeper::sayWaiting() {
  const auto now = std::chrono::steady_clock::now();
  if (gate_.slots().held.empty()) {
    waitingSince_.reset();
    return;
  }
  if (!waitingSince_) waitingSince_ = now;
  if (now - *waitingSince_ < kLongWait) return;
  waitingSince_ = now;
  SlotSet slots;
  for (const auto& [slot, held] : gate_.slots().held) slots.set(slot);
  note_(true, fmt::format("Changes in the slots {} have been waiting for a minute: the source is still moving them, or "
                          "the server that had them, or its lane, does not get on",
                          describe(slots)));
}

}  // namespace drs::redis
