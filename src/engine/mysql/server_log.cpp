#include "engine/mysql/server_log.h"

#include <charconv>
#include <limits>

namespace drs::mysql {
namespace {

std::string statusStatement(const ServerInfo& server) {
  // Renamed in MySQL 8.2; the old name is gone in 8.4.
  return !server.mariadb && server.version >= 80200 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

std::string normalised(Connection& connection, const std::string& set) {
  const std::string text = connection.value("SELECT GTID_SUBTRACT(" + quoteText(set) + ", '')").value_or("");
  std::string out;
  for (const char c : text)
    if (c != '\n' && c != ' ') out += c;
  return out;
}

}  // namespace

LogMode logMode(Connection& connection) {
  if (connection.value("SELECT @@GLOBAL.log_bin").value_or("") == "0") return LogMode::none;
  if (connection.server().mariadb) return LogMode::mariadb;
  return connection.value("SELECT @@GLOBAL.gtid_mode").value_or("") == "ON" ? LogMode::mysqlGtid : LogMode::mysqlFile;
}

std::string serverId(Connection& connection) {
  const bool mariadb = connection.server().mariadb;
  return connection.value(mariadb ? "SELECT @@GLOBAL.server_id" : "SELECT @@GLOBAL.server_uuid").value_or("");
}

bool isWritable(Connection& connection) {
  // super_read_only implies it; a MariaDB of 12 names its kinds of read-only.
  const std::string value = connection.value("SELECT @@GLOBAL.read_only").value_or("0");
  return value == "0" || value == "OFF";
}

LogPosition logTail(Connection& connection) {
  const auto rows = connection.query(statusStatement(connection.server()));
  if (rows.empty() || rows.front().size() < 2 || !rows.front()[0] || !rows.front()[1])
    throw Error(Msg::databaseError, {connection.peer(), "0", "the binary log is off (log_bin)"}, connection.origin());
  LogPosition position;
  position.mariadb = connection.server().mariadb;
  position.server = serverId(connection);
  position.file = *rows.front()[0];
  const std::string& offset = *rows.front()[1];
  std::from_chars(offset.data(), offset.data() + offset.size(), position.offset);
  return position;
}

LogPosition logFileStart(Connection& connection) {
  LogPosition position = logTail(connection);
  position.offset = kFirstOffset;
  return position;
}

LogPosition executedGtids(Connection& connection) {
  LogPosition position;
  position.gtid = normalised(connection, connection.value("SELECT @@GLOBAL.gtid_executed").value_or(""));
  return position;
}

LogPosition executedAndOwnedGtids(Connection& connection) {
  // In this order: what leaves gtid_owned in between has entered gtid_executed.
  const std::string owned = withoutOwners(connection.value("SELECT @@GLOBAL.gtid_owned").value_or(""));
  std::string executed = connection.value("SELECT @@GLOBAL.gtid_executed").value_or("");
  if (!owned.empty()) executed += (executed.empty() ? "" : ",") + owned;
  LogPosition position;
  position.gtid = normalised(connection, executed);
  return position;
}

LogPosition currentEnd(Connection& connection, LogMode mode) {
  if (mode == LogMode::mysqlGtid) {
    LogPosition position = executedGtids(connection);
    if (position.gtid.empty()) return logFileStart(connection);
    const LogPosition tail = logTail(connection);
    position.file = tail.file;
    position.offset = tail.offset;
    position.server = tail.server;
    return position;
  }
  LogPosition position = logTail(connection);
  if (mode == LogMode::mariadb) addMariadbGtids(connection, position);
  return position;
}

void requireGtidsTellable(const LogPosition& position) {
  if (position.offset <= std::numeric_limits<std::uint32_t>::max()) return;
  throw Error(Msg::logTooLong, {position.file, std::to_string(position.offset)}, Origin::source);
}

void addMariadbGtids(Connection& connection, LogPosition& position) {
  requireGtidsTellable(position);
  const std::string sql =
      "SELECT BINLOG_GTID_POS(" + quoteText(position.file) + ", " + std::to_string(position.offset) + ")";
  const std::optional<std::string> gtids = connection.value(sql);
  if (!gtids)
    throw Error(Msg::logPurged, {position.file, "the server has removed or cannot read this log file"},
                connection.origin());
  position.gtid = *gtids;
}

std::string withoutOwners(std::string_view owned) {
  std::string out;
  bool inOwner = false;
  for (const char c : owned) {
    if (c == '#') inOwner = true;
    if (c == ':' || c == ',' || c == '\n') inOwner = false;
    if (!inOwner && c != '\n' && c != ' ') out += c;
  }
  return out;
}

}  // namespace drs::mysql
