#include "base/error.h"
#include "engine/engine.h"
#include "engine/mysql/engine.h"
#include "engine/mysql/source_log.h"
#include "engine/mysql/start_position.h"
#include "engine/redis/engine.h"
#include "engine/source_log.h"

// The engines of this build: one row for each route. What is not here has not landed.

namespace drs {
namespace {

constexpr const char* kMysqlToMysql = "mysql-to-mysql";

}  // namespace

Registry::Registry() {
  engines_.emplace(kMysqlToMysql, mysql::makeEngine());
  for (const char* jobType : {"sync", "migration"})
    links_.push_back({kMysqlToMysql,
                      jobType,
                      "mysql",
                      "mysql",
                      {"up", "down", "non-dbs"},
                      {"eip", "vpc", "vpn"},
                      {"FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS"}});
  links_.push_back({kMysqlToMysql,
                    "cloudDataGuard",
                    "mysql",
                    "mysql",
                    {"up", "down", "non-dbs"},
                    {"eip", "vpn"},
                    {"FULL_INCR_TRANS", "INCR_TRANS"}});
  const std::pair<const char*, const char*> routes[] = {{"redis-to-gaussredis", "redis"},
                                                        {"rediscluster-to-gaussredis", "rediscluster"}};
  for (const auto& [route, source] : routes) {
    engines_.emplace(route, redis::makeEngine());
    links_.push_back({route,
                      "migration",
                      source,
                      "gaussredis",
                      {"up", "down", "non-dbs"},
                      {"eip", "vpc", "vpn"},
                      {"FULL_TRANS", "FULL_INCR_TRANS"}});
  }
}

namespace {

[[noreturn]] void hasNoTables(const EngineJob& job, const char* what) {
  throw Error(
      Msg::routeNotSupported,
      {job.spec.baseInfo.engineType.value_or(""), std::string("its databases have no tables, hence no ") + what},
      Origin::request);
}

}  // namespace

std::unique_ptr<Catalog> Engine::catalog(const EngineJob& job, Side /*side*/) const {
  hasNoTables(job, "list of them");
}
std::unique_ptr<Source> Engine::source(const EngineJob& job) const {
  hasNoTables(job, "position in their log");
}
std::unique_ptr<Sink> Engine::sink(const EngineJob& job) const {
  hasNoTables(job, "place for rows");
}
std::unique_ptr<Comparer> Engine::comparer(const EngineJob& job) const {
  hasNoTables(job, "comparison of rows");
}

const Engine* Registry::find(std::string_view engineType) const {
  const auto found = engines_.find(engineType);
  return found == engines_.end() ? nullptr : found->second.get();
}

Position parseStartPosition(std::string_view engineType, const std::string& fileAndPosition,
                            const std::string& gtidSet) {
  if (engineType == kMysqlToMysql) return mysql::parseStart(fileAndPosition, gtidSet);
  throw Error(Msg::valueNotAllowed, {"engine_type", std::string(engineType), kMysqlToMysql}, Origin::request);
}

std::unique_ptr<SourceLog> sourceLogOf(const EngineJob& job) {
  if (job.spec.baseInfo.engineType == kMysqlToMysql) return mysql::makeSourceLog(job);
  return nullptr;
}

}  // namespace drs
