#include "engine/redis/slot_view.h"

#include "engine/redis/servers.h"
#include "wire/resp/encoder.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace drs::redis {
namespace {

/// "5461-5470 9000-9000"
void addRanges(std::string_view text, SlotSet& to) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::uint16_t first = 0, last = 0;
    const auto head = std::from_chars(at, end, first);
    if (head.ec != std::errc() || head.ptr == end || *head.ptr != '-') break;
    const auto tail = std::from_chars(head.ptr + 1, end, last);
    if (tail.ec != std::errc()) break;
    for (std::size_t slot = first; slot <= last && slot < to.size(); ++slot) to.set(slot);
    at = tail.ptr;
    while (at < end && (*at == ' ' || *at == ',')) ++at;
  }
}

/// Valkey 9: slots that come as a whole are not among those of CLUSTER NODES. Servers without it answer an error.
void addImports(const resp::Reply& jobs, SlotSet& importing) {
  static constexpr std::array<std::string_view, 3> kOver{"success", "failed", "cancelled"};
  for (const resp::Reply& job : jobs.elements()) {
    const bool isOver = std::ranges::find(kOver, job.find("state").text()) != kOver.end();
    if (!isOver && job.find("operation").text() == "IMPORT") addRanges(job.find("slot_ranges").text(), importing);
  }
}

void addEmpty(Connection& primary, const SlotSet& asked, SlotSet& empty) {
  if (asked.none()) return;
  resp::Encoder count;
  std::vector<std::uint16_t> slots;
  for (std::size_t slot = 0; slot < asked.size(); ++slot) {
    if (!asked.test(slot)) continue;
    slots.push_back(static_cast<std::uint16_t>(slot));
    count.command({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)});
  }
  const auto replies = primary.pipeline(count.bytes(), slots.size(), primary.answerDeadline());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (replies[i].isError()) throw errorOf(replies[i], primary.options(), "CLUSTER COUNTKEYSINSLOT");
    if (replies[i].integer() == 0) empty.set(slots[i]);
  }
}

}  // namespace

SlotView viewOf(Connection& primary, const SlotSet& asked) {
  SlotView view;
  view.nodes = parseClusterNodes(primary.call({"CLUSTER", "NODES"}).text(), primary.address());
  for (const ClusterNode& node : view.nodes) {
    if (!node.myself) continue;
    view.epoch = node.epoch;
    if (node.masterId.empty()) view.owned = slotSetOf(node.slots);
    for (const std::uint16_t slot : node.importing) view.importing.set(slot);
  }
  const resp::Reply jobs = primary.ask({"CLUSTER", "GETSLOTMIGRATIONS"});
  if (jobs.errorCode() == "NOPERM") throw errorOf(jobs, primary.options(), "CLUSTER GETSLOTMIGRATIONS");
  addImports(jobs, view.importing);
  view.knowsTrimming = !primary.ask({"CLUSTER", "MIGRATION", "STATUS", "ALL"}).elements().empty();
  addEmpty(primary, asked, view.empty);
  const Info info = infoOf(primary, "replication");
  if (!info.is("role", "master"))
    throw Error(Msg::redisNotReady, {primary.address(), "a view of the slots", "it is no longer the primary"},
                Origin::source);
  view.offset = info.number("master_repl_offset").value_or(0);
  return view;
}

}  // namespace drs::redis
