#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/position.h"

namespace drs::mysql {

/// Of the first event of a log file: behind the magic number.
inline constexpr std::uint64_t kFirstOffset = 4;

/// How positions of a server are told.
enum class LogMode {
  mysqlGtid,  ///< MySQL, gtid_mode=ON: sets of GTIDs
  mysqlFile,  ///< MySQL otherwise: file and offset
  mariadb,    ///< MariaDB: file and offset with the GTIDs that belong to them
  none,       ///< the server writes no log (log_bin=OFF)
};

/// Throws what Connection throws.
[[nodiscard]] LogMode logMode(Connection& connection);

/// What tells a server from others of the same data: MySQL's server_uuid, MariaDB's server_id (which its replication
/// wants to be different).
[[nodiscard]] std::string serverId(Connection& connection);

/// Can applications write there (read_only)? A replica is set so that they cannot, by whoever looks after it.
[[nodiscard]] bool isWritable(Connection& connection);

/// Where the server writes its log now (SHOW MASTER STATUS by any of its names): file, offset and server alone. Counts
/// what is in the file, committed in the engine or not: never a low position (mysql.md, story 1). Throws
/// Error(databaseError) if the log is off or the right to see it is missing.
[[nodiscard]] LogPosition logTail(Connection& connection);

/// The start of the file that the server writes its log to now. Everything before it is committed in the engine and
/// visible: a server begins a new file only when nothing is left prepared (MYSQL_BIN_LOG::new_file_impl waits for it),
/// since its crash recovery looks at the last file alone. So it may be a low position. Throws as logTail().
[[nodiscard]] LogPosition logFileStart(Connection& connection);

/// Everything whose commit was answered before the call, and nothing that a snapshot opened afterwards does not see.
/// mysqlGtid: gtid_executed. Other modes have no such value: use a snapshot.
[[nodiscard]] LogPosition executedGtids(Connection& connection);

/// Everything that a snapshot opened before the call can see, as GTIDs (mysqlGtid): gtid_executed together with
/// gtid_owned. A transaction owns its GTID from before it is written to the log until it has been added to
/// gtid_executed, which is after its rows became visible.
[[nodiscard]] LogPosition executedAndOwnedGtids(Connection& connection);

/// The end of the log for Source::currentPosition(): everything answered before the call is at or before it. With file
/// and offset beside the GTIDs. mysqlGtid before the first GTID (a server that was restored, or RESET BINARY LOGS AND
/// GTIDS): logFileStart(), behind which all that is still to come is found, and which is missed if it is purged.
[[nodiscard]] LogPosition currentEnd(Connection& connection, LogMode mode);

/// Adds the GTIDs that belong to a MariaDB file and offset. The server reads the file up to there. Throws
/// Error(logPurged), and what requireGtidsTellable() throws.
void addMariadbGtids(Connection& connection, LogPosition& position);
/// Throws Error(logTooLong) for an offset beyond 4 GiB, where BINLOG_GTID_POS answers NULL.
void requireGtidsTellable(const LogPosition& position);

/// The GTIDs of gtid_owned ("uuid:5#12:6#13,…" with thread ids) as a set.
[[nodiscard]] std::string withoutOwners(std::string_view owned);

}  // namespace drs::mysql
