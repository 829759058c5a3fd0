#include "engine/redis/slot_rest.h"

#include "base/error.h"
#include "engine/redis/loader.h"

#include <fmt/format.h>

namespace drs::redis {
namespace {

constexpr CommandPlace kRestPlace{0, "del"};

void requireOurs(TargetWriter& writer, const Scope& scope, const SlotSet& slots, const std::string& jobId,
                 const LaneMark& mark, const std::stop_token& stop) {
  if (mark.wasEmpty && !othersKeys(writer, scope, jobId, stop)) return;
  throw Error(
      Msg::redisCommand,
      {"CLUSTER SETSLOT", fmt::format("slots ({}) have left their server, which has no key in them any more; the "
                                      "target has some, and they cannot be told from those that were there "
                                      "before the task or that another task writes",
                                      describe(slots))},
      Origin::source);
}

}  // namespace

bool removeRest(TargetWriter& writer, const Scope& scope, const SlotSet& slots, const std::string& jobId,
                const LaneMark& mark, const std::stop_token& stop) {
  bool areOurs = false;
  for (const Scope::Database& db : scope.databases()) {
    writer.select(db.target);
    const bool all = scanTarget(writer, db.target, stop, [&](const std::string& key) {
      if (!slots.test(resp::slotOf(key)) || !scope.covers(db.source, key)) return true;
      if (!areOurs) requireOurs(writer, scope, slots, jobId, mark, stop);
      areOurs = true;
      writer.encoder().command({"DEL", key});
      writer.added(kRestPlace);
      if (writer.isFull()) writer.commit(mark, stop);
      return true;
    });
    if (!all) return false;
    if (!writer.isEmpty()) writer.commit(mark, stop);
    writer.drain(stop);
  }
  return !stop.stop_requested();
}

}  // namespace drs::redis
