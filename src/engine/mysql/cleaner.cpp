#include "engine/mysql/cleaner.h"

#include "engine/mysql/control_tables.h"
#include "engine/mysql/heartbeat.h"
#include "engine/mysql/made_objects.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/read_only.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/sink_session.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <set>

namespace drs::mysql {
namespace {

constexpr int kDropTimeoutSeconds = 7 * 24 * 3600;  // large tables are dropped without a word from the server

class MySqlCleaner : public Cleaner {
 public:
  explicit MySqlCleaner(const EngineJob& job)
      : job_(job),
        options_(connectOptions(job, Side::target)),
        control_(job.id),
        jobId_(job.id),
        epoch_(job.epoch),
        readOnly_(asksForReadOnly(job.spec)),
        twoWay_(isTwoWay(job.spec)),
        log_(job.log) {
    options_.readTimeoutSeconds = kDropTimeoutSeconds;
  }

  void reset(const Plans& plans, const std::stop_token& stop) override {
    SinkSession session(options_, control_);
    const std::stop_callback onStop(stop, [&session] { session.shutdown(); });
    Connection& connection = session.connect();
    connection.execute("SET foreign_key_checks = 0");
    control_.fenceReset(connection, epoch_, session.name());
    dropObjects(connection, stop);
    const std::set<TableName> made = control_.made(connection);
    for (const TablePlan& plan : plans) {
      throwIfStopped(stop);
      if (plan.createTable)
        drop(connection, plan.target, made.contains(plan.target));
      else if (tableExists(connection, plan.target))
        empty(connection, plan.target);
    }
    // Statements of the log have made some that no plan knows.
    for (const TableName& table : control_.made(connection)) drop(connection, table, true);
    control_.forgetProgress(connection, session.name());
    if (const std::string left = atSource(); !left.empty()) log_.warn("not removed: {}", left);
  }

  std::vector<std::string> release() override {
    std::vector<std::string> left = releaseTarget();
    if (std::string more = atSource(); !more.empty()) left.push_back(std::move(more));
    return left;
  }

 private:
  /// What the replay has left there.
  [[nodiscard]] std::string atSource() const {
    if (job_.spec.baseInfo.taskType == "FULL_TRANS") return {};
    std::string left = forgetHeartbeatAtSource(job_);
    if (job_.limits.heartbeatSeconds > 0 || left.empty()) return left;
    log_.info("not looked for: {}", left);  // none was written, as far as is known
    return {};
  }

  std::vector<std::string> releaseTarget() {
    try {
      const auto connection = Connection::open(options_);
      connection->execute(fmt::format("SET lock_wait_timeout = {}", options_.lockWaitSeconds));
      std::string left = control_.forgetJob(*connection);
      if (left.empty()) return {};
      return {std::move(left)};
    } catch (const Error& error) {
      std::vector<std::string> left = {fmt::format("control rows of job {} in the schema {} of the target: {}", jobId_,
                                                   kControlSchema, error.text())};
      if (readOnly_)
        left.emplace_back("read_only of the target, if the task has set it; SET GLOBAL read_only = OFF there");
      return left;
    }
  }

  static void throwIfStopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
  }

  void dropObjects(Connection& connection, const std::stop_token& stop) const {
    const MadeObjects made(jobId_);
    for (const auto& [kind, name] : made.all(connection)) {
      throwIfStopped(stop);
      connection.execute(dropStatement(kind, name));
      made.forget(connection, kind, name);
    }
  }

  static void empty(Connection& connection, const TableName& table) {
    connection.execute(originTag(kUnknownOrigin) + "TRUNCATE TABLE " + quoteName(table));
  }

  void drop(Connection& connection, const TableName& table, bool isMade) const {
    if (!isMade) {
      if (tableExists(connection, table)) log_.warn("{}.{} is not ours and stays", table.database, table.table);
      return;
    }
    // MySQL logs DROP TABLE without our comment: a task that would carry it back to where the rows come from stops at
    // what is logged before.
    if (twoWay_ && tableExists(connection, table)) empty(connection, table);
    connection.execute("DROP TABLE IF EXISTS " + quoteName(table));
    control_.forgetMade(connection, {table});
  }

  const EngineJob job_;
  ConnectOptions options_;
  ControlTables control_;
  std::string jobId_;
  std::uint64_t epoch_;
  bool readOnly_;
  bool twoWay_;
  Log log_;
};

}  // namespace

std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job) {
  return std::make_unique<MySqlCleaner>(job);
}

}  // namespace drs::mysql
