#include "engine/redis/cluster_writer.h"
#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

// Who may write to the slots of a cluster: links to its nodes, the claims of slots, and what stands there.

namespace drs::redis {
namespace {

/// Claims go one by one over each of these, since WATCH is for one transaction; per node.
constexpr std::size_t kClaimLinks = 12;
/// That often a slot is looked at once more, since somebody wrote there meanwhile: a predecessor has no more than its
/// last batches on the way.
constexpr int kAttempts = 20;

/// Whose claims they are.
struct ClaimNames {
  const std::string& jobId;
  std::uint32_t lane;
  Fence fence;
  std::uint32_t seat;
};

std::vector<resp::Reply> repliesOf(const NodeLink& link) {
  resp::ReplyReader reader;
  reader.append(link.text);
  std::vector<resp::Reply> out;
  while (auto reply = reader.next()) out.push_back(std::move(*reply));
  return out;
}

/// Claims slots of one node. Each: WATCH and ZRANGE; when the answer says that nobody newer has it: MULTI, DEL, ZADD,
/// EXEC, together with the look at the next one.
class NodeClaims {
 public:
  NodeClaims(const ConnectOptions& options, ClaimNames names, const std::vector<std::uint16_t>& slots)
      : options_(options),
        names_(names),
        ours_(seatText(names.fence, names.seat)),
        waiting_(slots.rbegin(), slots.rend()),
        claimers_(std::min(kClaimLinks, slots.size())) {
    for (Claimer& each : claimers_) {
      each.link = std::make_unique<NodeLink>(options, 0);
      each.link->keeps = true;
    }
  }

  /// `claimed` is called for each slot, with what stood there before.
  void run(net::Deadline deadline, const std::stop_token& stop,
           const std::function<void(std::uint16_t slot, const SlotState& state)>& claimed) {
    std::vector<NodeLink*> links;
    for (const Claimer& each : claimers_) links.push_back(each.link.get());
    while (isBusy()) {
      for (Claimer& each : claimers_) {
        each.link->begin();
        if (each.looked) take(each);
        if (!waiting_.empty()) look(each);
      }
      pumpAll(links, deadline, stop);
      for (Claimer& each : claimers_) judge(each, claimed);
    }
  }

 private:
  /// One link of those that claim, and the slot it is at.
  struct Claimer {
    std::unique_ptr<NodeLink> link;
    std::optional<std::uint16_t> looked;    ///< WATCH and ZRANGE were sent
    std::optional<std::uint16_t> claiming;  ///< EXEC was sent
    bool watches = false;                   ///< a slot that is not looked at any more
    SlotState state;
  };

  [[nodiscard]] bool isBusy() const {
    return !waiting_.empty() ||
           std::ranges::any_of(claimers_, [](const Claimer& each) { return each.looked.has_value(); });
  }

  [[nodiscard]] std::string keyOf(std::uint16_t slot) const { return slotKey(names_.jobId, names_.lane, slot); }

  void take(Claimer& each) const {
    resp::Encoder& out = each.link->out;
    const std::string key = keyOf(*each.looked);
    const std::string sequence = std::to_string(each.state.sequence);
    out.command({"MULTI"});
    out.command({"DEL", key});
    if (each.state.generation > 0)
      out.command(
          {"ZADD", key, sequence, ours_, std::to_string(each.state.offset), generationText(each.state.generation)});
    else
      out.command({"ZADD", key, sequence, ours_});
    out.command({"EXEC"});
    each.link->expected += 4;
    each.claiming = std::exchange(each.looked, std::nullopt);
  }

  void look(Claimer& each) {
    resp::Encoder& out = each.link->out;
    each.looked = waiting_.back();
    waiting_.pop_back();
    const std::string key = keyOf(*each.looked);
    if (std::exchange(each.watches, false)) {
      out.command({"UNWATCH"});
      ++each.link->expected;
    }
    out.command({"WATCH", key});
    out.command({"ZRANGE", key, "0", "-1", "WITHSCORES"});
    each.link->expected += 2;
  }

  void judge(Claimer& each, const std::function<void(std::uint16_t slot, const SlotState& state)>& claimed) {
    if (const auto& failure = each.link->failure()) throw Error(*failure);
    const auto replies = repliesOf(*each.link);
    for (const resp::Reply& reply : replies)
      if (reply.isError() && reply.errorCode() != "EXECABORT")
        throw reply.errorCode() == "MOVED" || reply.errorCode() == "ASK"
            ? Error(Msg::redisNotReady, {options_.address.text(), "the lane", reply.text()}, Origin::target)
            : errorOf(reply, options_, "ZADD");
    if (each.claiming && replies.at(3).isNull()) return again(each);
    if (each.claiming) claimed(*each.claiming, each.state);
    each.claiming.reset();
    if (!each.looked) return;
    each.state = parseSlotState(replies.back());
    if (each.state.owner && isNewer(*each.state.owner, names_.fence))
      throw Error(Msg::fenced, {"the lane at " + options_.address.text()}, Origin::target);
  }

  /// Somebody has written there meanwhile: it is looked at once more, and so is the slot behind it, whose WATCH has to
  /// end with that.
  void again(Claimer& each) {
    if (++refused_[*each.claiming] > kAttempts)
      throw Error(Msg::redisNotReady, {options_.address.text(), "a writer", "others take the lane over all the time"},
                  Origin::target);
    if (each.looked) waiting_.push_back(*std::exchange(each.looked, std::nullopt));
    waiting_.push_back(*std::exchange(each.claiming, std::nullopt));
    each.watches = true;
  }

  const ConnectOptions& options_;
  const ClaimNames names_;
  const std::string ours_;
  std::vector<std::uint16_t> waiting_;  ///< to be looked at, the last one first
  std::vector<Claimer> claimers_;
  std::map<std::uint16_t, int> refused_;  ///< how often, by slot
};

}  // namespace

void ClusterWriter::pause(std::chrono::milliseconds span, const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  (void)woken.wait_for(lock, stop, span, [] { return false; });
  if (stop.stop_requested())
    throw Error(Msg::redisNotReady, {options_.target.address.text(), "the lane", "it was stopped meanwhile"},
                Origin::target);
}

std::string ClusterWriter::nodeOf(Slot slot) const {
  const ClusterMap::Node* node = map_.ownerOf(slot);
  return node == nullptr ? options_.target.address.text() : node->address.text();
}

void ClusterWriter::lost(Slot slot, const std::string& why) {
  isLost_ = true;
  throw Error(
      Msg::redisNotReady,
      {nodeOf(slot), "the lane",
       fmt::format("slot {} does not hold what was written there: {}. It is looked at anew, and what is missing "
                   "is written again",
                   slot, why)},
      Origin::target);
}

void ClusterWriter::readMap(const std::stop_token& stop) {
  takeMap(options_.cluster(map_.masters.empty() ? nullptr : &map_, stop));
}

void ClusterWriter::takeMap(ClusterMap map) {
  for (auto at = moved_.begin(); at != moved_.end();) {
    const auto found = std::ranges::find_if(
        map.masters, [&](const ClusterMap::Node& node) { return node.address.text() == at->second; });
    if (found != map.masters.end()) map.owner[at->first] = static_cast<std::uint16_t>(found - map.masters.begin());
    at = moved_.erase(at);
  }
  if (map.owner != map_.owner || map.masters.size() != map_.masters.size()) ++layout_;
  map_ = std::move(map);
  lookedAt_ = std::chrono::steady_clock::now();
}

/// A link to each master; those that failed, or whose node has another address, are made anew.
void ClusterWriter::openLinks() {
  for (const ClusterMap::Node& node : map_.masters) {
    auto& link = links_[node.id];
    if (link && !link->failure() && link->options().address.text() == node.address.text()) continue;
    ConnectOptions options = options_.target;
    options.address = node.address;
    link = std::make_unique<NodeLink>(options, ++serial_);
  }
  std::erase_if(links_, [&](const auto& each) {
    return std::ranges::none_of(map_.masters, [&](const auto& node) { return node.id == each.first; });
  });
}

NodeLink* ClusterWriter::linkOf(Slot slot) {
  const ClusterMap::Node* node = map_.ownerOf(slot);
  if (node == nullptr) return nullptr;
  const auto found = links_.find(node->id);
  return found == links_.end() || found->second->failure() ? nullptr : found->second.get();
}

/// Those that are on another server, or over another link, than when they were claimed.
std::vector<ClusterWriter::Slot> ClusterWriter::unclaimed() const {
  std::vector<Slot> out;
  for (std::size_t slot = 0; slot < info_.size(); ++slot) {
    if (!info_[slot].known) continue;
    const ClusterMap::Node* node = map_.ownerOf(static_cast<Slot>(slot));
    const auto link = node == nullptr ? links_.end() : links_.find(node->id);
    if (link == links_.end() || link->second->serial() != info_[slot].link) out.push_back(static_cast<Slot>(slot));
  }
  return out;
}

void ClusterWriter::claim(const std::vector<Slot>& slots, const std::stop_token& stop) {
  std::map<std::uint16_t, std::vector<Slot>> byNode;
  for (const Slot slot : slots) {
    if (map_.owner[slot] == ClusterMap::kNobody)
      throw Error(Msg::redisNotReady, {"the target", "the lane", fmt::format("no node has slot {}", slot)},
                  Origin::target);
    byNode[map_.owner[slot]].push_back(slot);
  }
  for (const auto& [node, list] : byNode) claimOn(map_.masters[node], list, stop);
}

void ClusterWriter::claimOn(const ClusterMap::Node& node, const std::vector<Slot>& slots, const std::stop_token& stop) {
  ConnectOptions options = options_.target;
  options.address = node.address;
  const std::uint32_t seat = ++seats_;
  const std::uint64_t serial = links_.at(node.id)->serial();
  NodeClaims claims(options, {options_.jobId, options_.lane, options_.fence, seat}, slots);
  claims.run(net::after(answerTimeout_), stop, [&](Slot slot, const SlotState& state) {
    info_[slot].seat = seat;
    info_[slot].link = serial;
    claimed(slot, state);
  });
  // What is sent to a slot that is not this run's would be done by nobody, or twice.
  for (const Slot slot : slots)
    if (const SlotInfo& info = info_[slot]; !info.known || info.seat != seat || info.link != serial)
      throw Error(Msg::redisNotReady, {node.address.text(), "the lane", fmt::format("slot {} was not claimed", slot)},
                  Origin::target);
}

/// What stood in a slot as it was claimed. The first time that is what the run before has left; later it must be what
/// this run has.
void ClusterWriter::claimed(Slot slot, const SlotState& state) {
  SlotInfo& info = info_[slot];
  if (!info.known) {
    info.known = true;
    info.sequence = state.sequence;
    info.offset = state.offset;
    info.generation = state.generation;
    generations_ = std::max(generations_, state.generation);
    sequence_ = std::max(sequence_, state.sequence);
    return;
  }
  if (!state.owner) lost(slot, "nothing is there");
  if (!state.isWhole) lost(slot, "its last batch is missing");
  if (state.sequence == info.sequence) return;
  // A batch whose answer did not come was done all the same?
  for (Share& share : sentPieces_.shares) {
    if (share.slot != slot || share.done || state.sequence != sent_.mark.sequence) continue;
    share.done = true;
    info.sequence = state.sequence;
    return;
  }
  lost(slot, fmt::format("batch {} was the last, and it has {}", info.sequence, state.sequence));
}

std::unique_ptr<TargetWriter> ClusterWriter::takeOver(Options options, const std::stop_token& stop) {
  std::unique_ptr<ClusterWriter> writer(new ClusterWriter(std::move(options)));
  writer->readMap(stop);
  writer->openLinks();
  // The first slot has the lane's mark: from here on nobody moves it on.
  writer->claim({writer->home_}, stop);
  std::vector<Slot> others;
  for (const Slot slot : writer->slots_)
    if (slot != writer->home_) others.push_back(slot);
  writer->claim(others, stop);
  writer->findMark(stop);
  return writer;
}

/// Where the run before has ended: its mark, unless a slot lacks what was there when the mark was written.
void ClusterWriter::findMark(const std::stop_token& stop) {
  const std::string key = clusterMarkKey(options_.jobId, options_.lane, home_);
  resp::Encoder look;
  look.command({"GET", key});
  NodeLink* link = linkOf(home_);
  link->begin();
  link->keeps = true;
  link->out.raw(look.bytes());
  link->expected = 1;
  pumpAll(std::span(&link, 1), net::after(answerTimeout_), stop);
  link->keeps = false;
  if (const auto& failure = link->failure()) throw Error(*failure);
  const resp::Reply reply = repliesOf(*link).at(0);
  if (reply.isError()) throw errorOf(reply, link->options(), "GET");
  const bool wasCopied =
      std::ranges::any_of(slots_, [&](Slot slot) { return info_[slot].sequence > 0 || info_[slot].offset > 0; });
  if (reply.isNull()) {
    if (!wasCopied) return;
    found_.emplace();
    found_->plan = options_.fence.plan;
    done_ = *found_;
    warnings_.emplace_back("the target has lost the mark of the lane: everything is copied again");
    return;
  }
  auto mark = parseClusterMark(reply.text());
  if (!mark)
    throw Error(Msg::redisRefused, {link->options().address.text(), "GET", "the key " + key + " is no mark"},
                Origin::target);
  if (mark->mark.plan != options_.fence.plan) return;
  found_ = mark->mark;
  generation_ = mark->generation;
  generations_ = std::max(generations_, generation_);
  sequence_ = std::max(sequence_, found_->sequence);
  written_ = *mark;
  std::uint64_t lowest = found_->offset;
  std::size_t lacking = 0;
  bool isAhead = false;
  bool isGone = false;
  for (const Slot slot : slots_) {
    SlotInfo& info = info_[slot];
    if (info.generation != generation_) info.offset = 0;
    if (info.sequence >= mark->sequences[slot]) {
      isAhead = isAhead || info.offset > found_->offset;
      continue;
    }
    ++lacking;
    lowest = std::min(lowest, info.offset);
    isGone = isGone || info.offset == 0;
  }
  if (found_->state == LaneMark::State::following && lacking > 0) {
    if (isGone || lowest < found_->dbSince) {
      found_->state = LaneMark::State::loading;
      warnings_.push_back(
          fmt::format("the target has lost writes that it had acknowledged, in {} slots, and it cannot be "
                      "told from where on: everything is copied again",
                      lacking));
    } else {
      warnings_.push_back(
          fmt::format("the target has lost writes that it had acknowledged, in {} slots: what is behind "
                      "offset {} of the stream is applied there again",
                      lacking, lowest));
      found_->offset = lowest;
    }
  } else if (isAhead && found_->state == LaneMark::State::following) {
    warnings_.push_back(
        fmt::format("answers of the target to what is behind offset {} were not seen: a command among "
                    "it that the target refused would not show. A comparison tells",
                    found_->offset));
  }
  found_->verified = found_->offset;
  done_ = *found_;
}

/// Before a copy counts as whole: what was written must be there still.
void ClusterWriter::requireWhole(const std::stop_token& stop) {
  std::vector<Slot> all;
  for (std::size_t slot = 0; slot < info_.size(); ++slot)
    if (info_[slot].known) all.push_back(static_cast<Slot>(slot));
  readMap(stop);
  openLinks();
  claim(all, stop);
}

}  // namespace drs::redis
