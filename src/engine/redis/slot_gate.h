#pragma once

#include "engine/redis/lane_slots.h"
#include "engine/redis/slot_view.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace drs::redis {

/// Decides which commands of a lane's stream are applied, held or dropped, slot by slot
/// (docs/adr/2026-11-28-slots-that-move.md). However a slot moves, the stream of the server that gets it holds all of
/// its content, and that of the server that had it removes all of it. So a slot's content comes out right if its lanes
/// write to it one behind the other, each from the first command on to the last:
///
///   own, not held   the lane writes to it
///   held            the server executes commands on it, but the lane does not write to it (yet)
///   own and held    the lane has it, and applies next what has been held
///   neither         nothing to do; the next command makes it held
///
/// A lane lets go of a slot when its server has lost it and the lane has applied all that the server did to it; it
/// takes one that no other lane has. What was done to a slot that came and went unseen is dropped: nothing was left of
/// it. One thread.
class SlotGate {
 public:
  /// `offset`: up to here the lane has taken its stream.
  SlotGate(LaneSlots slots, std::uint64_t offset);

  [[nodiscard]] bool passes(std::uint16_t slot) const { return open_.test(slot); }
  /// A command on an open slot that ends at `offset` is applied.
  void applies(std::uint16_t slot, std::uint64_t offset) { applied_[slot] = offset; }
  /// A command on the slot that ends at `offset` waits; `from` is where it begins, with the database there.
  void hold(std::uint16_t slot, const LaneSlots::Held& from, std::uint64_t offset);

  /// Takes a view: notes what is to be dropped and what has left, for when the lane comes to the view's offset. Returns
  /// the slots that the lane may take if no other lane has them. Throws Error(redisCommand) if slots move in a way that
  /// is not known.
  [[nodiscard]] SlotSet look(const SlotView& view);
  /// The lane has come to this offset: what is over by then is dropped. Returns the slots to be let go of, which is to
  /// follow: at the source nothing is left of what the lane has applied there. None if not `mayLeave`.
  [[nodiscard]] SlotSet reach(std::uint64_t offset, bool mayLeave = true);
  void letGo(const SlotSet& slots);
  void claim(const SlotSet& slots);
  void withdraw(const SlotSet& slots);
  /// What was held of these slots is applied up to here; `done`: all of it, and they are open.
  void replayed(const SlotSet& slots, const LaneSlots::Held& upTo);
  void done(const SlotSet& slots);

  [[nodiscard]] const LaneSlots& slots() const { return slots_; }
  /// Own and held: to be applied next.
  [[nodiscard]] SlotSet claimed() const;
  /// Is anything on its way?
  [[nodiscard]] bool isBusy() const { return !slots_.held.empty() || !leaving_.empty(); }
  /// The slots whose keys are to be counted at the server for the next view.
  [[nodiscard]] SlotSet asked() const;
  /// Has slots() changed since the last call?
  [[nodiscard]] bool takeChanged();

 private:
  LaneSlots slots_;
  SlotSet open_;
  SlotSet lost_;                                    ///< own, but the server does not serve them any more
  std::map<std::uint16_t, std::uint64_t> last_;     ///< of held slots: where the last command that is known ends
  std::map<std::uint16_t, std::uint64_t> leaving_;  ///< own: empty at the server at this offset
  std::map<std::uint16_t, std::uint64_t> over_;     ///< held: empty at the server at this offset, which has it not
  std::vector<std::uint64_t> applied_;              ///< by slot: where the last command ends that may have been applied
  bool changed_ = false;
};

}  // namespace drs::redis
