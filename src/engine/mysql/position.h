#pragma once

#include "model/change_event.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace drs::mysql {

/// A MySQL or MariaDB log position. `gtid`: MySQL: the executed set ("uuid:1-300,…", canonical); MariaDB: the last GTID
/// of each domain ("0-1-100,…"). Empty `gtid`: only file and offset count. offset is our own 64-bit count, never the
/// event header's 32-bit field (mysql.md, story 11).
struct LogPosition {
  bool mariadb = false;
  std::string gtid;
  std::string file;
  std::uint64_t offset = 0;
  /// The server that file and offset belong to, as of serverId(); empty: not known.
  std::string server = {};
  /// XA transactions that were prepared before this place, are still open, and changed nothing of ours.
  std::set<std::string> preparedXa = {};
  /// The same, but they changed something of ours. By name: where the group stands in the log, a GTID of MySQL or
  /// "file:offset"; a lane that starts here reads it again.
  std::map<std::string, std::string> heldXa = {};
};

/// Canonical text: "mysql|mariadb;gtid=…;file=…;offset=…[;server=…][;xa=hexadecimal[@hexadecimal],…]".
[[nodiscard]] Position toPosition(const LogPosition& position);
/// "file:offset", as transactions without a GTID are called.
[[nodiscard]] std::string placeText(std::string_view file, std::uint64_t offset);
/// Throws Error(internal) for text that toPosition() did not make.
[[nodiscard]] LogPosition fromPosition(const Position& position);

/// True if a lane at `at` has every transaction that `goal` has. By GTID if both have one, by file number and offset
/// otherwise. A goal without both is reached from everywhere; positions that have nothing to compare them by are not.
/// Throws Error(sourceChanged) for files of two servers.
[[nodiscard]] bool reached(const LogPosition& at, const LogPosition& goal);
/// True if the transaction (id = GTID, or "file:offset" of its start) is contained in `position`.
[[nodiscard]] bool covers(const LogPosition& position, std::string_view transactionId);

}  // namespace drs::mysql
