#include "engine/redis/slot_rest.h"
#include "engine/redis/stream_applier.h"
#include "wire/rdb/dump_payload.h"
#include "wire/resp/words.h"

#include <algorithm>
#include <array>

// What StreamApplier does about slots that move.

namespace drs::redis {
namespace {

/// What the servers of Valkey 9 tell their replicas of a slot that comes as a whole. Their views tell us.
constexpr std::array<std::string_view, 9> kSyncSlots{"ESTABLISH", "ACK",           "CAPA",
                                                     "PAUSED",    "REQUEST-PAUSE", "REQUEST-FAILOVER",
                                                     "FINISH",    "SNAPSHOT-EOF",  "FAILOVER-GRANTED"};

constexpr std::chrono::milliseconds kHeldPatience{100};

}  // namespace

/// A command on keys of one slot, as all of a cluster are: is it to be applied now? If not it is held.
bool StreamApplier::mayApply(const resp::CommandInfo& command) {
  const auto& arguments = at_.parser.arguments();
  if (resp::keysOf(command, arguments, keys_) != resp::KeysFound::all) refuse(command, "its keys cannot be told");
  if (keys_.empty()) refuse(command, "it names no key");
  const std::uint16_t slot = resp::slotOf(arguments[keys_.front()]);
  for (const std::uint32_t index : keys_)
    if (resp::slotOf(arguments[index]) != slot) refuse(command, "its keys are in several slots");
  return mayApply(slot);
}

bool StreamApplier::mayApply(std::uint16_t slot) {
  SlotGate& gate = shard_->gate;
  if (replaying_ != nullptr) {
    if (!replaying_->test(slot)) return false;
    const auto held = gate.slots().held.find(slot);
    return held != gate.slots().held.end() && at_.offset > held->second.from;
  }
  if (gate.passes(slot)) {
    gate.applies(slot, at_.offset);
    return true;
  }
  // A transaction is held as a whole, if nothing of it is applied yet.
  const bool isWhole = at_.inTransaction && !at_.changedInTransaction;
  gate.hold(slot, isWhole ? at_.border : LaneSlots::Held{begun_, at_.db}, at_.offset);
  return false;
}

void StreamApplier::migration(const resp::CommandInfo& command, const std::stop_token& stop) {
  const auto& arguments = at_.parser.arguments();
  if (!shard_)
    refuse(
        command,
        scope_.isSharded()
            ? "slots of the source's cluster are moving, which this task does not follow ([redis] follow_moving_slots)"
            : "the source is no cluster by its engine_type");
  if (command.name == "restore-asking") return restore(command, stop);
  if (command.name == "cluster|setslot") return;
  if (command.name == "cluster|syncslots" && arguments.size() > 2 &&
      std::ranges::any_of(kSyncSlots, [&](std::string_view word) { return resp::isWord(arguments[2], word); }))
    return;
  refuse(command, "slots of the source's cluster are moved in a way that this version does not know");
}

/// A key that came from another server: RESTORE-ASKING key ttl payload [REPLACE] [ABSTTL] …
void StreamApplier::restore(const resp::CommandInfo& command, const std::stop_token& stop) {
  const auto& arguments = at_.parser.arguments();
  if (arguments.size() < 4) refuse(command, "it has too few arguments");
  const auto target = scope_.targetDb(at_.db);
  if (!target || !mayApply(command) || !scope_.covers(at_.db, arguments[1])) return;
  const rdb::DumpPayload payload = rdb::parseDumpPayload(arguments[3]);
  const auto life = resp::toInteger(arguments[2]);
  if (!life || !rdb::kindOf(payload.type, payload.dialect)) refuse(command, "its value cannot be read");
  enter(*target, stop);
  rdb::KeyInfo info;
  info.db = at_.db;
  info.key = arguments[1];
  info.type = payload.type;
  if (*life > 0) info.expireAtMs = life;  // which is held back, whatever it is
  mark_.holds = mark_.holds || *life > 0;
  shard_->values.setDialect(payload.dialect);
  shard_->values.write(info, payload.raw);
  for (const rdb::UnsaidCount& unsaid : shard_->values.unsaid())
    leftOut_[std::string(toText(unsaid.what))] += unsaid.count;
  ++changes_;
  at_.changedInTransaction = true;
}

void StreamApplier::commitSlots(const std::stop_token& stop) {
  commitNow(stop);
  writer_.drain(stop);
}

bool StreamApplier::letGo(const SlotSet& slots, const std::string& jobId, const std::stop_token& stop) {
  commitNow(stop);  // what is applied, and not yet done, may be what removes the keys
  writer_.drain(stop);
  const std::uint32_t db = writer_.db();
  const bool all = removeRest(writer_, scope_, slots, jobId, mark_, stop);
  writer_.select(db);
  if (!all) return false;
  shard_->gate.letGo(slots);
  commitSlots(stop);
  return true;
}

std::uint64_t StreamApplier::applied() const {
  const LaneMark& done = writer_.done();
  const bool holds = !done.shard.empty() && !done.shard.ends_with('/');
  return holds ? parseLaneSlots(done.shard).neededFrom(done.offset) : done.offset;
}

void StreamApplier::replay(const SlotSet& slots, const std::stop_token& stop) {
  LaneSlots::Held from{at_.offset, at_.db};
  for (const auto& [slot, held] : shard_->gate.slots().held)
    if (slots.test(slot) && held.from < from.from) from = held;
  commitNow(stop);  // what stands in the batch is not of these slots
  Place main = std::move(at_);
  at_ = Place();
  at_.offset = from.from;
  at_.db = from.db;
  at_.border = from;
  at_.parser.countFrom(from.from);
  replaying_ = &slots;
  const bool all = replayUntil(main.offset, stop);
  if (all) shard_->gate.done(slots);
  replaying_ = nullptr;
  at_ = std::move(main);
  if (all) commitSlots(stop);
}

/// False after a stop.
bool StreamApplier::replayUntil(std::uint64_t end, const std::stop_token& stop) {
  while (at_.offset < end) {
    if (stop.stop_requested()) return false;
    if (takeNext(stop) == Taken::more) {
      const std::uint64_t have = at_.offset + (at_.window.size() - at_.begin);
      const std::size_t most = std::min<std::uint64_t>(options_.windowBytes, end - have);
      if (most == 0 || fill(most, kHeldPatience, stop) == 0) {
        if (stop.stop_requested()) return false;
        // Of a stream that was asked for again the bytes may still be on their way.
        if (most > 0 && stream_.end() <= end) continue;
        throw Error(Msg::internal, {"the spool has lost what was held of a slot"});
      }
      continue;
    }
    if (!at_.inTransaction && writer_.isFull()) commitNow(stop);
  }
  return true;
}

}  // namespace drs::redis
