#include "engine/mysql/log_prepared.h"

#include "engine/mysql/log_assembler.h"
#include "engine/mysql/log_dump.h"
#include "wire/mysql/wire_error.h"

#include <charconv>

namespace drs::mysql {
namespace {

/// From where a dump sends the group as its first one: the set of the lane without it, or its place in the file.
LogPosition startOf(const LogPosition& at, const std::string& place) {
  LogPosition start = at;
  start.preparedXa.clear();
  start.heldXa.clear();
  start.gtid.clear();
  if (const auto gtid = Gtid::parse(place)) {
    auto set = GtidSet::parse(at.gtid);
    if (!set || !set->contains(*gtid)) throw Error(Msg::internal, {"a prepared transaction outside of its position"});
    set->remove(*gtid);
    start.gtid = set->text();
    return start;
  }
  const std::size_t colon = place.rfind(':');
  if (colon == std::string::npos) throw Error(Msg::internal, {"malformed place of a prepared transaction " + place});
  start.file = place.substr(0, colon);
  std::from_chars(place.data() + colon + 1, place.data() + place.size(), start.offset);
  return start;
}

[[noreturn]] void throwMissing(const std::string& xid, const std::string& place) {
  throwUnsupported("the XA transaction " + xid + ", prepared at " + place +
                       ", cannot be read again: the log of this server has something else there",
                   "Let no XA transaction stay prepared, then reset the task.");
}

}  // namespace

Transaction readPrepared(const ConnectOptions& options, const LogScope& scope, const LogPosition& at,
                         const std::string& xid, const std::string& place, const GroupLimits& limits) {
  if (place.starts_with(kElsewhere)) throwMissing(xid, place);
  const LogPosition start = startOf(at, place);
  LogAssembler assembler(scope, start, limits);
  const auto dump = LogDump::start(options, start, DumpIdentity::random());
  assembler.restart(dump->foldsNames());
  while (true) {
    const bool complete = assembler.feed(dump->read()).has_value();
    if (auto held = assembler.takeHeld(xid)) return *std::move(held);
    if (complete || assembler.takeEmpty() || (assembler.atHeartbeat() && assembler.contains(dump->executedAtStart())))
      throwMissing(xid, place);
  }
}

}  // namespace drs::mysql
