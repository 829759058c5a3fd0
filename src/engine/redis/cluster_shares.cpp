#include "engine/redis/cluster_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

// The way of a batch to the slots of a cluster, and what becomes of it there.

namespace drs::redis {
namespace {

/// Commands of a slot's transaction besides those of the data.
constexpr std::uint64_t kExtra = 5;
constexpr std::uint64_t kBefore = 3;  ///< of them, those before the data
constexpr std::chrono::milliseconds kFirstPause{20}, kLongestPause{500};

/// The slot, or its node, will be able to take it, perhaps elsewhere.
bool isPassing(std::string_view code) {
  constexpr std::array<std::string_view, 8> kCodes{"MOVED",   "ASK",      "TRYAGAIN",   "CLUSTERDOWN",
                                                   "LOADING", "READONLY", "MASTERDOWN", "FAILOVER"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

std::string_view codeOf(const resp::ReplyProblem& problem) {
  return std::string_view(problem.text).substr(0, problem.text.find(' '));
}

}  // namespace

std::vector<NodeLink*> ClusterWriter::links() {
  std::vector<NodeLink*> out;
  for (const auto& [id, link] : links_) out.push_back(link.get());
  return out;
}

/// The slot's transaction.
void ClusterWriter::append(NodeLink& link, Share& share) {
  const SlotInfo& info = info_[share.slot];
  resp::Encoder& out = link.out;
  share.replies = link.expected;
  share.link = link.serial();
  const std::string key = slotKey(options_.jobId, options_.lane, share.slot);
  const std::string seat = seatText(options_.fence, info.seat);
  const std::string guard = info.sequence == 0 ? "-0.5" : fmt::format("{}.5", info.sequence - 1);
  out.command({"WATCH", key});
  out.command({"ZADD", key, "GT", guard, seat});
  out.command({"MULTI"});
  const std::string_view commands = sent_.commands.bytes();
  for (std::uint32_t i = share.first; i < share.first + share.count; ++i) {
    const Piece& piece = sentPieces_.list[i];
    out.raw(commands.substr(piece.begin, piece.size));
  }
  const std::uint64_t offset =
      sent_.mark.state == LaneMark::State::loading ? 0 : std::max(sent_.mark.offset, info.offset);
  out.command(
      {"ZADD", key, std::to_string(sent_.mark.sequence), seat, std::to_string(offset), generationText(generation_)});
  out.command({"EXEC"});
  link.expected += share.count + kExtra;
}

/// Sends what is not done and whose slot is claimed over a link that is.
void ClusterWriter::send() {
  const std::vector<NodeLink*> all = links();
  for (NodeLink* link : all)
    if (!link->failure()) link->begin();
  for (Share& share : sentPieces_.shares) {
    if (share.done) continue;
    share.link = 0;
    NodeLink* link = linkOf(share.slot);
    if (link == nullptr || !info_[share.slot].known || info_[share.slot].link != link->serial()) continue;
    append(*link, share);
  }
}

void ClusterWriter::advance(Share& share) {
  share.done = true;
  info_[share.slot].sequence = sent_.mark.sequence;
}

bool ClusterWriter::allDone() const {
  return std::ranges::all_of(sentPieces_.shares, [](const Share& share) { return share.done; });
}

/// What became of a slot's transaction. What cannot be told is left undone: the slot is looked at.
void ClusterWriter::judge(const NodeLink& link, Share& share) {
  SlotInfo& info = info_[share.slot];
  const std::uint64_t end = share.replies + share.count + kExtra;
  if (link.answered() < end) {
    info.link = 0;
    return;
  }
  const auto first = std::ranges::lower_bound(link.problems, share.replies, {}, &resp::ReplyProblem::index);
  if (first == link.problems.end() || first->index >= end) return advance(share);
  const resp::ReplyProblem* exec = nullptr;
  for (auto at = first; at != link.problems.end() && at->index < end; ++at)
    if (at->index + 1 == end && exec == nullptr) exec = &*at;
  const bool isRefused = exec != nullptr && exec->kind != resp::ReplyProblem::Kind::inner;
  if (!isRefused) {
    // It was done, but for some of the commands; or the guard was refused, and what came behind it was taken.
    advance(share);
    if (!failure_.empty()) return;
    CommandPlace place;
    if (exec != nullptr && exec->position < share.count)
      place = sent_.places[sentPieces_.list[share.first + exec->position].place];
    const resp::ReplyProblem& problem = exec != nullptr ? *exec : *first;
    failure_ = fmt::format("{} at offset {} in slot {}: {}", place.name.empty() ? "a command" : place.name,
                           place.offset, share.slot, withoutArguments(problem.text));
    return;
  }
  if (exec->kind == resp::ReplyProblem::Kind::nullArray || isPassing(codeOf(*first))) {
    info.link = 0;  // who has it, and what stands there, is looked at before it is sent again
    const std::string& text = first->text;
    if (codeOf(*first) == "MOVED") moved_[share.slot] = text.substr(text.rfind(' ') + 1);
    why_ = exec->kind == resp::ReplyProblem::Kind::nullArray ? "a transaction was not done" : text;
    return;
  }
  CommandPlace place;
  const std::uint64_t at = first->index - share.replies;
  if (at >= kBefore && at - kBefore < share.count)
    place = sent_.places[sentPieces_.list[share.first + at - kBefore].place];
  throw errorOf(resp::Reply(resp::Reply::Kind::error, first->text), link.options(),
                place.offset == 0 ? std::string(place.name.empty() ? "a transaction" : place.name)
                                  : fmt::format("{} (offset {} of the source's stream)", place.name, place.offset));
}

void ClusterWriter::judgeAll() {
  for (Share& share : sentPieces_.shares) {
    if (share.done || share.link == 0) continue;
    for (const auto& [id, link] : links_)
      if (link->serial() == share.link) judge(*link, share);
  }
}

/// Waits until the batch that is on its way is done everywhere.
void ClusterWriter::settle(const std::stop_token& stop) {
  if (!inFlight_) return;
  pumpAll(links(), net::after(answerTimeout_), stop);
  judgeAll();
  if (!allDone()) redo(stop);
  inFlight_ = false;
  done_ = sent_.mark;
  if (writing_) written_ = *std::exchange(writing_, std::nullopt);
  sent_.clear();
  sentPieces_.list.clear();
  sentPieces_.shares.clear();
}

/// What is not done goes to whoever has the slots now. Slots whose server or connection changed are claimed anew
/// before: what is on its way over the old one cannot be done any more then, and what is lost is seen.
void ClusterWriter::redo(const std::stop_token& stop) {
  const net::Deadline deadline = net::after(answerTimeout_);
  std::chrono::milliseconds span = kFirstPause;
  while (!allDone()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw Error(Msg::redisNotReady, {options_.target.address.text(), "the lane", why_}, Origin::target);
    pause(span, stop);
    span = std::min(span * 2, kLongestPause);
    try {
      readMap(stop);
      openLinks();
      std::vector<Slot> slots = unclaimed();
      bool isNew = false;
      for (const Share& share : sentPieces_.shares)
        if (!share.done && !info_[share.slot].known) slots.push_back(share.slot), isNew = true;
      // A slot that was not the lane's is claimed only as long as the lane is this run's.
      if (isNew) claim({home_}, stop);
      claim(slots, stop);
    } catch (const Error& error) {
      if (isLost_ || stop.stop_requested() ||
          (error.msg() != Msg::redisNotReady && error.msg() != Msg::connectionLost &&
           error.msg() != Msg::cannotConnect && error.msg() != Msg::cannotResolve))
        throw;
      why_ = error.text();
      continue;
    }
    send();
    pumpAll(links(), deadline, stop);
    judgeAll();
  }
}

}  // namespace drs::redis
