#include "engine/mysql/cleaner.h"

#include "engine/mysql/control_tables.h"
#include "engine/mysql/sink_lookup.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

class MySqlCleaner : public Cleaner {
 public:
  explicit MySqlCleaner(const EngineJob& job)
      : options_(connectOptions(job, Side::target)), control_(job.id), jobId_(job.id), log_(job.log) {}

  void reset(const Plans& plans) override {
    const auto connection = open();
    control_.forgetProgress(*connection);
    for (const TablePlan& plan : plans) {
      const bool there = tableExists(*connection, plan.target);
      if (plan.createTable) {
        drop(*connection, plan, there);
      } else if (there) {
        connection->execute("TRUNCATE TABLE " + quoteName(plan.target));
      }
    }
  }

  std::vector<std::string> release() override {
    try {
      const auto connection = open();
      control_.forgetJob(*connection);
      return {};
    } catch (const Error& error) {
      return {fmt::format("control rows of job {} in the schema {} of the target: {}", jobId_, kControlSchema,
                          error.text())};
    }
  }

 private:
  /// Definitions are changed here, which can take long.
  [[nodiscard]] std::unique_ptr<Connection> open() const {
    auto connection = Connection::open(options_);
    connection->execute("SET foreign_key_checks = 0, lock_wait_timeout = 60");
    return connection;
  }

  void drop(Connection& connection, const TablePlan& plan, bool there) const {
    const bool made = hasControlTables(connection) && control_.isMade(connection, plan.target);
    if (!made) {
      if (there) log_.warn("{}.{} is not ours and stays", plan.target.database, plan.target.table);
      return;
    }
    if (there) connection.execute("DROP TABLE " + quoteName(plan.target));
    control_.forgetMade(connection, plan.target);
  }

  ConnectOptions options_;
  ControlTables control_;
  std::string jobId_;
  Log log_;
};

}  // namespace

std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job) {
  return std::make_unique<MySqlCleaner>(job);
}

}  // namespace drs::mysql
