#include "engine/redis/lane_run.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/task_group.h"
#include "engine/redis/lane_claim.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/lane_target.h"
#include "engine/redis/loader.h"
#include "engine/redis/receiver.h"
#include "engine/redis/slot_keeper.h"
#include "engine/redis/source_offset.h"
#include "engine/redis/stream_applier.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kStep{100};
constexpr std::chrono::milliseconds kReportEvery{1000};
constexpr std::chrono::seconds kLastWords{3};
constexpr std::chrono::seconds kSlotsEvery{5};
/// A target may lose what it had acknowledged, in a fail-over; that much of the stream is kept for it.
constexpr std::uint64_t kKeptBytes = std::uint64_t{64} << 20U;

/// Where a lane keeps what its source has sent; on the node that runs it.
std::string spoolFolderOf(const EngineJob& job, std::uint32_t lane) {
  return fmt::format("{}/{}/{}", job.limits.spoolFolder, job.id, lane);
}

/// One run of a lane, from taking it over to the stop.
class LaneRun {
 public:
  LaneRun(const EngineJob& job, const LaneContext& context)
      : job_(job),
        context_(context),
        selection_(job.spec),
        slots_(decodeSlots(slotsPart(context.lane.text))),
        roster_(context.lane.text),
        folder_(spoolFolderOf(job, context.lane.number)),
        stream_(folder_ + "/stream", job.limits.spoolBytes) {}

  void run(const std::stop_token& stop) {
    prepare(stop);
    const auto& found = writer_->found();
    if (found && found->state == LaneMark::State::following && !context_.follows) return context_.loaded();
    auto link = openLink(stop);
    if (!link) return;
    const bool loads = link->full();
    std::optional<Spool> snapshot;
    TaskGroup threads(stop);
    if (loads) snapshot.emplace(folder_ + "/snapshot", job_.limits.spoolBytes).start("snapshot", 0);
    const StreamPoint start = link->start();
    receiver_ = std::make_unique<Receiver>(
        std::move(link), loads ? &*snapshot : nullptr, stream_, arrivals_,
        Receiver::Options{[this] { return sourceNow({}); }, {}, job_.note, context_.follows});
    threads.start("redis-receive", [this](const std::stop_token& token) { receiver_->run(token); });
    if (context_.follows) {
      threads.start("redis-offset", [this](const std::stop_token& token) { sourceOffset_.run(token); });
      threads.start("redis-report", [this](const std::stop_token& token) { reportOn(token); });
    }
    try {
      if (loads) load(*snapshot, start, threads.token());
      if (!loads) context_.loaded();  // the run before may have ended before it could say so
      if (!threads.token().stop_requested() && context_.follows) follow(threads);
    } catch (const Error&) {
      // Of two threads that fail, the one that failed first has the reason.
      if (!threads.token().stop_requested()) throw;
    }
    threads.stop();
    threads.wait();
  }

 private:
  /// The shard of this lane as the source has it now.
  Shard shardNow(const std::stop_token& stop) const {
    const std::vector<Shard> shards = shardsOf(job_, stop);
    if (const Shard* found = roster_.find(shards, context_.lane.number)) return *found;
    const std::string history = stream_.history();
    for (const Shard& shard : shards) {
      const bool isNew = !shard.cluster || !roster_.laneOf(shard.nodeIds.front());
      if (isNew && (shard.name == context_.lane.name || (!history.empty() && shard.replId == history))) return shard;
    }
    if (scope_ && scope_->isSharded())
      throw Error(Msg::redisCommand,
                  {"CLUSTER SETSLOT", "the server of the lane " + context_.lane.name +
                                          " has given all of its slots away, and may have become a replica before the "
                                          "end of its stream was read"},
                  Origin::source);
    throw Error(Msg::redisNotReady, {"the source", "the lane " + context_.lane.name, "it has no such shard now"},
                Origin::source);
  }

  ConnectOptions sourceNow(const std::stop_token& stop) const {
    return optionsOf(job_, Side::source, shardNow(stop).address);
  }
  ConnectOptions primaryNow(const std::stop_token& stop) const {
    return optionsOf(job_, Side::source, shardNow(stop).primary);
  }

  [[nodiscard]] OtherLanes others() const {
    return {job_.id, context_.fence.plan, context_.lane.number, roster_.lanes(), scope_->targets()};
  }

  void prepare(const std::stop_token& stop) {
    const ConnectOptions target = primaryOf(job_, Side::target, stop);
    capabilities_ = targetCapabilities(job_, stop);
    scope_.emplace(selection_, slots_, capabilities_.databases);
    writer_ = takeOverTarget(job_, context_, target, *scope_, capabilities_.cluster ? &slots_ : nullptr, stop);
    for (const std::string& warning : writer_->warnings()) job_.note(true, context_.lane.name + ": " + warning);
    const auto& found = writer_->found();
    if (!found && context_.wasLoaded)
      job_.note(true, context_.lane.name +
                          ": the target has no mark of it any more: it was emptied or lost its data, or somebody "
                          "removed the key. Everything is copied again");
    if (!found) return;
    mark_ = *found;
    if (!mark_.failure.empty()) throw Error(Msg::redisDiverged, {target.address.text(), mark_.failure}, Origin::target);
    if (!mark_.shard.empty() && !mayMove()) {  // until now they might move
      if (mark_.shard != toText(LaneSlots{slotSetOf(slots_), {}})) refuseSlots();
      mark_.shard.clear();
    }
    if (mark_.verified < mark_.offset && mark_.state == LaneMark::State::following)
      job_.note(true,
                fmt::format("{}: the target has applied everything up to offset {}, but its answers to what is behind "
                            "offset {} were not seen: a command among them that it refused would not show. A "
                            "comparison tells",
                            context_.lane.name, mark_.offset, mark_.verified));
  }

  /// The source's stream from the mark on, or its snapshot.
  std::unique_ptr<ReplicaLink> openLink(const std::stop_token& stop) {
    // Whatever has moved while nobody looked: the server's stream removes the keys.
    if (scope_->isSharded() && !mayMove()) start_.epoch = requireSlots(stop).epoch;
    if (mark_.state == LaneMark::State::loading || mark_.replId.empty()) return begin(nullptr, stop);
    const ConnectOptions source = sourceNow(stop);
    // What is held of slots stands further back.
    const std::uint64_t needed =
        mark_.shard.empty() ? mark_.offset : parseLaneSlots(mark_.shard).neededFrom(mark_.offset);
    StreamPoint from{mark_.replId, needed};
    const bool spooled = stream_.reopen(mark_.replId, needed + 1);
    if (spooled) from.offset = stream_.end() - 1;
    auto link = ReplicaLink::open(source, from, {}, stop);
    if (link->full()) {
      job_.note(true,
                fmt::format("{}: the source does not have its stream behind offset {} any more (repl-backlog-size is "
                            "too small for the interruption); everything is copied again, and what has vanished "
                            "at the source is removed from the target",
                            context_.lane.name, from.offset));
      return begin(std::move(link), stop);
    }
    if (!spooled) {
      stream_.start(link->start().replId, needed + 1);
    } else if (link->start().replId != stream_.history()) {
      stream_.rename(link->start().replId);
    }
    mark_.replId = link->start().replId;
    return link;
  }

  /// Can slots move between the lanes? What stands at the target says who has a slot: in one place, which all lanes
  /// see. A target in cluster mode has no such place.
  [[nodiscard]] bool mayMove() const {
    return scope_->isSharded() && !capabilities_.cluster && job_.limits.followsMovingSlots;
  }

  /// Null after a stop. `link`: one that is about to give a snapshot; null: none yet.
  std::unique_ptr<ReplicaLink> begin(std::unique_ptr<ReplicaLink> link, const std::stop_token& stop) {
    if (mayMove()) {
      link.reset();
      link = claim(stop);
      if (!link) return nullptr;
    }
    if (!link) link = ReplicaLink::open(sourceNow(stop), std::nullopt, {}, stop);
    stream_.start(link->start().replId, link->start().offset + 1);
    return link;
  }

  std::unique_ptr<ReplicaLink> claim(const std::stop_token& stop) {
    if (!writer_->found()) mark_.wasEmpty = wasEmpty(stop);
    const Scope allSlots(selection_, {}, capabilities_.databases);
    LaneClaim claim(
        *writer_, allSlots, others(),
        {[this](const std::stop_token& token) { return primaryNow(token); },
         [this](const std::stop_token& token) { return sourceNow(token); }, job_.note, context_.lane.name, job_.id,
         [this](const SlotSet& owned) {
           if (!context_.follows && owned != slotSetOf(slots_)) refuseMoves();
         }});
    ShardStart start = claim.begin(mark_, stop);
    if (!start.link) return nullptr;
    start_ = {nullptr, start.owned, start.mayHoldRest, start.epoch};
    scope_.emplace(selection_, rangesOf(start.owned), capabilities_.databases, true);
    return std::move(start.link);
  }

  /// Was the target empty where no other lane writes by now?
  bool wasEmpty(const std::stop_token& stop) {
    for (SlotSet taken = others().owned(*writer_, stop); !stop.stop_requested();) {
      const Scope free(selection_, rangesOf(slotSetOf(slots_) & ~taken), capabilities_.databases, true);
      if (!hasCoveredKeys(*writer_, free, stop)) return !stop.stop_requested();
      const SlotSet again = others().owned(*writer_, stop);
      if (again == taken) return false;
      taken = again;  // the keys may have come from it meanwhile
    }
    return false;
  }

  /// What comes to a server behind its snapshot is in its stream only.
  [[noreturn]] static void refuseMoves() {
    throw Error(Msg::redisCommand,
                {"CLUSTER SETSLOT", "slots of the source's cluster have moved while a task without a stream copied it"},
                Origin::source);
  }

  void load(Spool& snapshot, const StreamPoint& start, const std::stop_token& stop) {
    const bool again = writer_->found() || context_.wasLoaded;
    if (!writer_->found() && !mayMove()) mark_.wasEmpty = !hasCoveredKeys(*writer_, *scope_, stop);
    if (stop.stop_requested()) return;
    mark_.state = LaneMark::State::loading;
    mark_.holds = context_.follows;
    mark_.replId = start.replId;
    mark_.offset = mark_.verified = mark_.db = 0;
    writer_->commit(mark_, stop);
    writer_->drain(stop);

    std::optional<KeySet> keys;
    if (again && mark_.wasEmpty) keys.emplace(folder_);
    if (again && !mark_.wasEmpty)
      job_.note(true,
                context_.lane.name +
                    ": the copy begins anew. There were other keys at the target when the task began, so that what "
                    "the source has deleted since the last try cannot be told from them and stays");
    ValueWriter values(*writer_, capabilities_, context_.follows, [this, &stop] { writer_->commit(mark_, stop); });
    Loader loader(
        *writer_, *scope_, values, mark_, keys ? &*keys : nullptr,
        {context_.pass, [this](std::uint64_t count, std::uint64_t bytes) { reportLoad(count, bytes); }, job_.note});
    const auto db = loader.run(snapshot, stop);
    if (!db) return;
    if (keys && othersKeys(*writer_, *scope_, job_.id, stop)) {
      job_.note(true, context_.lane.name +
                          ": another task writes to the same databases of the target; what the source has "
                          "deleted since the last try of the copy cannot be told from its keys and stays");
      keys.reset();
    }
    if (keys) {
      keys->close();
      const Scope rest(selection_, mayMove() ? rangesOf(start_.mayHoldRest) : slots_, capabilities_.databases,
                       scope_->isSharded());
      if (!sweep(*writer_, rest, *keys, mark_, stop)) return;
    }
    if (mayMove()) endLoad(stop);
    if (scope_->isSharded() && !mayMove() && requireSlots(stop).epoch != start_.epoch && !context_.follows)
      refuseMoves();
    mark_.state = LaneMark::State::following;
    mark_.offset = start.offset;
    mark_.db = *db;
    mark_.dbSince = start.offset;
    writer_->commit(mark_, stop);
    writer_->drain(stop);
    mark_ = writer_->done();
    failpoint("redis.loaded");
    context_.loaded();
  }

  void endLoad(const std::stop_token& stop) {
    mark_.shard = toText(LaneSlots{start_.owned, {}});
    if (context_.follows) return;
    const auto primary = Connection::open(primaryNow(stop));
    const SlotView view = viewOf(*primary, {});
    if (view.owned != start_.owned || view.epoch != start_.epoch) refuseMoves();
  }

  void reportLoad(std::uint64_t keys, std::uint64_t bytes) {
    const auto now = std::chrono::steady_clock::now();
    if (now - reportedAt_ < kReportEvery / 5) return;
    reportedAt_ = now;
    LaneProgress progress;
    progress.items = keys_ = keys;
    progress.bytes = bytes_ = bytes;
    context_.progress(progress);
  }

  void follow(TaskGroup& threads) {
    const std::stop_token& stop = threads.token();
    StreamApplier::Options options;
    options.isAlone = !scope_->isSharded();
    options.isFirst = context_.lane.number == 0;
    options.takesFunctions = capabilities_.functions;
    options.takesMoments = capabilities_.setPxat;
    if (capabilities_.cluster) options.keepBytes = std::min(kKeptBytes, job_.limits.spoolBytes / 4);
    if (!mayMove()) {
      StreamApplier applier(*writer_, stream_, *scope_, mark_, options);
      return followStream(applier, nullptr, stop);
    }
    if (mark_.shard.empty()) mark_.shard = toText(LaneSlots{slotSetOf(slots_), {}});
    SlotGate gate(parseLaneSlots(mark_.shard), mark_.offset);
    SlotWatch watch({[this](const std::stop_token& token) { return primaryNow(token); },
                     [this] { return stream_.end() - 1; },
                     [this](const std::string& line) { job_.log.info("{}", line); }});
    SlotKeeper keeper(gate, watch, roster_, others(), job_.note);
    ValueWriter values(*writer_, capabilities_, true, [] {});
    const Scope allSlots(selection_, {}, capabilities_.databases);
    StreamApplier applier(*writer_, stream_, allSlots, mark_, options, StreamApplier::Shard{gate, values});
    TaskGroup watching(stop);
    watching.start("redis-slots", [&watch](const std::stop_token& token) { watch.run(token); });
    followStream(applier, &keeper, stop);
    watching.stop();
    watching.wait();
  }

  /// `keeper`: of a shard whose slots may move.
  void followStream(StreamApplier& applier, SlotKeeper* keeper, const std::stop_token& stop) {
    noteApplied(applier);
    auto lookedAt = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      const bool quiet = applier.step(kStep, stop);
      if (keeper != nullptr) keeper->tend(applier, *writer_, stop);
      noteApplied(applier);
      const auto now = std::chrono::steady_clock::now();
      if (now - reportedAt_ < kReportEvery) continue;
      if (quiet) applier.settle(stop);
      noteApplied(applier);
      reportedAt_ = now;
      report(now);
      sayLeftOut(applier);
      if (keeper != nullptr || !scope_->isSharded() || now - lookedAt < kSlotsEvery) continue;
      refuseMovedSlots(stop);
      lookedAt = std::chrono::steady_clock::now();
    }
    lastWords();
    if (writer_->dividedTransactions() > 0)
      job_.note(false, fmt::format("{}: {} transactions of the source were applied slot by slot", context_.lane.name,
                                   writer_->dividedTransactions()));
  }

  /// Where slots may not move. They may also move to a shard that is no lane of the task, which nobody would follow.
  void refuseMovedSlots(const std::stop_token& stop) const {
    std::vector<Shard> shards;
    try {
      shards = shardsOf(job_, stop);
    } catch (const Error& error) {
      job_.log.info("the slots of the source cannot be looked at: {}", error.text());
      return;  // a fail-over, perhaps
    }
    const Shard* found = roster_.find(shards, context_.lane.number);
    if (found == nullptr || found->slots != slots_) refuseSlots();
  }

  /// Before and behind a copy where slots may not move: what left the server before its snapshot, and came to another
  /// behind that one's, is in neither. The primary is asked, since what others know is seconds old.
  [[nodiscard]] SlotView requireSlots(const std::stop_token& stop) const {
    SlotView view = viewOf(*Connection::open(primaryNow(stop)), {});
    if (view.owned != slotSetOf(slots_)) refuseSlots();
    for (const ClusterNode& node : view.nodes)
      if (node.myself && !node.openSlots.empty())
        throw Error(
            Msg::redisNotReady,
            {"the source", "the lane " + context_.lane.name,
             fmt::format("slot {} is on the move, so that its keys lie on two servers", node.openSlots.front())},
            Origin::source);
    return view;
  }

  [[noreturn]] static void refuseSlots() {
    throw Error(
        Msg::redisCommand,
        {"CLUSTER SETSLOT",
         "slots of the source's cluster are moving, which this task does not follow ([redis] follow_moving_slots)"},
        Origin::source);
  }

  /// Each kind once for each run.
  void sayLeftOut(const StreamApplier& applier) {
    for (const auto& [what, count] : applier.leftOut())
      if (said_.insert(what).second) job_.note(true, context_.lane.name + ": not carried over: " + what);
    if (writer_->dividedTransactions() > 0 && said_.insert("divided").second)
      job_.note(false, context_.lane.name +
                           ": transactions of the source over keys of several slots of the target's "
                           "cluster are applied slot by slot");
  }

  /// So that the next run need not wonder what became of the last batches.
  void lastWords() {
    writer_->drop();
    writer_->setAnswerTimeout(kLastWords);
    try {
      writer_->verify({});
    } catch (const Error& error) {
      if (error.msg() == Msg::redisDiverged) throw;
    }
  }

  void noteApplied(const StreamApplier& applier) {
    applied_ = applier.applied();
    changes_ = applier.changes();
    following_ = true;
  }

  /// On a thread of its own: a target that stands still holds up the one that applies, and lags grow.
  void reportOn(const std::stop_token& stop) {
    while (sleepFor(kReportEvery, stop)) {
      const auto now = std::chrono::steady_clock::now();
      if (following_ && now - saidAt_.load() > 2 * kReportEvery) report(now);
    }
  }

  void report(std::chrono::steady_clock::time_point now) {
    saidAt_ = now;
    const std::uint64_t applied = applied_;
    LaneProgress progress;
    progress.loaded = true;
    progress.items = keys_;
    progress.bytes = bytes_;
    progress.position = {fmt::format("{}:{}", stream_.history(), applied)};
    progress.changes = changes_;
    auto waiting = arrivals_.waiting(applied, now);
    std::chrono::milliseconds unread{0};
    if (const auto last = arrivals_.last(); last && !receiver_->isLinked())
      unread = std::chrono::ceil<std::chrono::milliseconds>(now - *last);
    waiting = std::max(waiting, unread);
    progress.delayMillis = waiting.count();
    progress.readMillis = unread.count();
    progress.lastCommitMillis = Clock().now() - waiting.count();
    const std::uint64_t received = stream_.end() - 1;
    progress.unappliedBytes = received - std::min(received, applied);
    if (const auto written = sourceOffset_.value()) progress.unreceivedBytes = *written - std::min(*written, received);
    context_.progress(progress);
  }

  const EngineJob& job_;
  const LaneContext& context_;
  const Selection selection_;
  const std::vector<SlotRange> slots_;  ///< as planned
  LaneRoster roster_;
  const std::string folder_;
  Spool stream_;
  Arrivals arrivals_;
  SourceOffset sourceOffset_{[this](const std::stop_token& stop) { return sourceNow(stop); }};
  Capabilities capabilities_;
  std::optional<Scope> scope_;
  std::unique_ptr<TargetWriter> writer_;
  std::unique_ptr<Receiver> receiver_;
  LaneMark mark_;
  ShardStart start_;  ///< of a shard whose snapshot is loaded
  std::set<std::string> said_;
  std::uint64_t keys_ = 0, bytes_ = 0;
  std::chrono::steady_clock::time_point reportedAt_;
  std::atomic<bool> following_ = false;  ///< the two that follow say something, and so do keys_ and bytes_
  std::atomic<std::uint64_t> applied_ = 0, changes_ = 0;
  std::atomic<std::chrono::steady_clock::time_point> saidAt_ = std::chrono::steady_clock::time_point();
};

}  // namespace

void runLane(const EngineJob& job, const LaneContext& context, const std::stop_token& stop) {
  LaneRun(job, context).run(stop);
}

}  // namespace drs::redis
