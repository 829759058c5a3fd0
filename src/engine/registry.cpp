#include "base/error.h"
#include "engine/engine.h"
#include "engine/mysql/engine.h"
#include "engine/mysql/start_position.h"

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

}  // namespace drs
