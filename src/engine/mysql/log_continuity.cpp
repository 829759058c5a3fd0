#include "engine/mysql/log_continuity.h"

#include "engine/mysql/server_log.h"
#include "wire/mysql/gtid_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drs::mysql {
namespace {

constexpr std::size_t kShownBytes = 500;  // of a set of GTIDs

std::string shown(std::string set) {
  std::erase_if(set, [](char c) { return c == '\n' || c == ' '; });
  return set.size() <= kShownBytes ? set : set.substr(0, kShownBytes) + "…";
}

std::string nameOf(const LogPosition& from) {
  return from.gtid.empty() ? fmt::format("{}:{}", from.file, from.offset) : shown(from.gtid);
}

[[noreturn]] void throwBehind(const Connection& connection, const std::string& what) {
  throw Error(Msg::sourceBehind, {connection.peer(), what}, Origin::source);
}

[[noreturn]] void throwPurged(const LogPosition& from, const std::string& what) {
  throw Error(Msg::logPurged, {nameOf(from), what}, Origin::source);
}

std::string oldestOf(const std::vector<LogFile>& files) {
  return files.empty() ? std::string() : "; the oldest file of its log is " + files.front().name;
}

void requireGtids(Connection& connection, const LogPosition& from) {
  const std::string ours = quoteText(from.gtid);
  // With what is owned: a server sends a transaction of its log before it has added it to gtid_executed.
  const auto rows =
      connection.query(fmt::format("SELECT GTID_SUBTRACT({}, {}), GTID_SUBTRACT(@@GLOBAL.gtid_purged, {})", ours,
                                   quoteText(executedAndOwnedGtids(connection).gtid), ours));
  const std::string missing = rows.at(0).at(0).value_or(""), purged = rows.at(0).at(1).value_or("");
  if (!missing.empty()) throwBehind(connection, "the transactions " + shown(missing));
  if (purged.empty()) return;
  throwPurged(from, fmt::format("{} has removed the transactions {} from its log, or never had them in it{}",
                                connection.peer(), shown(purged), oldestOf(logFiles(connection))));
}

std::vector<MariadbGtid> gtidsOf(std::string_view list) {
  std::vector<MariadbGtid> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (const auto gtid = MariadbGtid::parse(list.substr(0, end))) out.push_back(*gtid);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

/// A replica that takes writes before it has applied what it received gives them numbers that are taken, and its log
/// has them before our place: they would be left out without a word. Strict servers never do that.
void requireStrictness(Connection& connection, const LogPosition& from) {
  const std::string id = serverId(connection);
  if (from.server.empty() || id == from.server) return;
  if (connection.value("SELECT @@GLOBAL.gtid_strict_mode").value_or("0") == "1") return;
  throw Error(
      Msg::sourceChanged,
      {nameOf(from), connection.peer(),
       fmt::format("it was read at the server {}, this one is {}, and with gtid_strict_mode=OFF its log may have "
                   "numbers twice; set it to ON at all servers of the list (now, if this one took no writes "
                   "before it had applied all that it received)",
                   from.server, id)},
      Origin::source);
}

/// Within a domain the same number may have been given twice, by servers that did not know of each other: the state of
/// a log names each server's last transaction.
void requireMariadbGtids(Connection& connection, const LogPosition& from) {
  const auto rows = connection.query("SELECT @@GLOBAL.gtid_binlog_state, @@GLOBAL.gtid_slave_pos");
  const std::string stateText = rows.at(0).at(0).value_or("");
  const auto state = gtidsOf(stateText);
  const auto replicated = gtidsOf(rows.at(0).at(1).value_or(""));
  const auto files = logFiles(connection);
  std::vector<MariadbGtid> begin;
  if (!files.empty())
    begin = gtidsOf(connection.value("SELECT BINLOG_GTID_POS(" + quoteText(files.front().name) + ", 4)").value_or(""));
  for (const MariadbGtid& ours : gtidsOf(from.gtid)) {
    const bool isHeld = std::any_of(state.begin(), state.end(), [&](const MariadbGtid& its) {
      return its.domain == ours.domain && its.server == ours.server && its.sequence >= ours.sequence;
    });
    // Its log may have begun behind the last transaction that it received.
    const bool isLast = std::find(replicated.begin(), replicated.end(), ours) != replicated.end();
    if (!isHeld && !isLast)
      throwBehind(connection, fmt::format("the transaction {} (its log: {})", ours.text(), shown(stateText)));
    const auto later = std::find_if(begin.begin(), begin.end(), [&](const MariadbGtid& its) {
      return its.domain == ours.domain && its.sequence > ours.sequence;
    });
    if (later != begin.end())
      throwPurged(from, fmt::format("{} has removed the transactions behind {} up to {} from its log{}",
                                    connection.peer(), ours.text(), later->text(), oldestOf(files)));
  }
  requireStrictness(connection, from);
}

bool isOlderFile(const std::string& file, const std::string& other) {
  const auto nameOfLog = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  LogPosition at, goal;
  at.file = file;
  goal.file = other;
  return nameOfLog(file) == nameOfLog(other) && !reached(at, goal);
}

/// Behind the end that is left the server gives the numbers of what it lost to other transactions: GTIDs do not tell
/// them apart, that there is less of a file than was read of it does.
void requireEnd(Connection& connection, const LogPosition& from) {
  if (from.file.empty() || from.server.empty() || from.server != serverId(connection)) return;
  const auto files = logFiles(connection);
  if (files.empty()) return;
  const auto ours = std::find_if(files.begin(), files.end(), [&](const LogFile& f) { return f.name == from.file; });
  // Without the file: it was removed as all are one day, unless the newest one is older.
  if (ours == files.end() ? !isOlderFile(files.back().name, from.file) : ours->bytes >= from.offset) return;
  const LogFile& last = ours == files.end() ? files.back() : *ours;
  throwPurged(from,
              fmt::format("{} has lost the end of its log, as one with sync_binlog=0 does when its power fails, or "
                          "is another server with the same id ({}): {}:{} was read, and {} ends at {} now",
                          connection.peer(), from.server, from.file, from.offset, last.name, last.bytes));
}

void requireFile(Connection& connection, const LogPosition& from) {
  if (const std::string id = serverId(connection); !from.server.empty() && id != from.server) {
    throw Error(
        Msg::sourceChanged,
        {nameOf(from), connection.peer(),
         fmt::format("it belongs to the server {}, this one is {}, and the position has no GTIDs", from.server, id)},
        Origin::source);
  }
  if (from.file.empty()) return;
  const auto files = logFiles(connection);
  const auto isWanted = [&](const LogFile& file) { return file.name == from.file; };
  if (files.empty() || std::any_of(files.begin(), files.end(), isWanted)) return;
  throwPurged(from, fmt::format("{} does not have the file{}", connection.peer(), oldestOf(files)));
}

}  // namespace

std::vector<LogFile> logFiles(Connection& connection) {
  std::vector<LogFile> out;
  try {
    for (const auto& row : connection.query("SHOW BINARY LOGS")) {
      LogFile& file = out.emplace_back(LogFile{row.at(0).value_or(""), 0});
      const std::string size = row.at(1).value_or("");
      std::from_chars(size.data(), size.data() + size.size(), file.bytes);
    }
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;
    out.clear();
  }
  return out;
}

void requireContinuity(Connection& connection, const LogPosition& from) {
  if (from.gtid.empty()) return requireFile(connection, from);
  requireEnd(connection, from);
  from.mariadb ? requireMariadbGtids(connection, from) : requireGtids(connection, from);
}

}  // namespace drs::mysql
