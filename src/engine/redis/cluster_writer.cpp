#include "engine/redis/cluster_writer.h"

#include "wire/resp/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace drs::redis {
namespace {

/// More commands in a batch: more of them share a slot's transaction.
constexpr std::size_t kBatchCommands = 20'000, kBatchBytes = std::size_t{4} << 20U;
constexpr std::chrono::seconds kMarkInterval{1};
constexpr std::chrono::seconds kLookInterval{5};
constexpr std::chrono::seconds kSlotPatience{3};

TargetWriter::Options forCluster(TargetWriter::Options options) {
  options.batchCommands = kBatchCommands;
  options.batchBytes = kBatchBytes;
  return options;
}

}  // namespace

ClusterWriter::ClusterWriter(Options options) : TargetWriter(forCluster(std::move(options))), info_(resp::kSlots) {
  if (options_.slots.empty()) {
    for (std::size_t slot = 0; slot < resp::kSlots; ++slot) slots_.push_back(static_cast<Slot>(slot));
  } else {
    for (const auto& [first, last] : options_.slots)
      for (std::size_t slot = first; slot <= last; ++slot) slots_.push_back(static_cast<Slot>(slot));
  }
  home_ = options_.home.value_or(slots_.front());
  written_.sequences.resize(resp::kSlots);
}

void ClusterWriter::select(std::uint32_t db) {
  if (db != 0)
    throw Error(Msg::redisCommand,
                {"SELECT", fmt::format("keys are to go to database {}, and a cluster has only 0", db)}, Origin::target);
}

void ClusterWriter::transaction(bool begins) {
  if (!begins && isDivided_) ++divided_;
  inTransaction_ = begins;
  isDivided_ = false;
  transactionSlot_.reset();
}

/// Was it done in the slot by an earlier run?
bool ClusterWriter::isDone(Slot slot, const CommandPlace& place) const {
  return place.offset != 0 && place.offset <= info_[slot].offset;
}

void ClusterWriter::addPiece(Slot slot, std::size_t begin, const CommandPlace& place) {
  if (inTransaction_) {
    if (transactionSlot_ && *transactionSlot_ != slot) isDivided_ = true;
    transactionSlot_ = slot;
  }
  if (!isDone(slot, place)) {
    nextPieces_.list.push_back({begin, end_ - begin, static_cast<std::uint32_t>(next_.places.size()), slot});
    next_.places.push_back(place);
  } else if (next_.places.empty() && everywhere_.empty()) {
    next_.commands.clear();
    end_ = 0;
  }
}

void ClusterWriter::added(const CommandPlace& place) {
  const std::size_t begin = std::exchange(end_, next_.commands.size());
  parser_.reset();
  (void)parser_.parse(next_.commands.bytes().substr(begin));
  const auto& arguments = parser_.arguments();
  const resp::CommandInfo& command = resp::findCommand(arguments);
  if (command.kind == resp::CommandKind::function) {
    if (isDone(home_, place)) return;
    everywhere_.push_back({begin, end_ - begin, static_cast<std::uint32_t>(next_.places.size()), home_});
    next_.places.push_back(place);
    return;
  }
  const auto refuse = [&](const char* why) {
    throw Error(Msg::redisCommand,
                {std::string(command.name.empty() ? arguments.front().substr(0, 64) : command.name),
                 fmt::format("at offset {} of the stream: {}", place.offset, why)},
                Origin::source);
  };
  const bool hasKeys = command.kind == resp::CommandKind::data || command.kind == resp::CommandKind::script;
  if (!hasKeys) refuse("the target is a cluster, and it touches more than keys of one database");
  if (resp::keysOf(command, arguments, keys_) == resp::KeysFound::malformed || keys_.empty())
    refuse("its keys cannot be told");
  const Slot slot = resp::slotOf(arguments[keys_.front()]);
  const bool isOne =
      std::ranges::all_of(keys_, [&](std::uint32_t index) { return resp::slotOf(arguments[index]) == slot; });
  if (isOne) return addPiece(slot, begin, place);
  if (command.name != "del" && command.name != "unlink" && command.name != "mset" && command.name != "msetnx")
    refuse("its keys lie in several slots of the target's cluster");
  divide(command, place);
}

/// A command whose keys stand for themselves: a part of it for each slot. The source sends MSETNX only if it took
/// effect.
void ClusterWriter::divide(const resp::CommandInfo& command, const CommandPlace& place) {
  std::vector<std::string> arguments(parser_.arguments().begin(), parser_.arguments().end());
  const bool isMset = command.name.starts_with("mset");
  if (command.name == "msetnx") arguments.front() = "MSET";
  std::vector<std::pair<Slot, std::uint32_t>> order;
  for (const std::uint32_t index : keys_) order.emplace_back(resp::slotOf(arguments[index]), index);
  std::ranges::stable_sort(order, {}, &std::pair<Slot, std::uint32_t>::first);
  std::vector<std::string_view> part;
  for (std::size_t i = 0; i < order.size();) {
    const Slot slot = order[i].first;
    part.assign(1, arguments.front());
    for (; i < order.size() && order[i].first == slot; ++i) {
      part.push_back(arguments[order[i].second]);
      if (isMset) part.push_back(arguments[order[i].second + 1]);
    }
    const std::size_t begin = next_.commands.size();
    next_.commands.command(part);
    end_ = next_.commands.size();
    addPiece(slot, begin, place);
  }
}

/// Groups the batch by slot.
void ClusterWriter::share() {
  auto& list = nextPieces_.list;
  std::ranges::stable_sort(list, {}, &Piece::slot);
  auto& shares = nextPieces_.shares;
  shares.clear();
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    if (shares.empty() || shares.back().slot != list[i].slot) {
      Share& share = shares.emplace_back();
      share.slot = list[i].slot;
      share.first = i;
    }
    ++shares.back().count;
  }
  if (!std::exchange(touchesAll_, false)) return;
  std::vector<bool> has(resp::kSlots, false);
  for (const Share& share : shares) has[share.slot] = true;
  for (std::size_t slot = 0; slot < info_.size(); ++slot) {
    if (!info_[slot].known || has[slot]) continue;
    Share& share = shares.emplace_back();
    share.slot = static_cast<Slot>(slot);
  }
}

void ClusterWriter::clearNext() {
  next_.clear();
  nextPieces_.list.clear();
  nextPieces_.shares.clear();
  everywhere_.clear();
  end_ = 0;
}

void ClusterWriter::drop() {
  clearNext();
}

/// Adds the mark of the lane to what its first slot gets, if it is time, or says something new. It tells what was done
/// before this batch, everywhere.
void ClusterWriter::appendMark(const LaneMark& mark) {
  const LaneMark& last = written_.mark;
  const bool isAlone = nextPieces_.list.empty();
  const bool isNews = last.state != mark.state || last.plan != mark.plan || last.replId != mark.replId ||
                      last.wasEmpty != mark.wasEmpty || last.holds != mark.holds || !mark.failure.empty() ||
                      written_.generation != generation_ || !everywhere_.empty();
  const auto now = std::chrono::steady_clock::now();
  const bool isTime = isAlone || (now - writtenAt_ >= kMarkInterval && mark.state == LaneMark::State::following);
  ClusterMark& text = writing_.emplace();
  text.mark = mark;
  if (!isAlone) {
    text.mark.offset = done_.offset;
    text.mark.db = done_.db;
    text.mark.dbSince = done_.dbSince;
  }
  if (!isNews && (!isTime || text.mark.offset == last.offset)) {
    writing_.reset();
    return;
  }
  text.mark.verified = text.mark.offset;
  text.generation = generation_;
  for (const SlotInfo& info : info_) text.sequences.push_back(info.sequence);
  writtenAt_ = now;
  const std::size_t begin = next_.commands.size();
  next_.commands.command({"SET", clusterMarkKey(options_.jobId, options_.lane, home_), toText(text)});
  end_ = next_.commands.size();
  addPiece(home_, begin, {0, "set"});
}

void ClusterWriter::commit(LaneMark mark, const std::stop_token& stop) {
  mark.plan = options_.fence.plan;
  mark.sequence = ++sequence_;
  settle(stop);
  if (!failure_.empty()) diverged(stop);
  mark.verified = done_.offset;
  const bool loads = mark.state == LaneMark::State::loading;
  if (loads && !isLoading_) {
    // A copy begins: what slots say of the one before does not count.
    generation_ = ++generations_;
    for (SlotInfo& info : info_) info.offset = 0;
  }
  if (isLoading_ && !loads) requireWhole(stop);
  isLoading_ = loads;
  bringEverywhere(stop);
  appendMark(mark);
  share();
  next_.mark = std::move(mark);
  std::swap(next_, sent_);
  std::swap(nextPieces_, sentPieces_);
  clearNext();
  inFlight_ = true;
  send();
  pumpAll(links(), net::after(answerTimeout_), stop, true);
}

/// Libraries of functions and scripts belong to nodes, not to slots. They are replaced as a whole, so that doing it
/// again does no harm.
void ClusterWriter::bringEverywhere(const std::stop_token& stop) {
  if (everywhere_.empty()) return;
  claim({home_}, stop);  // is the lane still this run's?
  for (std::size_t server = 0; server < map_.masters.size(); ++server) {
    for (const Piece& piece : everywhere_) {
      const resp::Reply reply = ask(server, 0, next_.commands.bytes().substr(piece.begin, piece.size), 1, stop).front();
      // Deleted already, by a run that did not come to note it.
      if (!reply.isError() || reply.text().find("Library not found") != std::string::npos) continue;
      const CommandPlace& place = next_.places[piece.place];
      throw errorOf(reply, links_.at(map_.masters[server].id)->options(), place.name);
    }
  }
}

void ClusterWriter::diverged(const std::stop_token& stop) {
  clearNext();
  LaneMark mark = done_;
  mark.failure = std::exchange(failure_, {});
  commit(mark, stop);
  settle(stop);
  throw Error(Msg::redisDiverged, {options_.target.address.text(), mark.failure}, Origin::target);
}

void ClusterWriter::drain(const std::stop_token& stop) {
  settle(stop);
  if (!failure_.empty()) diverged(stop);
}

void ClusterWriter::verify(const std::stop_token& stop) {
  drain(stop);
  if (std::chrono::steady_clock::now() - lookedAt_ > kLookInterval) {
    // A node that failed over while nothing was written to it may have lost something.
    lookedAt_ = std::chrono::steady_clock::now();
    try {
      for (NodeLink* link : links()) {
        if (link->failure()) continue;
        link->begin();
        link->out.command({"PING"});
        link->expected = 1;
      }
      pumpAll(links(), net::after(kSlotPatience), stop);
      readMap(stop);
      openLinks();
      claim(unclaimed(), stop);
    } catch (const Error& error) {
      if (isLost_ || error.msg() == Msg::fenced) throw;
    }
  }
  if (done_.sequence == 0 || done_.offset == written_.mark.offset) return;
  commit(done_, stop);
  drain(stop);
}

std::vector<resp::Reply> ClusterWriter::ask(std::size_t server, std::uint32_t /*db*/, std::string_view commands,
                                            std::size_t count, const std::stop_token& stop) {
  drain(stop);
  const ClusterMap::Node& node = map_.masters.at(server);
  const auto found = links_.find(node.id);
  if (found == links_.end() || found->second->failure()) openLinks();
  NodeLink* link = links_.at(node.id).get();
  link->begin();
  link->keeps = true;
  link->out.raw(commands);
  link->expected = count;
  pumpAll(std::span(&link, 1), net::after(answerTimeout_), stop);
  link->keeps = false;
  if (const auto& failure = link->failure()) throw Error(*failure);
  resp::ReplyReader reader;
  reader.append(link->text);
  std::vector<resp::Reply> out;
  while (auto reply = reader.next()) {
    const std::string_view code = reply->errorCode();
    if (code == "MOVED" || code == "ASK" || code == "TRYAGAIN" || code == "CLUSTERDOWN")
      throw Error(Msg::redisNotReady, {node.address.text(), "the lane", reply->text()}, Origin::target);
    out.push_back(std::move(*reply));
  }
  return out;
}

std::uint64_t ClusterWriter::layout(const std::stop_token& stop) {
  drain(stop);
  takeMap(readSettledMap(options_.cluster, &map_, stop));
  openLinks();
  claim(unclaimed(), stop);
  return layout_;
}

void ClusterWriter::removeAll(std::uint32_t /*db*/, const std::function<bool(std::string_view key)>& covers,
                              LaneMark mark, const CommandPlace& place, const std::stop_token& stop) {
  if (!isEmpty()) commit(mark, stop);
  for (std::uint64_t before = layout(stop), now = 0; before != now;) {
    if (now != 0) before = now;
    for (std::size_t server = 0; server < servers(); ++server) {
      std::string cursor = "0";
      do {
        resp::Encoder scan;
        scan.command({"SCAN", cursor, "COUNT", "1000"});
        const resp::Reply reply = ask(server, 0, scan.bytes(), 1, stop).front();
        if (reply.isError()) throw errorOf(reply, options_.target, "SCAN");
        cursor = reply.at(0).text();
        for (const resp::Reply& key : reply.at(1).elements()) {
          if (!covers(key.text()) || isDone(resp::slotOf(key.text()), place)) continue;
          next_.commands.command({"UNLINK", key.text()});
          added({0, place.name});
        }
        if (isFull()) commit(mark, stop);
      } while (cursor != "0" && !cursor.empty());
    }
    if (!isEmpty()) commit(mark, stop);
    now = layout(stop);
  }
  // From here on it counts as done in every slot, also for a run that begins before it.
  touchesAll_ = true;
  mark.offset = place.offset;
  commit(mark, stop);
  drain(stop);
}

}  // namespace drs::redis
