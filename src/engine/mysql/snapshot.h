#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/server_log.h"

#include <optional>
#include <vector>

namespace drs::mysql {

/// The log around a snapshot: all before `low` is visible in it, nothing behind `high` is. Equal when exact.
struct SnapshotPositions {
  LogPosition low, high;
};

/// What a snapshot is for.
struct SnapshotRequest {
  LogMode mode = LogMode::mysqlFile;
  std::vector<TableName> tables;  ///< what will be read
  bool exact = false;             ///< low == high is needed (a snapshot group)
  /// The start of the plan, so that a low position may be older than the snapshot, and never than this.
  std::optional<LogPosition> notBefore{};
};

/// Begins a transaction with a consistent snapshot on `reader` and finds its positions (mysql.md 4.2):
///
///   MariaDB        the server notes the log position of the snapshot itself: exact, without a lock. Its GTIDs have to
///                  be looked up in the log file: at most every ten seconds, unless it has to be exact; in between the
///                  place looked up last is `low`
///   MySQL, GTID    gtid_executed before the snapshot, executed and owned GTIDs after it: a window, without a lock.
///                  In files: the start of the log's last file before it, the tail of the log after it
///   no log         the snapshot alone; both positions are empty
///   otherwise      the tables are locked READ in a second session (made from `options`) for as long as it takes to
///                  begin the snapshot: exact. The lock is waited for at most a few seconds at a time, because whoever
///                  waits for it makes all writers of the table wait; between the attempts they run.
///
/// The reader stays in the transaction; the next call ends it. Throws what Connection throws; Error(deadlock) if the
/// tables could not be locked.
[[nodiscard]] SnapshotPositions beginSnapshot(Connection& reader, const ConnectOptions& options,
                                              const SnapshotRequest& request, const std::stop_token& stop);

}  // namespace drs::mysql
