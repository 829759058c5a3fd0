#include "engine/mysql/source_log.h"

#include "engine/mysql/connection.h"
#include "engine/mysql/log_expiry.h"
#include "engine/mysql/log_purge.h"
#include "engine/mysql/position.h"

namespace drs::mysql {
namespace {

class MysqlSourceLog final : public SourceLog {
 public:
  explicit MysqlSourceLog(const EngineJob& job) : job_(job.id), options_(connectOptions(job, Side::source)) {}

  [[nodiscard]] LogUse use(const Position& at, UnixMillis readUpTo) override {
    return logUse(options_, fromPosition(at), readUpTo);
  }

  [[nodiscard]] LogPurge purge(const Position& durable, const std::map<std::string, Position>& others) override {
    return purgeLog(options_, job_, durable, others);
  }

 private:
  std::string job_;
  ConnectOptions options_;
};

}  // namespace

std::unique_ptr<SourceLog> makeSourceLog(const EngineJob& job) {
  return std::make_unique<MysqlSourceLog>(job);
}

}  // namespace drs::mysql
