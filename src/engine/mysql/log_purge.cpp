#include "engine/mysql/log_purge.h"

#include "engine/mysql/grants.h"
#include "engine/mysql/log_continuity.h"
#include "engine/mysql/position.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/replica_status.h"
#include "engine/mysql/server_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace drs::mysql {
namespace {

constexpr int kPurgeLookSeconds = 5;

/// Why nothing may be removed. It ends purgeLog(), and is its answer.
struct Obstacle {
  std::string text;
};

/// The files of the log, and how many of them from the oldest on nobody needs.
class Removable {
 public:
  explicit Removable(std::vector<LogFile> files) : files_(std::move(files)), count_(files_.size()) {}

  /// Throws Obstacle if the log does not have the file: then it is not the log that the place is of.
  void keepFrom(const std::string& file, const std::string& who) {
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const LogFile& one) { return one.name == file; });
    if (found == files_.end())
      throw Obstacle{fmt::format("{} is at the file '{}', which the source's log does not have", who, file)};
    count_ = std::min(count_, static_cast<std::size_t>(found - files_.begin()));
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const std::string& firstKept() const { return files_.at(count_).name; }

 private:
  std::vector<LogFile> files_;
  std::size_t count_;
};

void keepFor(Removable& removable, const LogPosition& at, const std::string& server, const std::string& who) {
  if (at.server.empty()) throw Obstacle{fmt::format("it is not known which server the place of {} belongs to", who)};
  if (at.server != server) return;
  if (!at.heldXa.empty())
    throw Obstacle{fmt::format("{} needs the log of XA transactions that are prepared and not ended", who)};
  removable.keepFrom(at.file, who);
}

/// What the replicas execute that the address list names, by their server_id.
std::map<std::string, std::string> replicasOfList(const ConnectOptions& source, Connection& server) {
  const std::string origin = globalVariable(server, "server_id");
  std::map<std::string, std::string> files;
  for (const Address& address : source.addresses) {
    ConnectOptions one = source;
    one.addresses = {address};
    try {
      const auto replica = Connection::open(one);
      const std::string id = globalVariable(*replica, "server_id");
      if (id == origin) continue;
      for (const StatusRecord& record : replicaStatus(*replica))
        if (columnOf(record, "Source_Server_Id", "Master_Server_Id") == origin)
          files[id] = columnOf(record, "Relay_Source_Log_File", "Relay_Master_Log_File");
    } catch (const Error&) {
      continue;  // if it reads the log, it is one whose place is not known
    }
  }
  return files;
}

/// Throws Obstacle unless everybody who reads the log is known.
void keepForReaders(Removable& removable, const ConnectOptions& options, Connection& server, const std::string& jobId,
                    const std::map<std::string, Position>& others) {
  const auto isOurs = [&](const std::string& host) {
    return host == readerName(jobId) || std::any_of(others.begin(), others.end(),
                                                    [&](const auto& other) { return host == readerName(other.first); });
  };
  const auto replicas = replicasOfList(options, server);
  std::size_t known = 0;
  for (const StatusRecord& record : registeredReplicas(server)) {
    ++known;
    if (isOurs(columnOf(record, "Host", "Host"))) continue;
    const std::string id = columnOf(record, "Server_Id", "Server_id");
    const auto file = replicas.find(id);
    if (file == replicas.end())
      throw Obstacle{
          fmt::format("the replica with server_id {} reads its log, and what it needs is not known; name it "
                      "among the addresses of the source, where the task's account may ask it",
                      id)};
    removable.keepFrom(file->second, "the replica with server_id " + id);
  }
  const auto readers =
      server.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'");
  if (readers != std::to_string(known))
    throw Obstacle{
        fmt::format("{} sessions read its log and {} have said who they are; what the others need is not "
                    "known",
                    readers.value_or("0"), known)};
}

}  // namespace

std::string readerName(const std::string& jobId) {
  return "opendrs-" + jobId;
}

std::string missingForPurge(Connection& connection) {
  const Grants grants = Grants::read(connection);
  const bool mariadb = connection.server().mariadb;
  NameList missing;
  const char* const purge = mariadb ? "BINLOG ADMIN" : "BINLOG_ADMIN";
  if (!grants.onServer(purge) && !grants.onServer("SUPER")) missing.add(purge);
  if (!grants.onServer("PROCESS")) missing.add("PROCESS");
  try {
    (void)registeredReplicas(connection);
  } catch (const Error& error) {
    if (error.action() == Action::retry) throw;
    missing.add(mariadb ? "REPLICATION MASTER ADMIN" : "REPLICATION SLAVE");
  }
  return missing.text();
}

LogPurge purgeLog(ConnectOptions options, const std::string& jobId, const Position& durable,
                  const std::map<std::string, Position>& others) {
  options.connectTimeoutSeconds = std::min(options.connectTimeoutSeconds, kPurgeLookSeconds);
  const auto server = Connection::open(options);
  try {
    Removable removable(logFiles(*server));
    const std::string id = serverId(*server);
    const LogPosition at = fromPosition(durable);
    if (at.server != id)
      throw Obstacle{"the replay's place is one of another server; it will be known when the replay has gone on here"};
    keepFor(removable, at, id, "the task");
    for (const auto& [name, position] : others) {
      if (position.empty()) throw Obstacle{fmt::format("it is not known yet what the task {} needs", name)};
      keepFor(removable, fromPosition(position), id, "the task " + name);
    }
    if (removable.count() == 0) return {};
    if (const std::string missing = missingForPurge(*server); !missing.empty())
      throw Obstacle{"the source's account lacks " + missing};
    keepForReaders(removable, options, *server, jobId, others);
    if (removable.count() == 0) return {};
    server->execute("PURGE BINARY LOGS TO " + quoteText(removable.firstKept()));
    return {fmt::format("{} files of the log of {}, those before {}", removable.count(), server->peer(),
                        removable.firstKept()),
            {}};
  } catch (const Obstacle& obstacle) {
    return {{}, obstacle.text};
  }
}

}  // namespace drs::mysql
