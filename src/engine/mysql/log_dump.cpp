#include "engine/mysql/log_dump.h"

#include "base/ids.h"
#include "engine/mysql/log_continuity.h"
#include "engine/mysql/server_log.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace drs::mysql {
namespace {

constexpr unsigned kComBinlogDump = 0x12, kComRegisterSlave = 0x15, kComBinlogDumpGtid = 0x1e;
constexpr std::uint16_t kThroughGtid = 0x04, kWithAnnotations = 0x02;
/// Heartbeats come every second; a source that scans its log for the start of a dump may be silent for longer.
constexpr int kSilenceSeconds = 60;

template <typename T>
void append(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> 8U * i & 0xffU);
}

bool isLost(unsigned number) {
  const bool client = number >= CR_MIN_ERROR && number <= CR_MAX_ERROR;
  // shutdown, forced close, interrupted, network errors that the server met, killed (MariaDB, MySQL)
  return client || number == 1053 || number == 1080 || number == 1317 || (number >= 1158 && number <= 1161) ||
         number == 1927 || number == 3169;
}

}  // namespace

DumpIdentity DumpIdentity::random(std::string name) {
  // People number their servers from 1: stay in the upper half.
  std::uint32_t id = 0;
  const std::string hex = randomHex(4);
  std::from_chars(hex.data(), hex.data() + hex.size(), id, 16);
  return {id | 0x80000000U, newUuid(), std::move(name)};
}

std::unique_ptr<LogDump> LogDump::open(ConnectOptions options, const LogPosition& from) {
  options.readTimeoutSeconds = std::min(options.readTimeoutSeconds, kSilenceSeconds);
  std::unique_ptr<LogDump> dump(new LogDump(Connection::open(options), from));
  if (dump->connection_->server().mariadb != from.mariadb) {
    throw Error(Msg::logPurged,
                {toPosition(from).text,
                 fmt::format("the position is one of {}, the source is not", from.mariadb ? "MariaDB" : "MySQL")},
                Origin::source);
  }
  dump->from_ = from.gtid.empty() ? fmt::format("{}:{}", from.file, from.offset) : from.gtid;
  dump->server_ = serverId(*dump->connection_);
  dump->writable_ = isWritable(*dump->connection_);
  requireContinuity(*dump->connection_, from);
  return dump;
}

std::unique_ptr<LogDump> LogDump::start(ConnectOptions options, const LogPosition& from, const DumpIdentity& identity) {
  auto dump = open(std::move(options), from);
  dump->begin(identity);
  return dump;
}

void LogDump::begin(const DumpIdentity& identity) {
  prepare(identity);
  enlist(identity);
  request(identity);
}

void LogDump::prepare(const DumpIdentity& identity) {
  Connection& connection = *connection_;
  const LogPosition& from = position_;
  foldsNames_ = connection.value("SELECT @@global.lower_case_table_names").value_or("0") != "0";
  const std::string zone = connection.value("SELECT @@global.system_time_zone").value_or("");
  if (zone == "UTC" || zone == "GMT") systemTimeZone_ = "+00:00";
  if (!from.mariadb && !from.gtid.empty()) {
    if (auto set = GtidSet::parse(connection.value("SELECT @@global.gtid_executed").value_or("")))
      executed_ = *std::move(set);
  }
  // Old and new names: servers read the one that they know.
  connection.execute(
      "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum");
  connection.execute("SET @master_heartbeat_period = 1000000000, @source_heartbeat_period = 1000000000");
  connection.execute(fmt::format("SET @slave_uuid = '{0}', @replica_uuid = '{0}'", identity.uuid));
  if (!from.mariadb) return;
  annotated_ = connection.value("SELECT @@global.binlog_row_image").value_or("FULL") != "FULL";
  // 4: understands MariaDB's GTIDs, so the log comes as it is.
  connection.execute("SET @mariadb_slave_capability = 4");
  if (from.gtid.empty()) return;
  connection.execute(
      fmt::format("SET @slave_connect_state = {}, @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0",
                  quoteText(from.gtid)));
}

/// COM_REGISTER_SLAVE, so that operators see us in SHOW REPLICAS.
void LogDump::enlist(const DumpIdentity& identity) {
  std::string body;
  append<std::uint32_t>(body, identity.serverId);
  append<std::uint8_t>(body, static_cast<std::uint8_t>(identity.name.size()));
  body += identity.name;
  append<std::uint8_t>(body, 0);   // user
  append<std::uint8_t>(body, 0);   // password
  append<std::uint16_t>(body, 0);  // port
  append<std::uint32_t>(body, 0);  // rank, unused
  append<std::uint32_t>(body, 0);  // the source's id, filled in by the server
  command(kComRegisterSlave, body, true);
}

void LogDump::request(const DumpIdentity& identity) {
  const LogPosition& from = position_;
  std::string body;
  const bool gtid = !from.mariadb && !from.gtid.empty();
  if (gtid) {
    const auto set = GtidSet::parse(from.gtid);
    if (!set) throw Error(Msg::internal, {"malformed GTID set " + from.gtid});
    const std::string encoded = set->encode();
    append<std::uint16_t>(body, kThroughGtid);
    append<std::uint32_t>(body, identity.serverId);
    append<std::uint32_t>(body, 0);  // length of the file's name: the server finds the file
    append<std::uint64_t>(body, kFirstOffset);
    append<std::uint32_t>(body, static_cast<std::uint32_t>(encoded.size()));
    body += encoded;
  } else {
    const bool byFile = from.gtid.empty();
    const bool expressible = from.offset <= std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t offset = byFile && expressible ? std::max(from.offset, kFirstOffset) : kFirstOffset;
    append<std::uint32_t>(body, static_cast<std::uint32_t>(offset));
    append<std::uint16_t>(body, annotated_ ? kWithAnnotations : 0);
    append<std::uint32_t>(body, identity.serverId);
    if (byFile) body += from.file;
  }
  command(gtid ? kComBinlogDumpGtid : kComBinlogDump, body, false);
}

void LogDump::command(unsigned code, const std::string& body, bool answered) {
  MYSQL* mysql = connection_->handle();
  const auto wireCode = static_cast<enum_server_command>(code);
  if (mysql->methods->db_command(mysql, wireCode, body.data(), body.size(), answered ? 0 : 1, nullptr) != 0) fail();
}

std::string_view LogDump::read() {
  constexpr unsigned char kEvent = 0x00;
  MYSQL* mysql = connection_->handle();
  const unsigned long size = mysql_net_read_packet(mysql);
  if (size == packet_error || size == 0) fail();
  const auto* packet = mysql->net.read_pos;
  if (packet[0] != kEvent) {
    throw Error(Msg::connectionLost, {peer(), "the source ended its log stream"}, Origin::source);
  }
  return {reinterpret_cast<const char*>(packet) + 1, size - 1};
}

void LogDump::fail() {
  MYSQL* mysql = connection_->handle();
  const unsigned number = mysql_errno(mysql);
  const std::string text = mysql_error(mysql);
  switch (number) {
    case 1236:  // the dump's own error: file or position not there, GTIDs purged
    case 1945:  // MariaDB: GTID not in the log
    case 1955:
      throw Error(Msg::logPurged, {from_, fmt::format("{} ({})", text, number)}, Origin::source);
    case 1044:
    case 1045:
    case 1142:
    case 1227:
      throw Error(Msg::accessDenied, {peer(), fmt::format("{} ({})", text, number)}, Origin::source);
    default:
      break;
  }
  if (number == 0 || isLost(number))
    throw Error(Msg::connectionLost, {peer(), fmt::format("{} ({})", text, number)}, Origin::source);
  throw Error(Msg::databaseError, {peer(), std::to_string(number), text}, Origin::source);
}

}  // namespace drs::mysql
