#include "engine/mysql/heartbeat.h"

#include "engine/mysql/control_tables.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/replica_status.h"
#include "engine/mysql/server_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace drs::mysql {
namespace {

constexpr int kConnectSeconds = 5, kReadSeconds = 10;
constexpr int kBeatLockSeconds = 2;  // of one beat; who keeps it longer from writing is not disturbed
/// The time of the server, in milliseconds.
constexpr std::string_view kNow = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
constexpr int kAheadMillis = 1000;  // what is further ahead was written before the server's clock was set back

bool hasTable(Connection& connection) {
  return connection
      .value(fmt::format("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME = '{}'",
                         kControlSchema, kHeartbeatTable))
      .has_value();
}

bool hasSchema(Connection& connection) {
  return connection
      .value(fmt::format("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{}'", kControlSchema))
      .has_value();
}

const std::string kNothingWritten = "nothing is written to this source, because ";

/// Why the server is taken for a replica; empty: it is none.
std::string replicaReason(Connection& source) {
  constexpr const char* kReplica = "it is a replica: what is written there is missing at its primary";
  try {
    return replicaStatus(source).empty() ? "" : kReplica;
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
  }
  // Not allowed to see it. Both of these everybody may see.
  const auto running = source.records("SHOW GLOBAL STATUS LIKE 'Slaves\\_running'");
  if (!running.empty() && running.front().at("Value") != "0") return kReplica;
  if (source.value("SELECT @@GLOBAL.gtid_slave_pos").value_or("").empty()) return {};
  return "it has been a replica (gtid_slave_pos), and the account may not see whether it still is: GRANT REPLICA "
         "MONITOR ON *.*";
}

bool hasHeartbeat(Connection& connection, std::string_view jobId) {
  return connection
      .value(fmt::format("SELECT 1 FROM {}.{} WHERE job_id = {}", kControlSchema, kHeartbeatTable, quoteText(jobId)))
      .has_value();
}

ConnectOptions quick(ConnectOptions options) {
  options.connectTimeoutSeconds = std::min(options.connectTimeoutSeconds, kConnectSeconds);
  options.readTimeoutSeconds = std::min(options.readTimeoutSeconds, kReadSeconds);
  return options;
}

void makeRow(Connection& source, std::string_view jobId) {
  const NamedLock setup(source, kSetupLock, kSetupLockSeconds);
  // IF NOT EXISTS alone would stand in the log each time.
  if (!hasSchema(source))
    source.execute(fmt::format("CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4", kControlSchema));
  if (!hasTable(source))
    source.execute(fmt::format(
        "CREATE TABLE IF NOT EXISTS {}.{} (job_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY "
        "KEY, beat_millis VARCHAR(20) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        kControlSchema, kHeartbeatTable));
  source.execute(fmt::format("INSERT INTO {}.{} VALUES ({}, '0') ON DUPLICATE KEY UPDATE job_id = job_id",
                             kControlSchema, kHeartbeatTable, quoteText(jobId)));
}

}  // namespace

std::string heartbeatObstacle(Connection& source, std::size_t addresses) {
  if (addresses > 1)
    return "the source has several addresses, and a heartbeat that a failover loses would keep the task from going on "
           "at "
           "another server";
  const Grants grants = Grants::read(source);
  std::string missing;
  for (const char* right : {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP"})
    if (!grants.onDatabase(right, kControlSchema)) missing += (missing.empty() ? "" : ", ") + std::string(right);
  if (!missing.empty())
    return fmt::format(
        "the source's account may not write there; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON {}.* "
        "(missing: {})",
        kControlSchema, missing);
  if (!isWritable(source)) return "the source is read-only";
  if (const std::string reason = replicaReason(source); !reason.empty()) return kNothingWritten + reason;
  return {};
}

std::string heartbeatNotice(int seconds) {
  return fmt::format(
      "The time is written into {}.{} of the source every {} s in the incremental phase, so that delays can be told in "
      "milliseconds; it is removed when the task ends ([mysql] source_heartbeat_seconds = 0: nothing is written)",
      kControlSchema, kHeartbeatTable, seconds);
}

std::string heartbeatSilence(const std::string& obstacle) {
  return "Delays are told in whole seconds, as the source's log has them, and may be a second too long: " + obstacle;
}

Heartbeat::Heartbeat(const EngineJob& job, std::size_t addresses)
    : jobId_(job.id),
      seconds_(job.spec.baseInfo.taskType.value_or("") == "FULL_TRANS" ? 0 : job.limits.heartbeatSeconds),
      addresses_(addresses),
      note_(job.note),
      log_(job.log.with("heartbeat")) {}

void Heartbeat::follow(const ConnectOptions& server) {
  if (seconds_ == 0) return;
  const std::lock_guard lock(mutex_);
  server_ = quick(server);
  if (!std::exchange(started_, true)) thread_.start("heartbeat", [this](const std::stop_token& stop) { run(stop); });
}

std::optional<ConnectOptions> Heartbeat::moved() {
  const std::lock_guard lock(mutex_);
  return std::exchange(server_, std::nullopt);
}

void Heartbeat::run(const std::stop_token& stop) {
  std::unique_ptr<Connection> session;
  ConnectOptions server;
  std::chrono::milliseconds pause{0};
  while (sleepFor(pause, stop)) {
    try {
      if (auto other = moved()) {
        session.reset();
        server = *std::move(other);
      }
      if (!session) session = begin(server, stop);
      if (session) {
        const std::stop_callback interrupt(stop, [connection = session.get()] { connection->shutdown(); });
        if (isStillPrimary(*session)) beat(*session);
      }
    } catch (const Error& error) {
      session.reset();
      log_.warn("{}", error.text());  // the reader says what users should know of a lost source
    }
    pause = session && isPrimary_ ? std::chrono::seconds(seconds_) : kLookAgain;
  }
}

std::unique_ptr<Connection> Heartbeat::begin(const ConnectOptions& server, const std::stop_token& stop) {
  auto session = Connection::open(server);
  // By pointer: the session is moved out of here while the callback still is.
  const std::stop_callback interrupt(stop, [connection = session.get()] { connection->shutdown(); });
  if (const std::string obstacle = heartbeatObstacle(*session, addresses_); !obstacle.empty()) {
    say(heartbeatSilence(obstacle));
    return nullptr;
  }
  session->execute(fmt::format("SET lock_wait_timeout = {0}, innodb_lock_wait_timeout = {0}", kBeatLockSeconds));
  makeRow(*session, jobId_);
  lookAt_ = std::chrono::steady_clock::now() + kLookAgain;
  isPrimary_ = true;
  say(heartbeatNotice(seconds_));
  return session;
}

/// It may have been made a replica meanwhile, one that takes writes even.
bool Heartbeat::isStillPrimary(Connection& session) {
  if (const auto now = std::chrono::steady_clock::now(); now >= lookAt_) {
    const std::string reason = replicaReason(session);
    isPrimary_ = reason.empty();
    lookAt_ = now + kLookAgain;
    say(isPrimary_ ? heartbeatNotice(seconds_) : heartbeatSilence(kNothingWritten + reason));
  }
  return isPrimary_;
}

/// Nothing if another task has just done it, or while the source is being frozen.
void Heartbeat::beat(Connection& session) const {
  if (!isWritable(session)) return;
  const auto fresh = session.value(
      fmt::format("SELECT 1 FROM {0}.{1} WHERE CAST(beat_millis AS SIGNED) > {2} - {3} AND CAST(beat_millis AS SIGNED) "
                  "<= {2} + {4} LIMIT 1",
                  kControlSchema, kHeartbeatTable, kNow, seconds_ * 900, kAheadMillis));
  if (fresh) return;
  const auto outcome = session.execute(fmt::format("UPDATE {}.{} SET beat_millis = {} WHERE job_id = {}",
                                                   kControlSchema, kHeartbeatTable, kNow, quoteText(jobId_)));
  if (outcome.affected == 0) throw Error(Msg::databaseError, {session.peer(), "0", "the heartbeat's row is gone"});
}

void Heartbeat::say(const std::string& line) {
  if (std::exchange(said_, line) == line) return;
  log_.info("{}", line);
  if (note_) note_(false, line);
}

void forgetHeartbeat(Connection& connection, std::string_view jobId) {
  if (!hasTable(connection)) return;
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  if (!hasTable(connection)) return;
  connection.execute(
      fmt::format("DELETE FROM {}.{} WHERE job_id = {}", kControlSchema, kHeartbeatTable, quoteText(jobId)));
  dropUnusedControlSchema(connection);
}

std::string forgetHeartbeatAtSource(const EngineJob& job) {
  std::string left;
  try {
    const ConnectOptions options = quick(connectOptions(job, Side::source));
    for (const Address& address : options.addresses) {
      ConnectOptions one = options;
      one.addresses = {address};
      try {
        const auto connection = Connection::open(one);
        if (!connection->server().mariadb || !hasTable(*connection)) continue;
        const std::string reason = replicaReason(*connection);
        if (reason.empty()) {
          forgetHeartbeat(*connection, job.id);
        } else if (options.addresses.size() == 1 && hasHeartbeat(*connection, job.id)) {
          left = fmt::format("{}: nothing is removed there, because {}", connection->peer(), reason);
        }
      } catch (const Error& error) {
        left += (left.empty() ? "" : "; ") + error.text();
      }
    }
  } catch (const Error& error) {
    left = error.text();
  }
  if (left.empty()) return {};
  return fmt::format("the row of job {} in {}.{} of the source, if the task has written the time there: {}", job.id,
                     kControlSchema, kHeartbeatTable, left);
}

}  // namespace drs::mysql
