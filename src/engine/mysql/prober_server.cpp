#include "base/ids.h"
#include "engine/mysql/heartbeat.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/log_reader.h"
#include "engine/mysql/position.h"
#include "engine/mysql/prober_checks.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

// Checks of the servers' versions and settings.

namespace drs::mysql {
namespace {

constexpr int kOldestMysql = 50700, kNewestMysql = 99999;
constexpr int kOldestMariadb = 100300, kNewestMariadb = 129999;
constexpr double kClockSeconds = 10;
constexpr std::int64_t kShortestKeepSeconds = 86400;
constexpr std::int64_t kSmallestPacket = 4LL << 20;

std::int64_t toNumber(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::map<std::string, std::string>> replicaFields(Connection& connection) {
  const bool newNames = !connection.server().mariadb && connection.server().version >= 80022;
  try {
    return connection.records(newNames ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
  } catch (const Error&) {
    // An account that may not ask (only the target's may lack the right) cannot be told whether there is a replication.
    if (connection.lastErrno() != 1227) throw;
    return {};
  }
}

Verdict checkSourceConnection(ProbeState& state) {
  (void)state.source();
  return passed();
}

Verdict checkTargetConnection(ProbeState& state) {
  (void)state.target();
  return passed();
}

Verdict checkVersion(const ServerInfo& server, const std::string& peer) {
  const int oldest = server.mariadb ? kOldestMariadb : kOldestMysql;
  const int newest = server.mariadb ? kNewestMariadb : kNewestMysql;
  const std::string text = fmt::format("{} is {} {}", peer, server.mariadb ? "MariaDB" : "MySQL", server.versionText);
  if (server.version < oldest) return failed(text + "; supported are MySQL 5.7 to 9.x and MariaDB 10.3 and later");
  if (server.version > newest) return alarm(text + ", which is newer than what this version was tested with");
  return passed();
}

Verdict checkSourceVersion(ProbeState& state) {
  return checkVersion(state.source().server(), state.source().peer());
}

Verdict checkTargetVersion(ProbeState& state) {
  Verdict verdict = checkVersion(state.target().server(), state.target().peer());
  if (verdict.result != CheckResult::passed) return verdict;
  const ServerInfo& source = state.source().server();
  const ServerInfo& target = state.target().server();
  if (source.mariadb == target.mariadb && target.version / 100 < source.version / 100)
    return alarm(
        fmt::format("the target ({}) is older than the source ({}); definitions that it does not know are refused",
                    target.versionText, source.versionText));
  return passed();
}

// --- the source's log ----------------------------------------------------------------------------------------------

Verdict checkBinlogOn(ProbeState& state) {
  if (state.sourceLogMode() != LogMode::none) return passed();
  if (state.copiesWithoutLog())
    return alarm(
        "log_bin is OFF at the source: all tables are read in one snapshot by one session, for which the source keeps "
        "old row versions as long as it takes, and a copy that is interrupted begins anew. With --log-bin it would be "
        "copied in pieces side by side");
  return failed(
      "log_bin is OFF at the source; start the server with --log-bin. Only a task of type FULL_TRANS can do without");
}

Verdict checkBinlogFormat(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  const std::string format = globalVariable(state.source(), "binlog_format");
  if (format.empty() || format == "ROW") return passed();
  return failed("binlog_format is " + format +
                " at the source; SET GLOBAL binlog_format = 'ROW' and let all applications connect anew");
}

Verdict checkRowImage(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  const std::string image = globalVariable(state.source(), "binlog_row_image");
  if (image.empty() || image == "FULL") return passed();
  const std::string setting = "binlog_row_image is " + image + " at the source: its log leaves columns out. ";
  NameList unfit, pieces;
  for (const TableSchemaPtr& table : state.selected()) {
    const auto isUnique = [](const Index& index) { return index.unique; };
    if (!table->primaryKey.empty() && rowKey(*table).empty())
      unfit.add(printable(table->name));
    else if (std::any_of(table->indexes.begin(), table->indexes.end(), isUnique))
      pieces.add(printable(table->name));
  }
  if (!unfit.empty())
    return failed(setting +
                  "The primary key of these tables holds a generated column, so their rows are found by all "
                  "of their values: " +
                  unfit.text() + ". SET GLOBAL binlog_row_image = 'FULL' and let all applications connect anew");
  std::string text = setting +
                     "The task stops at an insert that leaves a column out whose default is no fixed value, and "
                     "at a conflict that only a whole row could settle";
  if (state.hasFullPhase() && !pieces.empty())
    text += "; tables with several unique keys are copied in one piece each: " + pieces.text();
  return alarm(text + ". binlog_row_image = 'FULL' avoids this");
}

Verdict checkLogKept(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  std::int64_t seconds = toNumber(globalVariable(state.source(), "binlog_expire_logs_seconds"));
  if (seconds == 0) {
    const std::string days = globalVariable(state.source(), "expire_logs_days");
    seconds = static_cast<std::int64_t>(std::strtod(days.c_str(), nullptr) * 86400);
  }
  if (seconds == 0 || seconds >= kShortestKeepSeconds) return passed();
  return alarm(
      fmt::format("the source removes its log after {} s; a task that is paused or copies for longer cannot go on. "
                  "Keep logs for a day or more (binlog_expire_logs_seconds)",
                  seconds));
}

Verdict checkServerId(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  const std::string id = globalVariable(state.source(), "server_id");
  if (id != "0" && !id.empty()) return passed();
  return failed(
      "server_id is 0 at the source, so it sends its log to nobody; SET GLOBAL server_id to a number of its own");
}

/// The replay goes on at another MariaDB server only if that one is strict (log_continuity.cpp).
Verdict checkStrictness(ProbeState& state) {
  const ConnectOptions all = connectOptions(state.job(), Side::source);
  if (all.addresses.size() < 2) return passed();
  NameList loose, silent;
  for (const Address& address : all.addresses) {
    ConnectOptions one = all;
    one.addresses = {address};
    try {
      const auto server = Connection::open(one);
      if (globalVariable(*server, "gtid_strict_mode") != "ON") loose.add(server->peer());
    } catch (const Error& error) {
      silent.add(error.text());
    }
  }
  if (loose.empty() && silent.empty()) return passed();
  std::string text;
  if (!loose.empty()) text = "gtid_strict_mode is OFF at " + loose.text();
  if (!silent.empty())
    text +=
        (text.empty() ? "" : "; ") + ("whether gtid_strict_mode is ON is not known of some servers: " + silent.text());
  return alarm(text +
               ". The task does not go on at another server of the source without it. SET GLOBAL gtid_strict_mode = ON "
               "at all of them, in their configuration too, before they change places");
}

Verdict checkSourceGtid(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  if (state.source().server().mariadb) return checkStrictness(state);
  const std::string mode = globalVariable(state.source(), "gtid_mode");
  if (mode == "ON") return passed();
  return alarm(
      "gtid_mode is " + mode +
      " at the source: positions are told by file and offset, tables are locked for a moment while a part is read, "
      "and the task cannot go on at another server of the source. gtid_mode=ON avoids this");
}

Verdict checkLogUpdates(ProbeState& state) {
  if (state.copiesWithoutLog()) return passed();
  if (!state.source().server().mariadb && state.source().server().version >= 80026) {
    if (globalVariable(state.source(), "log_replica_updates") == "ON") return passed();
  } else if (globalVariable(state.source(), "log_slave_updates") == "ON") {
    return passed();
  }
  if (replicaFields(state.source()).empty()) return passed();
  return failed(
      "the source is a replica that does not log what it receives; start it with --log-replica-updates "
      "(--log-slave-updates)");
}

/// Passes always: it tells what will be written at the source, or why nothing will.
Verdict checkHeartbeat(ProbeState& state) {
  const int seconds = state.job().limits.heartbeatSeconds;
  if (seconds == 0 || state.job().spec.baseInfo.taskType == "FULL_TRANS" || !state.source().server().mariadb)
    return passed();
  const std::string obstacle =
      heartbeatObstacle(state.source(), connectOptions(state.job(), Side::source).addresses.size());
  Verdict verdict = passed();
  verdict.reason = obstacle.empty() ? heartbeatNotice(seconds) : heartbeatSilence(obstacle);
  return verdict;
}

Verdict checkStartPosition(ProbeState& state) {
  if (state.hasFullPhase()) return passed();
  const auto& start = state.job().startPosition;
  if (!start)
    return skippable(
        "no start position is set; set one by PUT start-position and run the pre-check again. If this item is skipped, "
        "the task begins at the end of the log at the moment it starts: what changed before is not replicated");
  // Opening the log is the only test that holds for every flavour. Errors (logPurged …) fail the item.
  const Plans none;
  LogPosition from = fromPosition(*start);
  if (from.gtid.empty()) from.mariadb = state.source().server().mariadb;
  const auto reader = openLogReader(state.job(), toPosition(from), none);
  return passed();
}

// --- both servers --------------------------------------------------------------------------------------------------

Verdict checkTimeZones(ProbeState& state) {
  const std::string sql =
      "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@GLOBAL.time_zone))";
  const auto source = state.source().value(sql);
  const auto target = state.target().value(sql);
  if (source == target) return passed();
  return alarm(
      "the servers' time zones differ (source " + globalVariable(state.source(), "time_zone") + ", target " +
      globalVariable(state.target(), "time_zone") +
      "). TIMESTAMP values are copied in UTC and stay the same moments; applications will see them in another zone");
}

Verdict checkClocks(ProbeState& state) {
  const auto now = [](Connection& connection) {
    return std::strtod(connection.value("SELECT UNIX_TIMESTAMP(SYSDATE(6))").value_or("0").c_str(), nullptr);
  };
  const double gap = now(state.target()) - now(state.source());
  if (std::abs(gap) < kClockSeconds) return passed();
  return alarm(fmt::format("the clocks of source and target differ by {:.0f} s; delays will be shown wrong", gap));
}

Verdict checkNameCase(ProbeState& state) {
  const std::string source = globalVariable(state.source(), "lower_case_table_names");
  const std::string target = globalVariable(state.target(), "lower_case_table_names");
  if ((source == "0") == (target == "0")) return passed();
  NameList names;
  for (const TableSchemaPtr& table : state.selected()) {
    const TableName name = mappedName(state.job().spec, table->name);
    const auto isUpper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::any_of(name.database.begin(), name.database.end(), isUpper) ||
        std::any_of(name.table.begin(), name.table.end(), isUpper))
      names.add(printable(name));
  }
  if (names.empty()) return passed();
  return failed(
      fmt::format("lower_case_table_names is {} at the source and {} at the target, and these names have capitals: "
                  "{}. Map them to lower case or give both servers the same setting",
                  source, target, names.text()));
}

Verdict checkPackets(ProbeState& state) {
  const std::int64_t source = toNumber(globalVariable(state.source(), "max_allowed_packet"));
  const std::int64_t target = toNumber(globalVariable(state.target(), "max_allowed_packet"));
  if (target < kSmallestPacket)
    return failed(fmt::format("max_allowed_packet of the target is {}; SET GLOBAL max_allowed_packet = {} or more",
                              target, std::max(source, kSmallestPacket)));
  if (target < source)
    return alarm(
        fmt::format("max_allowed_packet of the target ({}) is smaller than that of the source ({}): rows that do not "
                    "fit will stop the task",
                    target, source));
  return passed();
}

/// A user lock taken through one address and seen through the other proves that both lead to one server, whatever
/// stands between; it vanishes with the session and changes nothing.
bool isSameServer(ProbeState& state) {
  const std::string name = quoteText("drs." + newUuid());
  if (state.source().value("SELECT GET_LOCK(" + name + ", 0)").value_or("") != "1") return false;
  const bool seen = state.target().value("SELECT IS_FREE_LOCK(" + name + ")").value_or("") == "0";
  (void)state.source().value("SELECT RELEASE_LOCK(" + name + ")");
  return seen;
}

enum class Kinship { none, maybe, sure };

/// MySQL servers have unique names; of MariaDB servers only numbers that people choose, often the same.
Kinship kinshipOf(Connection& replica, Connection& origin, const ConnectOptions& originOptions) {
  if (replica.server().mariadb != origin.server().mariadb) return Kinship::none;
  for (auto& row : replicaFields(replica)) {
    if (!replica.server().mariadb) {
      const std::string uuid = row.contains("Source_UUID") ? row["Source_UUID"] : row["Master_UUID"];
      if (!uuid.empty() && uuid == globalVariable(origin, "server_uuid")) return Kinship::sure;
      continue;
    }
    if (row["Master_Server_Id"] != globalVariable(origin, "server_id") ||
        row["Master_Port"] != globalVariable(origin, "port"))
      continue;
    const auto isHost = [&](const Address& address) { return address.host == row["Master_Host"]; };
    if (row["Master_Host"] == globalVariable(origin, "hostname") ||
        std::any_of(originOptions.addresses.begin(), originOptions.addresses.end(), isHost))
      return Kinship::sure;
    return Kinship::maybe;
  }
  return Kinship::none;
}

Verdict checkIdentity(ProbeState& state) {
  if (isSameServer(state)) {
    NameList names;
    for (const TableSchemaPtr& table : state.selected()) {
      const TableName target = mappedName(state.job().spec, table->name);
      if (isSelected(state.job().spec, target)) names.add(printable(table->name) + " → " + printable(target));
    }
    if (!names.empty())
      return failed(
          "source and target are the same server, and these tables would be written into the selection itself: " +
          names.text() + ". Map the databases to names outside of the selection");
  }
  const Kinship back = kinshipOf(state.source(), state.target(), connectOptions(state.job(), Side::target));
  if (back == Kinship::sure)
    return failed(
        "the source is a replica of the target: every change would come back to where it was made. End that "
        "replication first");
  const Kinship forth = kinshipOf(state.target(), state.source(), connectOptions(state.job(), Side::source));
  if (forth == Kinship::sure)
    return failed(
        "the target is a replica of the source already: every row would be written twice. End that replication first");
  if (back == Kinship::maybe || forth == Kinship::maybe)
    return alarm(
        "one of the servers is a replica of a server with the other's server_id and port: make sure that it is not "
        "the other one");
  return passed();
}

}  // namespace

const std::vector<Check>& serverChecks() {
  static const std::vector<Check> kChecks = {
      {"srcDbConnection", kConnection, checkSourceConnection},
      {"dstDbConnection", kConnection, checkTargetConnection},
      {"srcDbVersionSupport", kConnection, checkSourceVersion},
      {"dstDbVersionSupport", kConnection, checkTargetVersion},
      {"srcDbBinlogIsOff", kLog, checkBinlogOn},
      {"srcBinlogFormatCheck", kLog, checkBinlogFormat},
      {"srcBinlogRowImageCheck", kLog, checkRowImage},
      {"srcDbBinlogExpireLogsDays", kLog, checkLogKept},
      {"srcDbServerIdCheck", kLog, checkServerId},
      {"srcGtidStatusCheck", kLog, checkSourceGtid},
      {"srclogSlaveUpdatesCheck", kLog, checkLogUpdates},
      {"gtidFormatCheck", kLog, checkStartPosition},
      {"srcHeartbeatCheck", kLog, checkHeartbeat},
      {"dbServerUuidConsistency", kConsistency, checkIdentity},
      {"dbTimeZoneConsistency", kConsistency, checkTimeZones},
      {"dbClockConsistency", kConsistency, checkClocks},
      {"srcDstTableNameCaseSensitiveCheck", kConsistency, checkNameCase},
      {"dstMaxAllowedPacketCheck", kConsistency, checkPackets},
  };
  return kChecks;
}

}  // namespace drs::mysql
