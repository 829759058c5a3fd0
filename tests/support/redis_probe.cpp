#include "base/error.h"
#include "engine/redis/capabilities.h"
#include "engine/redis/comparer.h"
#include "engine/redis/prober.h"
#include "engine/redis/servers.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <iostream>
#include <map>

// What the engine finds out about two servers before a task runs and what it compares behind, as one line of JSON:
//
//   redis_probe capabilities|precheck|network|shards|compare source=HOST:PORT,… target=HOST:PORT [cluster=1]
//       [user= password= target-user= target-password=] [db=N to=N keys=PREFIX|PATTERN…] [task=FULL_TRANS]
//       [spill=FOLDER] [contents=0|1] [listed=N] [tolerance=MS] [pause=MS] [id=JOB]
//
// Without db: object_scope all. With an error: its symbol, text and remedy, and the end is 1.

namespace {

using namespace drs;
using nlohmann::json;

class Settings {
 public:
  explicit Settings(std::span<char*> arguments) {
    for (const std::string_view each : arguments)
      if (const std::size_t at = each.find('='); at != std::string_view::npos)
        values_[std::string(each.substr(0, at))] = each.substr(at + 1);
  }
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise = "") const {
    return has(name) ? values_.at(name) : otherwise;
  }
  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    return has(name) ? std::strtoull(values_.at(name).c_str(), nullptr, 10) : otherwise;
  }

 private:
  std::map<std::string, std::string> values_;
};

EndpointInfo endpoint(const Settings& settings, const std::string& side, const std::string& prefix) {
  EndpointInfo info;
  info.dbType = "redis";
  info.endpoint.ip = settings.text(side);
  info.endpoint.dbUser = settings.text(prefix + "user");
  info.endpoint.dbPassword = Secret{settings.text(prefix + "password"), false};
  return info;
}

EngineJob jobOf(const Settings& settings) {
  EngineJob job;
  job.id = settings.text("id", "00000000-0000-0000-0000-000000jb000");
  job.spec.baseInfo.engineType = settings.has("cluster") ? "rediscluster-to-gaussredis" : "redis-to-gaussredis";
  job.spec.baseInfo.taskType = settings.text("task", "FULL_INCR_TRANS");
  job.spec.baseInfo.jobType = "migration";
  job.spec.sourceEndpoint = {endpoint(settings, "source", "")};
  job.spec.targetEndpoint = {endpoint(settings, "target", "target-")};
  job.spec.dbObject.objectScope = settings.has("db") ? "table" : "all";
  if (settings.has("db")) {
    DatabaseObject database;
    database.all = !settings.has("keys");
    if (settings.has("to")) database.name = settings.text("to");
    if (settings.has("keys")) database.tables.emplace()[settings.text("keys")] = {};
    job.spec.dbObject.objectInfo.emplace()[settings.text("db")] = database;
  }
  job.limits.spillFolder = settings.text("spill", "/tmp");
  return job;
}

json capabilities(const EngineJob& job) {
  const auto found = redis::probeCapabilities(redis::primaryOf(job, Side::target, {}), {});
  json stamps = json::object();
  for (int type = 0; type < static_cast<int>(redis::Capabilities::kTypes); ++type)
    for (const auto dialect : {rdb::Dialect::redis, rdb::Dialect::valkey})
      if (dialect == rdb::Dialect::valkey && type < rdb::kValkeyHash2)
        continue;  // of both dialects
      else if (const auto stamp = found.restoreStamp(static_cast<std::uint8_t>(type), dialect))
        stamps[std::to_string(type) + (dialect == rdb::Dialect::valkey ? "v" : "")] = *stamp;
  return {{"server", found.server},
          {"stamps", stamps},
          {"restore", found.restore},
          {"replace", found.restoreReplace},
          {"absttl", found.restoreAbsttl},
          {"idletime", found.restoreIdletime},
          {"freq", found.restoreFreq},
          {"set_pxat", found.setPxat},
          {"pexpiretime", found.pexpiretime},
          {"unlink", found.unlink},
          {"field_expiry", found.fieldExpiry},
          {"create_consumer", found.createConsumer},
          {"stream_counters", found.streamCounters},
          {"multi", found.multi},
          {"watch", found.watch},
          {"across_tags", found.multiAcrossTags},
          {"across_slots", found.multiAcrossSlots},
          {"select_in_multi", found.selectInMulti},
          {"rolls_back", found.failureRollsBack},
          {"databases", found.databases},
          {"databases_at_least", found.databasesAtLeast},
          {"eval", found.eval},
          {"functions", found.functions},
          {"client_id", found.clientId},
          {"client_kill", found.clientKill},
          {"cluster", found.cluster},
          {"refusals", found.refusals},
          {"text", found.describe()}};
}

json precheck(const EngineJob& job) {
  json out = json::object();
  for (const PrecheckItem& item : redis::makeProber(job)->precheck({})) {
    const char* result = item.result == CheckResult::passed  ? "passed"
                         : item.result == CheckResult::alarm ? "alarm"
                                                             : "failed";
    out[item.item] = {
        {"result", result}, {"reason", item.reason}, {"skippable", item.skippable}, {"group", item.group}};
  }
  return out;
}

json network(const EngineJob& job) {
  json out = json::array();
  for (const NetworkResult& each : redis::makeProber(job)->network({}))
    out.push_back({{"ip", each.ip}, {"success", each.success}, {"message", each.errorMessage}});
  return out;
}

json shards(const EngineJob& job) {
  json out = json::array();
  for (const redis::Shard& each : redis::shardsOf(job, {}))
    out.push_back({{"name", each.name},
                   {"address", each.address.text()},
                   {"primary", each.primary.text()},
                   {"reads_primary", each.readsPrimary},
                   {"slots", each.slots},
                   {"nodes", each.nodeIds},
                   {"keys", each.keys},
                   {"memory", each.usedMemory},
                   {"repl_id", each.replId}});
  return out;
}

json compare(const EngineJob& job, const Settings& settings) {
  redis::CompareOptions options;
  options.ttlTolerance = std::chrono::milliseconds(settings.number("tolerance", 1000));
  options.pause = std::chrono::milliseconds(settings.number("pause", 200));
  const TableComparison found = redis::compareDatabase(
      job, settings.number("db", 0), settings.number("contents", 1) != 0, settings.number("listed", 100),
      [](std::uint64_t) {}, {}, options);
  json listed = json::array();
  for (const RowDifference& each : found.listed) {
    constexpr const char* kKinds[] = {"missing in target", "missing in source", "different"};
    listed.push_back(
        {{"kind", kKinds[static_cast<std::size_t>(each.kind)]}, {"key", each.key}, {"what", each.columns}});
  }
  return {{"source", found.sourceRows},
          {"target", found.targetRows},
          {"differences", found.differences},
          {"listed", listed},
          {"error", found.error}};
}

json run(const std::string& mode, const Settings& settings) {
  const EngineJob job = jobOf(settings);
  if (mode == "capabilities") return capabilities(job);
  if (mode == "precheck") return precheck(job);
  if (mode == "network") return network(job);
  if (mode == "shards") return shards(job);
  if (mode == "compare") return compare(job, settings);
  throw Error(Msg::internal, {"unknown mode " + mode});
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::span<char*> all(arguments, static_cast<std::size_t>(count));
    std::cout << run(count > 1 ? all[1] : "", Settings(all.subspan(1))).dump() << "\n";
    return 0;
  } catch (const Error& error) {
    const std::string symbol(message(error.msg()).symbol);
    std::cout << json{{"error", symbol}, {"text", error.text()}, {"remedy", error.remedy()}}.dump() << "\n";
    return 1;
  }
}
