#include "engine/redis/slot_view.h"

#include "engine/redis/info.h"
#include "wire/resp/encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

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
/// `behind`: the moment that the view tells of. `known`: names of jobs that a look has had before.
void addImports(const resp::Reply& jobs, bool behind, std::set<std::string>& known, SlotSet& importing) {
  static constexpr std::array<std::string_view, 3> kOver{"success", "failed", "cancelled"};
  for (const resp::Reply& job : jobs.elements()) {
    if (!known.insert(job.find("name").text()).second) continue;
    const bool wasOver = !behind && std::ranges::find(kOver, job.find("state").text()) != kOver.end();
    if (!wasOver && job.find("operation").text() == "IMPORT") addRanges(job.find("slot_ranges").text(), importing);
  }
}

resp::Reply migrationsOf(Connection& primary) {
  resp::Reply jobs = primary.ask({"CLUSTER", "GETSLOTMIGRATIONS"});
  if (jobs.errorCode() == "NOPERM") throw errorOf(jobs, primary.options(), "CLUSTER GETSLOTMIGRATIONS");
  return jobs;
}

std::vector<std::uint16_t> numbersOf(const SlotSet& slots) {
  std::vector<std::uint16_t> out;
  for (std::size_t slot = 0; slot < slots.size(); ++slot)
    if (slots.test(slot)) out.push_back(static_cast<std::uint16_t>(slot));
  return out;
}

void takeNodes(const resp::Reply& nodes, const std::string& address, SlotView& view) {
  view.nodes = parseClusterNodes(nodes.text(), address);
  for (const ClusterNode& node : view.nodes) {
    if (!node.myself) continue;
    view.epoch = node.epoch;
    if (node.masterId.empty()) view.owned = slotSetOf(node.slots);
    for (const std::uint16_t slot : node.importing) view.importing.set(slot);
  }
}

/// Slots, keys and the offset of one moment: at this offset, and not only some time before it, a slot is empty.
void takeMoment(Connection& primary, const SlotSet& asked, SlotView& view) {
  const std::vector<std::uint16_t> slots = numbersOf(asked);
  resp::Encoder commands;
  commands.command({"MULTI"});
  commands.command({"CLUSTER", "NODES"});
  for (const std::uint16_t slot : slots) commands.command({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)});
  commands.command({"INFO", "replication"});
  commands.command({"EXEC"});
  const std::size_t inside = slots.size() + 2;
  const auto replies = primary.pipeline(commands.bytes(), inside + 2, primary.answerDeadline());
  for (std::size_t i = 0; i <= inside; ++i)  // what is refused here names the command; EXEC says only that one was
    if (replies[i].isError())
      throw errorOf(replies[i], primary.options(), i == 0 ? "MULTI" : i == inside ? "INFO" : "CLUSTER");
  const resp::Reply& moment = replies.back();
  if (moment.isError()) throw errorOf(moment, primary.options(), "EXEC");
  if (moment.elements().size() != inside) throw Error(Msg::badReply, {primary.address(), "EXEC"}, Origin::source);
  for (const resp::Reply& reply : moment.elements())
    if (reply.isError()) throw errorOf(reply, primary.options(), "CLUSTER");
  takeNodes(moment.at(0), primary.address(), view);
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (moment.at(i + 1).integer() == 0) view.empty.set(slots[i]);
  const Info info(moment.at(inside - 1).text());
  const auto offset = info.number("master_repl_offset");
  if (!info.is("role", "master") || !offset)
    throw Error(Msg::redisNotReady, {primary.address(), "a view of the slots", "it is no longer the primary"},
                Origin::source);
  view.offset = *offset;
}

}  // namespace

SlotView viewOf(Connection& primary, const SlotSet& asked) {
  SlotView view;
  // What is on its way as a whole cannot be asked within the moment, where servers that do not know it would refuse all
  // of it: before, and again behind it for what has begun meanwhile, whether it is over by then or not.
  std::set<std::string> known;
  addImports(migrationsOf(primary), false, known, view.importing);
  view.knowsTrimming = !primary.ask({"CLUSTER", "MIGRATION", "STATUS", "ALL"}).elements().empty();
  takeMoment(primary, asked, view);
  addImports(migrationsOf(primary), true, known, view.importing);
  return view;
}

}  // namespace drs::redis
