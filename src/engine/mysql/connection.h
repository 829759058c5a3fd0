#pragma once

#include "base/error.h"
#include "engine/engine.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct st_mysql;  // libmariadb's MYSQL  NOLINT(readability-identifier-naming)

namespace drs::mysql {

struct Address {
  std::string host;
  int port = 3306;
};

/// How to reach one side of a job; made by connectOptions(), secrets opened.
struct ConnectOptions {
  Origin origin = Origin::source;  ///< for errors
  std::vector<Address> addresses;  ///< tried in order
  /// Of several addresses the first whose server is not read_only, if there is one: the others are its replicas.
  bool prefersWritable = false;
  std::string user, password;
  bool tls = false;
  std::string caPem;        ///< empty: the system's CAs; verification is always on when tls is
  std::string bindAddress;  ///< local address (custom_node_ip), empty = any
  int connectTimeoutSeconds = 10;
  int readTimeoutSeconds = 600;     ///< for an answer
  int networkTimeoutSeconds = 600;  ///< for a sign of life of the network, however long an answer may take
  int lockWaitSeconds = 60;         ///< of writing sessions, for metadata locks
  /// The server ends the session when we have been silent for so long between two statements, or have taken nothing of
  /// an answer: it hears nothing of a network that is lost, and keeps the locks of a reader's transaction until then.
  int idleSeconds = 86400, unreadSeconds = 1800;
  bool loadData = false;  ///< loadData() may be used
  /// Bytes that a row may have; the library takes no memory for a larger one, and the session is lost with it. 0: what
  /// the protocol allows.
  std::size_t maxRowBytes = 0;
};

/// Addresses (ip, or instance_id through the catalogue), user, password and TLS of one side. Throws Error
/// (unknownInstance, valueNotAllowed, sealBroken).
[[nodiscard]] ConnectOptions connectOptions(const EngineJob& job, Side side);

/// "host[:port],host[:port],…", IPv6 in brackets ("[::1]:3306"; bare if without a port). `path` names the member in
/// errors. Throws Error(valueNotAllowed).
[[nodiscard]] std::vector<Address> parseAddresses(std::string_view list, int defaultPort, const std::string& path);

/// What the server is.
struct ServerInfo {
  bool mariadb = false;
  int version = 0;  ///< 101106 = 10.11.6, 90704 = 9.7.4
  std::string versionText;
};

/// One value of a text result; data() == nullptr is NULL.
using Field = std::string_view;
using Row = std::vector<Field>;

/// One session, blocking. Every session starts with: time_zone '+00:00', utf8mb4 for the text of statements, binary
/// character set for results (bytes are moved, never converted), sql_mode 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,
/// STRICT_ALL_TABLES', autocommit on, no statement time-out, CLIENT_FOUND_ROWS and multi-statements on. LOAD DATA LOCAL
/// sends what loadData() was given and nothing else: no server can ask for a file. One thread; shutdown() from any.
class Connection {
 public:
  /// Throws Error: cannotResolve, cannotConnect, accessDenied, tlsFailed.
  [[nodiscard]] static std::unique_ptr<Connection> open(const ConnectOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  struct Outcome {
    std::uint64_t affected = 0;  ///< rows found (CLIENT_FOUND_ROWS)
    std::uint64_t insertId = 0;
    unsigned warnings = 0;
  };
  /// Runs one statement without a result set. Throws Error: databaseError, deadlock (1205, 1213, 1180, 1412: repeat the
  /// transaction), connectionLost,
  /// and LargeRowMet beyond ConnectOptions::maxRowBytes.
  /// lastErrno() has the server's number.
  Outcome execute(std::string_view sql);
  /// Sends several statements in one packet; the outcome of each, up to the first that failed, which is thrown.
  std::vector<Outcome> executeAll(std::string_view sql);
  /// Runs one LOAD DATA LOCAL INFILE statement; the server reads `data` as the file's content, whatever name the
  /// statement says. Only for sessions with ConnectOptions::loadData. LOCAL turns errors of rows into warnings: look at
  /// both numbers of the outcome. Throws as execute().
  Outcome loadData(std::string_view sql, std::string_view data);
  /// All rows at once (for small results): copies.
  [[nodiscard]] std::vector<std::vector<std::optional<std::string>>> query(std::string_view sql);
  /// First column of the first row; nothing if there is no row or it is NULL.
  [[nodiscard]] std::optional<std::string> value(std::string_view sql);
  /// All rows at once with the columns' names, for statements whose columns differ from server to server; NULL is "".
  [[nodiscard]] std::vector<std::map<std::string, std::string>> records(std::string_view sql);
  /// Streams rows; `row` is valid during the call only; false ends early (the rest is discarded by closing the
  /// session).
  void stream(std::string_view sql, const std::function<bool(const Row&)>& each);

  [[nodiscard]] const ServerInfo& server() const { return server_; }
  [[nodiscard]] unsigned lastErrno() const { return lastErrno_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }  ///< "source 10.0.0.5:3306", for messages
  [[nodiscard]] Origin origin() const { return origin_; }
  /// Warnings of the last statement as "code: text" lines (SHOW WARNINGS).
  [[nodiscard]] std::vector<std::string> warnings();
  /// Makes a blocked call of the owner end with connectionLost. Threads: any.
  void shutdown() noexcept;
  /// libmariadb's handle, for the binlog dump.
  [[nodiscard]] st_mysql* handle() { return mysql_; }

 private:
  explicit Connection(st_mysql* mysql) : mysql_(mysql) {}
  [[noreturn]] void fail();
  void setUp(const ConnectOptions& options);

  st_mysql* mysql_ = nullptr;
  int socket_ = -1;  ///< a duplicate: shutdown() may use it while the library closes its own
  ServerInfo server_;
  std::string peer_;
  std::size_t maxRowBytes_ = 0;
  Origin origin_ = Origin::source;
  unsigned lastErrno_ = 0;
  std::string_view file_;  ///< what is left to send of loadData()
};

/// `name` in back-quotes, inner ones doubled.
[[nodiscard]] std::string quoteName(std::string_view name);
/// "`db`.`table`".
[[nodiscard]] std::string quoteName(const TableName& name);
/// A text literal for our own ASCII/UTF-8 texts: quoted, escaped for every sql_mode (hex form if it holds a backslash).
[[nodiscard]] std::string quoteText(std::string_view text);

}  // namespace drs::mysql
