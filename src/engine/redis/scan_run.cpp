#include "engine/redis/scan_run.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/task_group.h"
#include "engine/redis/key_copier.h"
#include "engine/redis/key_pass.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/lane_target.h"
#include "engine/redis/loader.h"
#include "engine/redis/notifications.h"
#include "engine/redis/scan_mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace drs::redis {
namespace {

using Time = std::chrono::steady_clock::time_point;

/// Stands in marks for the name of a stream: what such a run has left says nothing to one that replicates.
constexpr std::string_view kHistory = "scan";
constexpr std::size_t kScanPortion = 1000;
constexpr std::chrono::milliseconds kScanPatience{100};
constexpr std::chrono::milliseconds kScanReportEvery{1000};
constexpr std::chrono::seconds kScanSlotsEvery{5};
constexpr std::chrono::milliseconds kAfterFailure{1000};
/// A large value is brought as a whole at each change; it rests so many times as long as that took.
constexpr int kRestTimes = 5;
constexpr std::chrono::milliseconds kShortestRest{1000};

class ScanRun {
 public:
  ScanRun(const EngineJob& job, const LaneContext& context)
      : job_(job), context_(context), selection_(job.spec), slots_(decodeSlots(slotsPart(context.lane.text))) {}

  void run(const std::stop_token& stop) {
    prepare(stop);
    if (mark_.state == LaneMark::State::following && !context_.follows) return context_.loaded();
    TaskGroup threads(stop);
    try {
      if (context_.follows) listen(threads);
      work(threads.token());
    } catch (const Error&) {
      // Of two threads that fail, the one that failed first has the reason.
      if (!threads.token().stop_requested()) throw;
    }
    threads.stop();
    threads.wait();
  }

 private:
  /// The server of this lane as the source has it now. Throws Error(redisCommand) if it has other slots.
  [[nodiscard]] ConnectOptions sourceNow(const std::stop_token& stop) const {
    for (const Shard& shard : shardsOf(job_, stop)) {
      if (shard.name != context_.lane.name) continue;
      if (shard.slots != slots_)
        throw Error(Msg::redisCommand, {"CLUSTER SETSLOT", "slots of the source's cluster are moving"}, Origin::source);
      return optionsOf(job_, Side::source, shard.address);
    }
    throw Error(Msg::redisNotReady, {"the source", "the lane " + context_.lane.name, "it has no such shard now"},
                Origin::source);
  }

  void prepare(const std::stop_token& stop) {
    const ConnectOptions target = primaryOf(job_, Side::target, stop);
    capabilities_ = targetCapabilities(job_, stop);
    if (capabilities_.cluster)
      throw Error(Msg::redisRefused,
                  {"The target", "SCAN mode", "a source that does not replicate can be copied to a single server only"},
                  Origin::target);
    scope_.emplace(selection_, slots_, capabilities_.databases);
    writer_ = takeOverTarget(job_, context_, target, *scope_, nullptr, stop);
    if (const auto& found = writer_->found()) {
      mark_ = *found;
      if (!mark_.failure.empty())
        throw Error(Msg::redisDiverged, {target.address.text(), mark_.failure}, Origin::target);
      if (mark_.replId != kHistory) mark_.state = LaneMark::State::loading;  // it replicated until now
    } else {
      mark_.wasEmpty = !hasCoveredKeys(*writer_, *scope_, stop);
    }
    mark_.replId = kHistory;
    mark_.holds = mark_.holds && writer_->found().has_value();
    sayMode();
  }

  void sayMode() const {
    const std::string how = context_.lane.name + ": the source is read by SCAN, since it does not replicate (" +
                            std::string(kCommandItem) + " or " + std::string(kReplicationRightItem) + " was skipped). ";
    job_.note(true, how +
                        (context_.follows
                             ? "Keys are brought as a whole when notifications tell that they have changed: the "
                               "target becomes equal to the source once it rests, but it does not go through the "
                               "same states, and a key that changes fast is not brought at each change"
                             : "Each key is copied as it is when its turn comes: what changes at the source "
                               "meanwhile is at the target in part") +
                        ". Functions and scripts are not brought");
  }

  void listen(TaskGroup& threads) {
    const std::stop_token stop = threads.token();
    const auto connection = Connection::open(sourceNow(stop));
    if (const std::string why = whyNotByScan(*connection, true); !why.empty())
      throw Error(Msg::replicationRefused, {connection->address(), why, "Mend it, then resume the task"},
                  Origin::source);
    notifications_ =
        std::make_unique<Notifications>(*scope_, Notifications::Options{[this] { return sourceNow({}); }, job_.note});
    threads.start("redis-notices", [this](const std::stop_token& token) { notifications_->run(token); });
    (void)notifications_->awaitListening(stop);
  }

  void work(const std::stop_token& stop) {
    stop_ = stop;
    // What happened since the last run is not known before a pass.
    if (mark_.state == LaneMark::State::following) lostAt_ = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      try {
        if (!copier_) open(stop);
        if (step(stop)) return;
        report(false);
      } catch (const Error& error) {
        if (stop.stop_requested()) return;
        const bool waits = context_.follows && error.origin() == Origin::source && error.action() == Action::retry &&
                           mark_.state == LaneMark::State::following;
        if (!waits) throw;
        lost(error);
        (void)sleepFor(kAfterFailure, stop);
      }
    }
  }

  void open(const std::stop_token& stop) {
    source_ = Connection::open(sourceNow(stop));
    KeyCopier::Options options;
    options.follows = context_.follows;
    options.commit = [this] { commit(); };
    copier_ = std::make_unique<KeyCopier>(*source_, *writer_, capabilities_, std::move(options));
    lookedAt_ = std::chrono::steady_clock::now();
    if (!said_.empty()) job_.note(false, context_.lane.name + ": the source answers again");
    said_.clear();
    startPass(stop);
  }

  /// What was on its way is brought again by the pass that follows.
  void lost(const Error& error) {
    if (said_ != error.text())
      job_.note(true, context_.lane.name + ": " + error.text() + "; it is tried again, and then all keys are compared");
    said_ = error.text();
    lostAt_ = lostAt_.value_or(std::chrono::steady_clock::now());
    writer_->drop();
    changed_ += copier_ ? copier_->copied() : 0;
    pass_.reset();
    copier_.reset();
    source_.reset();
  }

  /// One portion of whatever there is to do. True: the copy is complete and is not followed.
  bool step(const std::stop_token& stop) {
    const auto now = std::chrono::steady_clock::now();
    if (scope_->isSharded() && now - lookedAt_ > kScanSlotsEvery) {
      (void)sourceNow(stop);
      lookedAt_ = now;
    }
    if (notifications_) bringChanged(pass_ ? std::chrono::milliseconds(0) : kScanPatience, stop);
    if (stop.stop_requested()) return false;
    if (!pass_) {
      if (isPassDue(now)) startPass(stop);
      return false;
    }
    const std::uint64_t before = pass_->bytes();
    const bool over = pass_->step(stop);
    if (stop.stop_requested()) return false;
    rest();
    const bool loads = mark_.state == LaneMark::State::loading;
    if (loads && !context_.pass(pass_->bytes() - before, stop)) return false;
    if (over) endPass(stop);
    return over && !context_.follows;
  }

  [[nodiscard]] bool isPassDue(Time now) const {
    return notifications_->generation() != generation_ ||
           now - passedAt_ > std::chrono::seconds(job_.limits.rescanSeconds);
  }

  void startPass(const std::stop_token& stop) {
    // Before the first key is read: whatever is missed from here on makes for another pass.
    const std::uint64_t generation = notifications_ ? notifications_->generation() : 0;
    if (passes_ > 0 && generation != generation_) missedAt_ = notifications_->missedAt();
    generation_ = generation;
    pass_.emplace(*source_, *writer_, *scope_, *copier_, maySweep(stop));
    if (mark_.state == LaneMark::State::loading) commit();
  }

  /// What the target has must have come from the source, else it is somebody's.
  bool maySweep(const std::stop_token& stop) {
    const bool first = !writer_->found() && passes_ == 0;
    if (first) return false;  // nothing was there
    if (mark_.wasEmpty && !othersKeys(*writer_, *scope_, job_.id, stop)) return true;
    if (!saidOthers_)
      job_.note(true, context_.lane.name +
                          ": there are keys at the target that are not the task's: what the source has deleted without "
                          "a notification cannot be told from them and stays");
    saidOthers_ = true;
    return false;
  }

  void endPass(const std::stop_token& stop) {
    keys_ = pass_->keys();
    bytes_ = pass_->bytes();
    ++passes_;
    if (passes_ > 1 && pass_->swept() > 0)
      job_.log.info("{}: {} keys were gone at the source without a notification", context_.lane.name, pass_->swept());
    pass_.reset();
    passedAt_ = std::chrono::steady_clock::now();
    lostAt_.reset();
    missedAt_.reset();
    const bool loaded = mark_.state == LaneMark::State::loading;
    mark_.state = LaneMark::State::following;
    mark_.offset = mark_.verified = mark_.offset + 1;
    commit();
    writer_->drain(stop);
    sayLeftOut();
    if (loaded) failpoint("redis.loaded");
    context_.loaded();
    report(true);
  }

  void bringChanged(std::chrono::milliseconds patience, const std::stop_token& stop) {
    std::map<std::uint64_t, std::vector<std::string>> changed;
    const auto now = std::chrono::steady_clock::now();
    for (auto each = resting_.begin(); each != resting_.end();) {
      const auto& [key, rest] = *each;
      if (rest.until > now) {
        ++each;
        continue;
      }
      if (rest.changed) changed[key.first].push_back(key.second);
      each = resting_.erase(each);
    }
    const auto waits = changed.empty() ? patience : std::chrono::milliseconds(0);
    for (Notifications::Changed& each : notifications_->take(kScanPortion, waits, stop)) {
      oldest_ = std::min(oldest_.value_or(each.at), each.at);
      const auto resting = resting_.find({each.db, each.key});
      if (resting == resting_.end()) {
        changed[each.db].push_back(std::move(each.key));
      } else {
        if (!resting->second.changed) resting->second.since = each.at;
        resting->second.changed = true;
      }
    }
    for (const Scope::Database& db : scope_->databases()) {
      const auto keys = changed.find(db.source);
      if (keys == changed.end()) continue;
      (void)copier_->copy(db, keys->second, stop);
      rest();
    }
    if (!writer_->isEmpty()) commit();
    if (!changed.empty()) writer_->drain(stop);
    oldest_.reset();
  }

  /// The large ones that were just brought rest for a while.
  void rest() {
    for (const KeyCopier::Large& large : copier_->takeLarge()) {
      const auto now = std::chrono::steady_clock::now();
      resting_[{large.db, large.key}] = {now + std::max(kShortestRest, large.took * kRestTimes), now, large.again};
    }
  }

  void commit() { writer_->commit(mark_, stop_); }

  void sayLeftOut() {
    for (const auto& [what, count] : copier_->leftOut())
      if (saidLeftOut_.insert(what).second)
        job_.note(true, fmt::format("{}: not copied: {} ({} times)", context_.lane.name, what, count));
  }

  /// Since when the oldest change waits that is not at the target.
  [[nodiscard]] std::optional<Time> waitingSince() const {
    std::optional<Time> out = lostAt_;
    const auto add = [&](std::optional<Time> at) {
      if (at) out = std::min(out.value_or(*at), *at);
    };
    add(missedAt_);
    add(oldest_);
    if (notifications_) add(notifications_->oldest());
    if (notifications_ && notifications_->generation() != generation_) add(notifications_->missedAt());
    for (const auto& [key, rest] : resting_)
      if (rest.changed) add(rest.since);
    return out;
  }

  void report(bool now) {
    const auto time = std::chrono::steady_clock::now();
    if (!now && time - reportedAt_ < kScanReportEvery) return;
    reportedAt_ = time;
    LaneProgress progress;
    progress.loaded = mark_.state == LaneMark::State::following;
    progress.items = progress.loaded ? keys_ : pass_ ? pass_->keys() : 0;
    progress.bytes = progress.loaded ? bytes_ : pass_ ? pass_->bytes() : 0;
    if (progress.loaded) {
      progress.changes = changed_ + (copier_ ? copier_->copied() : 0);
      progress.position = {fmt::format("{}:{}:{}", kHistory, mark_.offset, progress.changes)};
      const auto since = waitingSince();
      const auto waits =
          since ? std::chrono::ceil<std::chrono::milliseconds>(time - *since) : std::chrono::milliseconds(0);
      progress.delayMillis = waits.count();
      progress.lastCommitMillis = Clock().now() - waits.count();
    }
    context_.progress(progress);
  }

  struct Rest {
    Time until, since;
    bool changed = false;
  };

  const EngineJob& job_;
  const LaneContext& context_;
  const Selection selection_;
  const std::vector<SlotRange> slots_;
  Capabilities capabilities_;
  std::optional<Scope> scope_;
  std::unique_ptr<TargetWriter> writer_;
  LaneMark mark_;
  std::unique_ptr<Notifications> notifications_;
  std::unique_ptr<Connection> source_;
  std::unique_ptr<KeyCopier> copier_;
  std::optional<KeyPass> pass_;
  std::uint64_t passes_ = 0, generation_ = 0;
  std::map<std::pair<std::uint64_t, std::string>, Rest> resting_;  ///< large keys, by database
  std::optional<Time> oldest_, missedAt_, lostAt_;
  Time passedAt_, lookedAt_, reportedAt_;
  std::stop_token stop_;
  std::uint64_t keys_ = 0, bytes_ = 0, changed_ = 0;
  std::string said_;
  bool saidOthers_ = false;
  std::set<std::string> saidLeftOut_;
};

}  // namespace

void runByScan(const EngineJob& job, const LaneContext& context, const std::stop_token& stop) {
  ScanRun(job, context).run(stop);
}

}  // namespace drs::redis
