#include "engine/redis/slot_gate.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

namespace drs::redis {

SlotGate::SlotGate(LaneSlots slots, std::uint64_t offset)
    : slots_(std::move(slots)), open_(slots_.own), applied_(resp::kSlots, offset) {
  for (const auto& [slot, held] : slots_.held) {
    open_.reset(slot);
    last_[slot] = offset;
  }
}

void SlotGate::hold(std::uint16_t slot, const LaneSlots::Held& from, std::uint64_t offset) {
  last_[slot] = offset;
  if (slots_.held.emplace(slot, from).second) changed_ = true;
}

SlotSet SlotGate::look(const SlotView& view) {
  lost_ = slots_.own & ~view.owned;
  for (std::size_t at = 0; at < lost_.size(); ++at) {
    const auto slot = static_cast<std::uint16_t>(at);
    if (!lost_.test(slot)) {
      leaving_.erase(slot);
    } else if (view.empty.test(slot) && !slots_.held.contains(slot)) {
      // After a fail-over offsets may be lower than before; what either server says is enough.
      const auto place = leaving_.emplace(slot, view.offset).first;
      place->second = std::min(place->second, view.offset);
    }
  }
  SlotSet mayTake;
  for (const auto& [slot, held] : slots_.held) {
    if (slots_.own.test(slot)) continue;
    if (view.knowsTrimming)
      throw Error(Msg::redisCommand, {"CLUSTER MIGRATION", "slots are moved in a way that this version does not know"},
                  Origin::source);
    if (view.owned.test(slot)) mayTake.set(slot);
    // Only a view that is younger than the last command tells what became of all of them.
    const bool isOver =
        last_[slot] <= view.arrived && !view.owned.test(slot) && !view.importing.test(slot) && view.empty.test(slot);
    if (!isOver) continue;
    const auto place = over_.emplace(slot, view.offset).first;
    if (last_[slot] > place->second) place->second = view.offset;
  }
  return mayTake;
}

SlotSet SlotGate::reach(std::uint64_t offset, bool mayLeave) {
  // What came behind the view's offset, and was held or applied with the rest, is there again: the next view tells.
  SlotSet left;
  std::erase_if(leaving_, [&](const auto& each) {
    const auto& [slot, at] = each;
    if (!mayLeave || offset < at) return false;
    if (applied_[slot] <= at && !slots_.held.contains(slot)) left.set(slot);
    return true;
  });
  std::erase_if(over_, [&](const auto& each) {
    const auto& [slot, at] = each;
    if (offset < at) return false;
    if (slots_.held.contains(slot) && last_[slot] <= at && !slots_.own.test(slot)) {
      slots_.held.erase(slot);
      last_.erase(slot);
      changed_ = true;
    }
    return true;
  });
  return left;
}

void SlotGate::letGo(const SlotSet& slots) {
  withdraw(slots);
  lost_ &= ~slots;
}

void SlotGate::claim(const SlotSet& slots) {
  slots_.own |= slots;
  changed_ = true;
}

void SlotGate::withdraw(const SlotSet& slots) {
  slots_.own &= ~slots;
  open_ &= ~slots;
  changed_ = true;
}

void SlotGate::replayed(const SlotSet& slots, const LaneSlots::Held& upTo) {
  for (auto& [slot, held] : slots_.held) {
    if (!slots.test(slot) || held.from >= upTo.from) continue;
    held = upTo;
    changed_ = true;
  }
}

void SlotGate::done(const SlotSet& slots) {
  for (const auto& [slot, offset] : last_)
    if (slots.test(slot)) applied_[slot] = std::max(applied_[slot], offset);
  std::erase_if(slots_.held, [&](const auto& each) { return slots.test(each.first); });
  std::erase_if(last_, [&](const auto& each) { return slots.test(each.first); });
  open_ |= slots & slots_.own;
  changed_ = true;
}

SlotSet SlotGate::claimed() const {
  SlotSet out;
  for (const auto& [slot, held] : slots_.held)
    if (slots_.own.test(slot)) out.set(slot);
  return out;
}

SlotSet SlotGate::asked() const {
  SlotSet out = lost_ & slots_.own;
  for (const auto& [slot, held] : slots_.held) out.set(slot);
  return out;
}

bool SlotGate::takeChanged() {
  return std::exchange(changed_, false);
}

}  // namespace drs::redis
