#pragma once

#include "engine/mysql/control_tables.h"

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace drs::mysql {

/// Statements stay below this size, and below the target's max_allowed_packet.
inline constexpr std::size_t kStatementBytes = 1U << 20U;

/// Makes the session log rows where the server logs statements: a change of a table without a key names its row by all
/// values and LIMIT 1, which is unsafe as a statement. False: the account may not (MariaDB: BINLOG ADMIN; MySQL:
/// SESSION_VARIABLES_ADMIN).
[[nodiscard]] bool logRows(Connection& connection);

/// A writing session on the target that belongs to a job and registers under a name of its own, so that a successor can
/// end it (see ControlTables). Opens its connection at first use and again after a loss; before a second connection is
/// given out, what the first one left at the server is over. A target that is to be read-only and has forgotten it
/// (ReadOnlyNotes::keep()) is made so again before a registered session is given out. One thread; shutdown() from any.
class SinkSession {
 public:
  SinkSession(ConnectOptions options, ControlTables control)
      : options_(std::move(options)), control_(std::move(control)) {
    options_.loadData = true;
  }

  /// Opens the connection, not yet registered. Throws what Connection::open throws, and Error(targetBusy).
  Connection& connect();
  /// The connection of a worker that holds the fence; registers it after a reconnect. Throws Error(fenced).
  Connection& fenced();
  /// Takes the job over on this session; fenced() works from then on.
  StoredMark fence(const Fence& fence);
  /// Works under the fence that another session of this worker took.
  void adopt(const Fence& fence) {
    fence_ = fence;
    registered_ = false;
  }
  /// Takes a chunk over on this session, and finds out whether LOAD DATA LOCAL gets through to the target: a proxy
  /// between may refuse it whatever the target allows. Where it does not, rows go by INSERT.
  std::optional<ChunkResult> takeChunk(const Fence& fence, std::uint32_t number);

  /// The fence that fence() took. Throws Error(internal) before that.
  [[nodiscard]] const Fence& fenceNumbers() const;
  [[nodiscard]] const ControlTables& control() const { return control_; }
  /// The name that the session of the last connect() registers under.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Bytes that one statement, or one packet of several, may have.
  [[nodiscard]] std::size_t statementBytes() const { return statementBytes_; }
  /// Bytes that a single row may need: max_allowed_packet less some room.
  [[nodiscard]] std::size_t rowBytes() const { return rowBytes_; }

  /// True if the target takes rows by LOAD DATA LOCAL (local_infile is on there), which costs it less than INSERT.
  [[nodiscard]] bool loadsData() const { return loadsData_; }
  /// What was answered to the attempt, if it was refused.
  [[nodiscard]] const std::string& loadRefusal() const { return loadRefusal_; }

  /// Forgets the connection. The next connect() ends the old server session first.
  void drop() noexcept;
  /// Rolls back; drops the connection if that fails.
  void rollback() noexcept;
  /// Makes a blocked call of the owner end. Threads: any.
  void shutdown() noexcept;

 private:
  void prepare(Connection& connection);
  void keepReadOnly();
  [[nodiscard]] bool loadGetsThrough();

  ConnectOptions options_;
  ControlTables control_;
  std::mutex mutex_;  ///< guards connection_ against shutdown()
  std::unique_ptr<Connection> connection_;
  std::string name_;  ///< of the session now, or of the one that was lost
  bool registered_ = false;
  std::optional<Fence> fence_;
  std::size_t statementBytes_ = kStatementBytes;
  std::size_t rowBytes_ = kStatementBytes;
  bool loadsData_ = false;
  std::string loadRefusal_;
};

}  // namespace drs::mysql
