#pragma once

#include "engine/mysql/connection.h"
#include "engine/mysql/position.h"
#include "wire/mysql/gtid_set.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace drs::mysql {

/// Who we are among the source's replicas. The same for all dumps of a reader, so that the server ends a forgotten dump
/// of ours when the next begins; different for different readers, or they would end each other's.
struct DumpIdentity {
  std::uint32_t serverId = 0;
  std::string uuid;
  std::string name;  ///< in SHOW REPLICAS, column Host
  [[nodiscard]] static DumpIdentity random(std::string name = "opendrs");
};

/// One running dump of the source's log: raw event packets. One thread; interrupt() from any.
class LogDump {
 public:
  /// Logs in and sees to it that a lane at `from` can go on there (requireContinuity()). Throws Error: what
  /// Connection::open() and requireContinuity() throw, logPurged for a position of the other family.
  [[nodiscard]] static std::unique_ptr<LogDump> open(ConnectOptions options, const LogPosition& from);
  /// Agrees on checksums (as the source writes them) and heartbeats (one a second when idle), registers as a
  /// replica and starts the dump behind the place of open(): by GTID if it has one, else by file and offset; beyond
  /// 4 GiB, which a request cannot express, from the start of the file. Throws Error: logPurged, accessDenied,
  /// connectionLost, databaseError.
  void begin(const DumpIdentity& identity);
  /// Both.
  [[nodiscard]] static std::unique_ptr<LogDump> start(ConnectOptions options, const LogPosition& from,
                                                      const DumpIdentity& identity);

  /// The next event, valid until the next call. Blocks; returns after about a second at the latest (a heartbeat).
  /// Throws Error: connectionLost, logPurged, databaseError.
  [[nodiscard]] std::string_view read();
  /// Makes a blocked read() end with connectionLost. Threads: any.
  void interrupt() noexcept { connection_->shutdown(); }

  /// lower_case_table_names is not 0.
  [[nodiscard]] bool foldsNames() const { return foldsNames_; }
  /// What the source means by the time zone SYSTEM, as an offset; empty: it is not told in a way that can be handed on.
  [[nodiscard]] const std::string& systemTimeZone() const { return systemTimeZone_; }
  /// MySQL: what the source had executed when the dump began. Until the lane has it all, a heartbeat may only mean that
  /// the server is still looking for the first group to send.
  [[nodiscard]] const GtidSet& executedAtStart() const { return executed_; }
  /// See serverId() and isWritable(); as it was at open().
  [[nodiscard]] const std::string& server() const { return server_; }
  [[nodiscard]] bool writable() const { return writable_; }
  [[nodiscard]] const std::string& peer() const { return connection_->peer(); }

 private:
  LogDump(std::unique_ptr<Connection> connection, LogPosition from)
      : connection_(std::move(connection)), position_(std::move(from)) {}
  void prepare(const DumpIdentity& identity);
  void enlist(const DumpIdentity& identity);
  void request(const DumpIdentity& identity);
  void command(unsigned code, const std::string& body, bool answered);
  [[noreturn]] void fail();

  std::unique_ptr<Connection> connection_;
  const LogPosition position_;  ///< where it starts
  std::string from_;            ///< the same for messages
  std::string server_;
  bool writable_ = true;
  bool annotated_ = false;  ///< MariaDB: with the text of statements, see LogTables::requireUsable()
  bool foldsNames_ = false;
  std::string systemTimeZone_;
  GtidSet executed_;
};

}  // namespace drs::mysql
