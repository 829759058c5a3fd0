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

constexpr int kSnapshotLockSeconds = 3;  ///< one attempt
constexpr int kLockAttempts = 10;
constexpr milliseconds kLockPause{2000};
constexpr int kLockLostSeconds = 5;  ///< then a server ends the session that holds the lock and says no more

void startTransaction(Connection& reader) {
  reader.execute("ROLLBACK");
  reader.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/// The last place of each server whose GTIDs it told: MariaDB reads a log file from its beginning, a gigabyte at times,
/// to tell those of a place in it. Threads: any.
class ToldPlaces {
 public:
  [[nodiscard]] std::optional<LogPosition> find(const std::string& server) {
    const std::lock_guard lock(mutex_);
    const auto found = told_.find(server);
    if (found == told_.end() || Clock::now() - found->second.at > kKept) return std::nullopt;
    return found->second.position;
  }
  void keep(const std::string& server, const LogPosition& position) {
    const std::lock_guard lock(mutex_);
    if (told_.size() >= kMost) told_.clear();
    told_[server] = {position, Clock::now()};
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    LogPosition position;
    Clock::time_point at;
  };
  static constexpr std::size_t kMost = 256;
  /// A window grows by as much at most. And the place may be another one behind RESET MASTER.
  static constexpr std::chrono::seconds kKept{10};
  std::mutex mutex_;
  std::map<std::string, Entry> told_;
};

/// Files of one log are numbered with at least six digits, so that a longer name is a later one.
bool isAtOrBehind(const LogPosition& place, const LogPosition& other) {
  if (place.file.size() != other.file.size()) return place.file.size() > other.file.size();
  return place.file != other.file ? place.file > other.file : place.offset >= other.offset;
}

/// Adds the GTIDs to the place of a snapshot just begun. What lies before a place of an earlier snapshot is visible in
/// this one too; and nothing is that the server had not written to its log when it was asked behind the snapshot: so
/// under writes a free chunk gets a window of a few seconds instead of one more reading of the log file.
SnapshotPositions withGtids(Connection& reader, const SnapshotRequest& request, LogPosition place) {
  static ToldPlaces told;
  // Which server it is, whatever address it was reached by.
  const std::string server =
      reader.value("SELECT CONCAT_WS(' ', @@hostname, @@port, @@server_id, @@datadir)").value_or("");
  if (const auto before = told.find(server); before && isAtOrBehind(place, *before)) {
    if (isAtOrBehind(*before, place)) return {*before, *before};
    // Not before the plan: its definitions are those of its start.
    if (!request.exact && request.notBefore && reached(*before, *request.notBefore)) {
      place.gtid = reader.value("SELECT @@GLOBAL.gtid_binlog_pos").value_or("");
      return {*before, place};
    }
  }
  addMariadbGtids(reader, place);
  told.keep(server, place);
  return {place, place};
}

SnapshotPositions beginOnMariadb(Connection& reader, const SnapshotRequest& request) {
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
  return withGtids(reader, request, position);
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
  locker.execute(
      fmt::format("SET SESSION lock_wait_timeout = {}, wait_timeout = {}", kSnapshotLockSeconds, kLockLostSeconds));
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
  if (request.mode == LogMode::mariadb) return beginOnMariadb(reader, request);
  if (request.mode == LogMode::mysqlGtid && !request.exact) return beginWithGtids(reader);
  return beginUnderLock(reader, options, request, stop);
}

}  // namespace drs::mysql
