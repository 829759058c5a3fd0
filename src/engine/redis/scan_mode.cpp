#include "engine/redis/scan_mode.h"

#include <algorithm>
#include <array>

namespace drs::redis {
namespace {

/// Generic commands, strings, lists, sets, hashes, sorted sets, streams, expiry, eviction. Modules (d) are older than
/// their flag.
constexpr std::string_view kClasses = "g$lshztxe";

std::string notificationFault(Connection& source) {
  const resp::Reply reply = source.ask({"CONFIG", "GET", "notify-keyspace-events"});
  if (reply.isError()) return {};  // unknown; a pass over all keys finds what is not told
  const resp::Reply& flags = reply.find("notify-keyspace-events");
  if (flags.isNull() || tellEveryChange(flags.text())) return {};
  return "notify-keyspace-events is \"" + flags.text() +
         "\", so that it does not tell what changes (CONFIG SET notify-keyspace-events EA, or choose FULL_TRANS)";
}

}  // namespace

bool readsByScan(const EngineJob& job) {
  return std::ranges::any_of(
      job.skippedItems, [](const std::string& item) { return item == kCommandItem || item == kReplicationRightItem; });
}

bool tellEveryChange(std::string_view flags) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  return (has('K') || has('E')) && (has('A') || std::ranges::all_of(kClasses, has));
}

std::string whyNotByScan(Connection& source, bool follows) {
  const resp::Reply scan = source.ask({"SCAN", "0", "COUNT", "1"});
  if (scan.isError()) return "SCAN is refused too: " + withoutArguments(scan.text());
  const resp::Reply type = source.ask({"TYPE", "__drs:probe"});
  if (type.isError()) return "TYPE is refused too: " + withoutArguments(type.text());
  const resp::Reply deadline = source.ask({"PTTL", "__drs:probe"});
  if (deadline.isError()) return "PTTL is refused too: " + withoutArguments(deadline.text());
  return follows ? notificationFault(source) : std::string();
}

}  // namespace drs::redis
