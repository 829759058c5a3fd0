#pragma once

#include "engine/mysql/connection.h"
#include "pipeline/interfaces.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Our schema on every target, shared by all jobs of all installations that write there; rows are told apart by job id.
/// Readers and catalogues must leave it out.
inline constexpr std::string_view kControlSchema = "drs_ctl";

/// A mark row. `sequence` is the number of the batch that moved it, counted through all runs and appliers of the job,
/// so that the furthest row is the one with the highest. After a commit whose answer was lost it says whether that very
/// commit took place.
struct StoredMark {
  Position position;  ///< empty: never set
  std::uint64_t epoch = 0, sequence = 0;
};

/// The control rows of one job in `drs_ctl` (mysql.md 4.1). All tables are InnoDB, so that the rows commit with the
/// data.
///
///   job      one row: plan and epoch (see drs::Fence); every transaction of ours holds a lock on this row, on its
///   chunk's
///            row or on the mark row from its start to its end
///   mark     one row for each applier of the lane. Batches commit in the order of the source, so whatever stands in a
///            row implies everything before it, and the lane is where the furthest row is
///   chunk    one row for each chunk that was ever opened
///   session  one row for each server session that may write. Its name is also a server-side named lock that the
///   session
///            holds, so a successor finds the session and ends it. That is what fences statements which commit by
///            themselves (TRUNCATE, CREATE, ALTER): when fence() or takeChunk() returns, no older session is alive
///   made     one row for each table that prepare() created, written before the table: Cleaner::reset() drops only
///   these
///   made_object  the same for views, routines, triggers and events (made_objects.h)
///   conflict     one row for each conflict of the replay (conflict_log.h)
///   ddl, definition  what the statements of the log did (statement_records.h)
///   readonly     one row for each job that wants the server read-only (read_only.h)
///   server, direction  of two-way groups (two_way.h)
///
/// The last column of mark and of chunk, `origins`, says where the changes of the transaction come from (origins.h);
/// tasks that read this server's log find it there.
///
/// All methods throw what Connection throws. Those that say "inside a transaction" leave beginning and ending to the
/// caller. Stateless beyond the job id; threads: any, each with a connection of its own.
class ControlTables {
 public:
  explicit ControlTables(std::string_view jobId);

  /// Creates schema and tables, takes the control row over, ends the older sessions, and registers this session for
  /// the job and takes over all mark rows. Throws Error(fenced) as Sink::fence() says. Returns the furthest mark.
  StoredMark fence(Connection& connection, const Fence& fence, const std::string& session) const;
  /// The same for a reset, whatever plan the control row is of: while it lasts the row carries a plan that no worker
  /// has, so that nobody older can write, register or take over; and all older sessions are ended, those of chunks too.
  /// forgetProgress() ends it. Throws Error(fenced) if the row has a newer epoch.
  void fenceReset(Connection& connection, std::uint64_t epoch, const std::string& session) const;
  /// Registers a further session of a worker that holds the fence already. Throws Error(fenced).
  void registerSession(Connection& connection, const Fence& fence, const std::string& session) const;

  /// Takes a chunk's row over and ends older sessions that worked on it; registers this session for it. Returns the
  /// chunk's result if it is committed. Throws Error(fenced).
  std::optional<ChunkResult> takeChunk(Connection& connection, const Fence& fence, std::uint32_t number,
                                       const std::string& session) const;
  /// Inside a transaction, first: locks the control row (shared) and the chunk's row (exclusive). Throws Error(fenced).
  /// `origins`: of the rows that follow.
  void guardChunk(Connection& connection, const Fence& fence, std::uint32_t number, std::string_view origins) const;
  /// Inside a transaction, last: the chunk's result. Throws Error(fenced) unless exactly one row was written.
  /// The session is no longer registered then.
  void writeChunk(Connection& connection, const Fence& fence, const ChunkResult& result,
                  const std::string& session) const;
  /// The chunk's result if it is committed under this fence.
  [[nodiscard]] std::optional<ChunkResult> chunk(Connection& connection, const Fence& fence,
                                                 std::uint32_t number) const;
  /// All committed chunks of the control row's plan; empty if there are no control tables.
  [[nodiscard]] std::vector<ChunkResult> chunks(Connection& connection) const;

  /// Makes the mark rows of appliers 0 … count − 1 as far as they are missing; returns the sequences in them. Throws
  /// Error(fenced).
  [[nodiscard]] std::vector<std::uint64_t> openMarks(Connection& connection, const Fence& fence,
                                                     std::size_t count) const;
  /// The statement that moves an applier's mark; it must find exactly one row, else the caller was fenced. First in a
  /// transaction.
  [[nodiscard]] std::string moveMark(const Fence& fence, std::size_t applier, const Position& position,
                                     std::uint64_t from, std::uint64_t to, std::string_view origins) const;
  /// The sequence in an applier's mark row, read under an exclusive lock that waits for whoever is writing it. Throws
  /// Error(fenced) if the row is not ours.
  [[nodiscard]] std::uint64_t lockedMark(Connection& connection, const Fence& fence, std::size_t applier) const;
  /// The highest sequence in any mark row of the job.
  [[nodiscard]] std::uint64_t furthestMark(Connection& connection) const;

  /// Notes that the job makes these tables; forgets it. One statement; idempotent; nothing for an empty list.
  void noteMade(Connection& connection, const std::vector<TableName>& tables) const;
  void forgetMade(Connection& connection, const std::vector<TableName>& tables) const;
  /// The statement that does so; empty for an empty list.
  [[nodiscard]] std::string forgetMadeStatement(const std::vector<TableName>& tables) const;
  /// The tables that the job noted.
  [[nodiscard]] std::set<TableName> made(Connection& connection) const;

  /// Ends all sessions of the job but `session` and removes its control row, chunks, mark and conflicts; the notes of
  /// made tables stay. Without control tables it does nothing.
  void forgetProgress(Connection& connection, const std::string& session = {}) const;
  /// Ends the job's sessions, sets read_only back (read_only.h), and removes all that is left of the job, and the
  /// schema with the last job's rows. Returns why the target stays read-only; empty: it does not, or was before.
  [[nodiscard]] std::string forgetJob(Connection& connection) const;

  [[nodiscard]] const std::string& jobId() const { return jobId_; }

 private:
  void create(Connection& connection) const;
  /// Brings control tables that an older version made up to date.
  static void upgrade(Connection& connection);
  /// The same, and a control row below every fence, so that the schema is not taken for empty by another job's end.
  void createWithRow(Connection& connection) const;
  /// Takes or checks the control row under an exclusive lock. Inside a transaction.
  void takeControlRow(Connection& connection, const Fence& fence) const;
  StoredMark takeMarks(Connection& connection, const Fence& fence) const;
  void note(Connection& connection, const Fence& fence, const std::string& session, std::int64_t scope) const;
  /// Ends the sessions that `condition` selects and forgets them.
  void endSessions(Connection& connection, const std::string& condition) const;
  [[noreturn]] void throwFenced() const;

  std::string jobId_;
  std::string job_;  ///< "job_id = '…'", the condition on every table
  std::string id_;   ///< the job id as a literal
};

/// What a server that is no target has of `drs_ctl`: statements that make the schema and the tables of two_way.h, where
/// they are missing.
[[nodiscard]] std::vector<std::string> serverTables();

/// Drops `drs_ctl` if no table of it has a row. Behind kSetupLock.
void dropUnusedControlSchema(Connection& connection);

/// True if `drs_ctl` is complete on this server.
[[nodiscard]] bool hasControlTables(Connection& connection);

/// Runs `body` in a transaction and commits; rolls back and rethrows what it throws. Repeats a deadlock or lock wait.
void inTransaction(Connection& connection, const std::function<void()>& body);

}  // namespace drs::mysql
