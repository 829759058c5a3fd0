#include "engine/redis/cleaner.h"

#include "base/failpoint.h"
#include "engine/redis/capabilities.h"
#include "engine/redis/lane_slots.h"
#include "engine/redis/loader.h"
#include "engine/redis/releaser.h"
#include "engine/redis/servers.h"
#include "engine/redis/slot_state.h"
#include "engine/redis/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace drs::redis {
namespace {

/// What a job has left at the target, by lane.
class Remains {
 public:
  Remains(const EngineJob& job, const std::stop_token& stop)
      : job_(job), target_(primaryOf(job, Side::target, stop)), selection_(job.spec) {
    const Capabilities capabilities = targetCapabilities(job, stop);
    isCluster_ = capabilities.cluster;
    databases_ = Scope(selection_, {}, capabilities.databases).targets();
    find(stop);
  }

  [[nodiscard]] const std::set<std::uint32_t>& lanes() const { return lanes_; }
  [[nodiscard]] const Selection& selection() const { return selection_; }
  [[nodiscard]] std::uint32_t databases() const { return static_cast<std::uint32_t>(databases_.size()); }

  /// From here on no run of the lane writes.
  [[nodiscard]] std::unique_ptr<TargetWriter> takeOver(std::uint32_t lane, std::uint64_t plan,
                                                       const std::stop_token& stop) const {
    TargetWriter::Options options;
    options.target = target_;
    options.jobId = job_.id;
    options.lane = lane;
    options.fence = {plan, job_.epoch};
    options.databases = databases_;
    if (isCluster_) {
      options.cluster = [this](const ClusterMap* known, const std::stop_token& token) {
        return readTargetMap(job_, known, token);
      };
      options.slots = slotsOf(lane);
      if (const auto home = homes_.find(lane); home != homes_.end()) options.home = home->second;
    }
    return TargetWriter::takeOver(std::move(options), stop);
  }

  /// The number of the plan that a lane belongs to; nothing: it never began.
  [[nodiscard]] std::optional<std::uint64_t> planOf(std::uint32_t lane) {
    if (isCluster_) {
      const auto found = plans_.find(lane);
      return found == plans_.end() ? std::nullopt : std::optional(found->second);
    }
    const auto owner = parseFence(connection_->call({"GET", ControlKeys(job_.id, lane).owner}).text());
    return owner ? std::optional(owner->plan) : std::nullopt;
  }

  /// Removes our keys.
  void remove() {
    if (isCluster_) return removeFromCluster();
    for (const std::uint32_t db : databases_) {
      select(db);
      for (const std::uint32_t lane : lanes_) {
        (void)connection_->call({"DEL", ControlKeys(job_.id, lane).mark});
      }
    }
    // By the owners the lanes are found, if this has to be done again.
    select(databases_.front());
    for (const std::uint32_t lane : lanes_) (void)connection_->call({"DEL", ControlKeys(job_.id, lane).owner});
  }

 private:
  void select(std::uint32_t db) {
    if (databases_.size() > 1 || db != 0) (void)connection_->call({"SELECT", std::to_string(db)});
  }

  /// Calls `take` for the keys of the server that match.
  static void scan(Connection& server, const std::string& pattern,
                   const std::function<void(const std::string& key)>& take) {
    std::string cursor = "0";
    do {
      const resp::Reply reply = server.call({"SCAN", cursor, "MATCH", pattern, "COUNT", "10000"});
      cursor = reply.at(0).text();
      for (const resp::Reply& key : reply.at(1).elements()) take(key.text());
    } while (cursor != "0" && !cursor.empty());
  }

  void find(const std::stop_token& stop) {
    if (isCluster_) return findInCluster(stop);
    // Every lane that began has its owner in the home database.
    connection_ = Connection::open(target_);
    select(databases_.front());
    const std::string prefix = fmt::format("{}{}:", kControlPrefix, job_.id);
    scan(*connection_, prefix + "*:owner", [&](const std::string& name) {
      std::uint32_t lane = 0;
      const char* const end = name.data() + name.size();
      if (!name.starts_with(prefix)) return;
      if (std::from_chars(name.data() + prefix.size(), end, lane).ec == std::errc()) lanes_.insert(lane);
    });
  }

  /// Calls `take` for each of our keys on each node, and once more if slots moved meanwhile.
  void scanCluster(const std::stop_token& stop,
                   const std::function<void(Connection& node, const std::string& key)>& take) const {
    const auto read = [this](const ClusterMap* known, const std::stop_token& token) {
      return readTargetMap(job_, known, token);
    };
    for (ClusterMap map = readSettledMap(read, nullptr, stop);;) {
      for (const ClusterMap::Node& node : map.masters) {
        const auto connection = Connection::open(optionsOf(job_, Side::target, node.address));
        scan(*connection, std::string(kControlPrefix) + "{*}:" + job_.id + ":*",
             [&](const std::string& key) { take(*connection, key); });
      }
      ClusterMap again = readSettledMap(read, &map, stop);
      if (again.owner == map.owner) return;
      map = std::move(again);
    }
  }

  void findInCluster(const std::stop_token& stop) {
    scanCluster(stop, [&](Connection& node, const std::string& key) {
      const auto lane = laneOfKey(job_.id, key);
      if (!lane) return;
      lanes_.insert(*lane);
      if (key.ends_with(":mark")) return void(homes_[*lane] = resp::slotOf(key));
      claimed_[*lane].push_back(resp::slotOf(key));
      // The plan is the same everywhere; one slot tells it.
      if (plans_.contains(*lane)) return;
      const SlotState state = parseSlotState(node.call({"ZRANGE", key, "0", "-1", "WITHSCORES"}));
      if (state.owner) plans_[*lane] = state.owner->plan;
    });
  }

  /// The slots that a lane has claimed.
  [[nodiscard]] std::vector<SlotRange> slotsOf(std::uint32_t lane) const {
    std::vector<std::uint16_t> slots = claimed_.at(lane);
    std::ranges::sort(slots);
    std::vector<SlotRange> out;
    for (const std::uint16_t slot : slots) {
      if (!out.empty() && slot <= out.back().second + 1)
        out.back().second = slot;
      else
        out.emplace_back(slot, slot);
    }
    return out;
  }

  void removeFromCluster() {
    scanCluster({}, [](Connection& node, const std::string& key) { (void)node.call({"DEL", key}); });
  }

  const EngineJob& job_;
  const ConnectOptions target_;
  const Selection selection_;
  bool isCluster_ = false;
  std::vector<std::uint32_t> databases_;
  std::unique_ptr<Connection> connection_;
  std::set<std::uint32_t> lanes_;
  std::map<std::uint32_t, std::uint64_t> plans_;                 ///< of clusters, by lane
  std::map<std::uint32_t, std::vector<std::uint16_t>> claimed_;  ///< slots of clusters, by lane
  std::map<std::uint32_t, std::uint16_t> homes_;                 ///< of clusters: the slot of the lane's mark
};

class RedisCleaner final : public Cleaner {
 public:
  explicit RedisCleaner(EngineJob job) : job_(std::move(job)) {}

  void reset(const Plans& /*plans*/, const std::stop_token& stop) override {
    Remains remains(job_, stop);
    std::unique_ptr<TargetWriter> writer;
    bool wereEmpty = true;
    for (const std::uint32_t lane : remains.lanes()) {
      const auto plan = remains.planOf(lane);
      if (!plan) continue;
      auto taken = remains.takeOver(lane, *plan, stop);
      if (!taken->found()) continue;
      wereEmpty = wereEmpty && taken->found()->wasEmpty;
      writer = std::move(taken);
    }
    // All lanes together have all keys of the selection.
    const Scope scope(remains.selection(), {}, remains.databases());
    if (writer && (!wereEmpty || othersKeys(*writer, scope, job_.id, stop))) {
      job_.note(true,
                "There are keys at the target that are not the task's. None is removed: those of the task are written "
                "again");
    } else if (writer) {
      KeySet none(spoolRoot());
      none.close();
      if (!sweep(*writer, scope, none, *writer->found(), stop)) return;
    }
    remains.remove();
    Spool::remove(spoolRoot());
  }

  std::vector<std::string> release() override {
    Remains remains(job_, {});
    std::vector<std::string> left;
    for (const std::uint32_t lane : remains.lanes()) {
      const auto plan = remains.planOf(lane);
      if (!plan) continue;
      const auto writer = remains.takeOver(lane, *plan, {});
      if (!writer->found()) continue;
      sayHeld(*writer->found());
      if (writer->found()->holds) releaseDeadlines(*writer, remains, left);
    }
    remains.remove();
    Spool::remove(spoolRoot());
    return left;
  }

 private:
  [[nodiscard]] std::string spoolRoot() const { return job_.limits.spoolFolder + "/" + job_.id; }

  /// What the source has done in slots that were moving, and that still waited to be applied.
  void sayHeld(const LaneMark& mark) const {
    if (mark.shard.empty()) return;
    SlotSet slots;
    for (const auto& [slot, held] : parseLaneSlots(mark.shard).held) slots.set(slot);
    if (slots.none()) return;
    job_.note(true,
              fmt::format("The task ends while changes in slots that the source was moving ({}) still waited: they "
                          "are not at the target, so that keys in these slots are missing or old there",
                          describe(slots)));
  }

  void releaseDeadlines(TargetWriter& writer, const Remains& remains, std::vector<std::string>& left) const {
    std::uint64_t vanished = 0;
    try {
      for (const Shard& shard : shardsOf(job_, {})) {
        const Scope scope(remains.selection(), shard.slots, remains.databases());
        Releaser releaser(writer, scope, [&] { return optionsOf(job_, Side::source, shard.address); });
        for (bool all = false; !all;) {
          all = releaser.step({});
          if (!writer.isEmpty()) writer.commit(*writer.found(), {});
          failpoint("redis.releasing");
        }
        vanished += releaser.vanished();
      }
      writer.drain({});
      if (vanished > 0)
        job_.note(false,
                  fmt::format("{} keys that have a deadline are at the target and, by now, not at the source; they "
                              "get a day",
                              vanished));
    } catch (const Error& error) {
      if (error.origin() != Origin::source) throw;
      left.push_back(
          "the deadlines of keys: they stand at 2100-01-01, because the source could not be asked for them: " +
          error.text());
    }
  }

  const EngineJob job_;
};

}  // namespace

std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job) {
  return std::make_unique<RedisCleaner>(job);
}

}  // namespace drs::redis
