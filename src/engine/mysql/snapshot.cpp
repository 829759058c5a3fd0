#include "engine/mysql/snapshot.h"

#include "base/task_group.h"
#include "engine/mysql/key_range.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>

namespace drs::mysql {
namespace {

using std::chrono::milliseconds;

constexpr int kLockSeconds = 3;  ///< one attempt
constexpr int kLockAttempts = 10;
constexpr milliseconds kLockPause{2000};
constexpr int kLostAfterSeconds = 5;  ///< then a server ends the session that holds the lock and says no more

void startTransaction(Connection& reader) {
  reader.execute("ROLLBACK");
  reader.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/// What servers told lately: MariaDB reads a log file from its beginning, a gigabyte at times, to tell the GTIDs of a
/// place in it, and while nobody writes all snapshots are at the same place. Threads: any.
class ToldGtids {
 public:
  [[nodiscard]] std::optional<std::string> find(const std::string& place) {
    const std::lock_guard lock(mutex_);
    std::erase_if(told_, [](const auto& entry) { return Clock::now() - entry.second.at > kKept; });
    const auto found = told_.find(place);
    if (found == told_.end()) return std::nullopt;
    return found->second.gtids;
  }
  void keep(const std::string& place, const std::string& gtids) {
    const std::lock_guard lock(mutex_);
    if (told_.size() >= kMost) told_.clear();
    told_[place] = {gtids, Clock::now()};
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string gtids;
    Clock::time_point at;
  };
  static constexpr std::size_t kMost = 256;
  static constexpr std::chrono::seconds kKept{60};  ///< the place may be another one behind RESET MASTER
  std::mutex mutex_;
  std::map<std::string, Entry> told_;
};

/// addMariadbGtids(), asked once for one place.
void addToldGtids(Connection& reader, LogPosition& position) {
  static ToldGtids told;
  // Which server it is, whatever address it was reached by.
  const auto server = reader.value("SELECT CONCAT_WS(' ', @@hostname, @@port, @@server_id, @@datadir)");
  const std::string place = fmt::format("{} {}:{}", server.value_or(""), position.file, position.offset);
  if (const auto gtids = told.find(place)) {
    position.gtid = *gtids;
    return;
  }
  addMariadbGtids(reader, position);
  told.keep(place, position.gtid);
}

SnapshotPositions beginOnMariadb(Connection& reader) {
  startTransaction(reader);
  LogPosition position;
  position.mariadb = true;
  position.server = serverId(reader);
  for (const auto& row : reader.query("SHOW SESSION STATUS LIKE 'binlog_snapshot_%'")) {
    const std::string value = row.at(1).value_or("");
    if (row.at(0) == "Binlog_snapshot_file") position.file = value;
    if (row.at(0) == "Binlog_snapshot_position")
      std::from_chars(value.data(), value.data() + value.size(), position.offset);
  }
  if (position.file.empty())
    throw Error(Msg::databaseError, {reader.peer(), "0", "the binary log is off (log_bin)"}, reader.origin());
  addToldGtids(reader, position);
  return {position, position};
}

/// File and offset beside the GTIDs: a lane whose start had no GTIDs, because there was none yet, goes by them.
void placeAt(LogPosition& position, const LogPosition& place) {
  position.file = place.file;
  position.offset = place.offset;
  position.server = place.server;
}

SnapshotPositions beginWithGtids(Connection& reader) {
  SnapshotPositions positions;
  positions.low = executedGtids(reader);
  placeAt(positions.low, logFileStart(reader));
  startTransaction(reader);
  positions.high = executedAndOwnedGtids(reader);
  // What the snapshot sees was written to the log before.
  placeAt(positions.high, logTail(reader));
  return positions;
}

void lockTables(Connection& locker, const std::vector<TableName>& tables, const std::stop_token& stop) {
  std::vector<std::string> list;
  for (const TableName& table : tables) list.push_back(quoteName(table) + " READ");
  const std::string sql = "LOCK TABLES " + joinComma(list);
  // Nobody else can end a session whose network was lost without a word, and applications wait for it.
  locker.execute(fmt::format("SET SESSION lock_wait_timeout = {}, wait_timeout = {}", kLockSeconds, kLostAfterSeconds));
  for (int attempt = 1;; ++attempt) {
    try {
      locker.execute(sql);
      return;
    } catch (const Error& error) {
      if (error.msg() != Msg::deadlock || attempt == kLockAttempts || !sleepFor(kLockPause, stop)) throw;
    }
  }
}

SnapshotPositions beginUnderLock(Connection& reader, const ConnectOptions& options, const SnapshotRequest& request,
                                 const std::stop_token& stop) {
  const auto locker = Connection::open(options);
  lockTables(*locker, request.tables, stop);
  // Whoever has written one of the tables has ended altogether, for it held its metadata lock to the last: so the tail
  // of the log and gtid_executed both are exact for these tables until they are unlocked.
  LogPosition at = logTail(*locker);
  if (request.mode == LogMode::mysqlGtid) at.gtid = executedGtids(*locker).gtid;
  startTransaction(reader);
  locker->execute("UNLOCK TABLES");  // throws if they were unlocked before, with the session
  return {at, at};
}

}  // namespace

SnapshotPositions beginSnapshot(Connection& reader, const ConnectOptions& options, const SnapshotRequest& request,
                                const std::stop_token& stop) {
  if (request.mode == LogMode::none) {
    startTransaction(reader);
    return {};
  }
  if (request.mode == LogMode::mariadb) return beginOnMariadb(reader);
  if (request.mode == LogMode::mysqlGtid && !request.exact) return beginWithGtids(reader);
  return beginUnderLock(reader, options, request, stop);
}

}  // namespace drs::mysql
