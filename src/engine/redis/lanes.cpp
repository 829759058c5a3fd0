#include "engine/redis/lanes.h"

#include "engine/redis/comparer.h"
#include "engine/redis/info.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/lane_run.h"
#include "engine/redis/scan_mode.h"
#include "engine/redis/scan_run.h"
#include "engine/redis/selection.h"
#include "engine/redis/servers.h"

#include <charconv>
#include <set>

namespace drs::redis {
namespace {

/// The databases that the job selects; of a selection of all, those in which either side has something.
std::vector<std::uint64_t> databasesToCompare(const EngineJob& job, const std::stop_token& stop) {
  const Selection selection(job.spec);
  std::set<std::uint64_t> out;
  for (const Selection::Database& each : selection.databases()) out.insert(each.source);
  if (!selection.all()) return {out.begin(), out.end()};
  const auto add = [&](const ConnectOptions& server) {
    const auto connection = Connection::open(server);
    for (const Info::Keyspace& each : infoOf(*connection, "keyspace").keyspace()) out.insert(each.database);
  };
  for (const Shard& shard : shardsOf(job, stop)) add(optionsOf(job, Side::source, shard.address));
  try {
    add(primaryOf(job, Side::target, stop));
  } catch (const Error& error) {
    if (error.msg() != Msg::redisRefused) throw;
    job.note(true,
             "The target does not tell which of its databases hold keys, so that those of the source and 0 are "
             "compared: " +
                 error.text());
  }
  out.insert(0);
  return {out.begin(), out.end()};
}

class RedisLanes final : public LaneRunner {
 public:
  explicit RedisLanes(EngineJob job) : job_(std::move(job)) {}

  std::vector<Lane> lanes(const std::stop_token& stop) override {
    std::vector<Lane> out;
    const std::vector<Shard> shards = shardsOf(job_, stop);
    const std::string roster = LaneRoster(shards).text();
    for (const Shard& shard : shards) {
      Lane& lane = out.emplace_back();
      lane.number = static_cast<std::uint32_t>(out.size() - 1);
      lane.name = shard.name;
      lane.text = encodeSlots(shard.slots) + (shard.cluster ? "|" + roster : "");
      lane.items = shard.keys;
      lane.bytes = shard.usedMemory;
    }
    return out;
  }

  void run(const LaneContext& context, const std::stop_token& stop) override {
    if (readsByScan(job_)) return runByScan(job_, context, stop);
    runLane(job_, context, stop);
  }

  std::vector<TableName> parts(const std::stop_token& stop) override {
    std::vector<TableName> out;
    for (const std::uint64_t db : databasesToCompare(job_, stop)) out.push_back({std::to_string(db), "keys"});
    return out;
  }

  TableComparison compare(const TableName& part, bool contents, std::size_t maxListed,
                          const std::stop_token& stop) override {
    std::uint64_t db = 0;
    (void)std::from_chars(part.database.data(), part.database.data() + part.database.size(), db);
    return compareDatabase(job_, db, contents, maxListed, [](std::uint64_t) {}, stop);
  }

 private:
  const EngineJob job_;
};

}  // namespace

std::unique_ptr<LaneRunner> makeLaneRunner(const EngineJob& job) {
  return std::make_unique<RedisLanes>(job);
}

}  // namespace drs::redis
