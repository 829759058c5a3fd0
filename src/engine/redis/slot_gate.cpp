#include "engine/redis/slot_gate.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

namespace drs::redis {

SlotGate::SlotGate(LaneSlots slots, std::uint64_t offset) : slots_(std::move(slots)), open_(slots_.own) {
  for (const auto& [slot, held] : slots_.held) {
    open_.reset(slot);
    last_[slot] = offset;
  }
}

void SlotGate::hold(std::uint16_t slot, const LaneSlots::Held& from, std::uint64_t offset) {
  last_[slot] = offset;
  if (slots_.held.emplace(slot, from).second) changed_ = true;
}

SlotSet SlotGate::look(const SlotView& view, std::uint64_t offset) {
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
  reach(offset);
  SlotSet mayTake;
  for (auto each = slots_.held.begin(); each != slots_.held.end();) {
    const auto [slot, held] = *each;
    if (slots_.own.test(slot)) {
      ++each;
      continue;
    }
    if (view.knowsTrimming)
      throw Error(Msg::redisCommand, {"CLUSTER MIGRATION", "slots are moved in a way that this version does not know"},
                  Origin::source);
    if (view.owned.test(slot)) mayTake.set(slot);
    // Only a view that is younger than the last command tells what became of all of them.
    const bool isOver =
        last_[slot] <= view.arrived && !view.owned.test(slot) && !view.importing.test(slot) && view.empty.test(slot);
    if (isOver) {
      last_.erase(slot);
      changed_ = true;
    }
    each = isOver ? slots_.held.erase(each) : std::next(each);
  }
  return mayTake;
}

void SlotGate::reach(std::uint64_t offset) {
  for (auto each = leaving_.begin(); each != leaving_.end();) {
    if (offset < each->second) {
      ++each;
      continue;
    }
    slots_.own.reset(each->first);
    open_.reset(each->first);
    changed_ = true;
    each = leaving_.erase(each);
  }
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
