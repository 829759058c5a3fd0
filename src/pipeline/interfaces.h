#pragma once

#include "model/change_event.h"
#include "model/conflict_row.h"
#include "model/statement_row.h"
#include "pipeline/chunk.h"
#include "pipeline/conflict_keys.h"
#include "pipeline/turns.h"
#include "transform/definition_change.h"
#include "transform/table_plan.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

// What an engine supplies so that the pipelines (CopyRun, StreamRun, CompareRun) can run on it. All calls block; each
// ends soon after `stop` is requested (the engine shuts its sockets down). All failures are thrown as Error.

namespace drs {

using Plans = std::vector<TablePlan>;

/// Takes a batch away; false = stop was requested, end at once.
using BatchConsumer = std::function<bool(std::size_t plan, RowBatch batch)>;

/// Reads a lane's log. One thread.
class LogReader {
 public:
  virtual ~LogReader() = default;
  /// The next transaction; nothing = idle: no event came within about one second, and all that the source had was
  /// delivered (see reached()).
  virtual std::optional<Transaction> next(const std::stop_token& stop) = 0;
  /// Where the reader is: the position behind the last transaction that next() returned, advanced over foreign events.
  [[nodiscard]] virtual Position position() const = 0;
  /// Milliseconds (Unix) at which the source was last known to have nothing newer than position(): heartbeat or event.
  [[nodiscard]] virtual UnixMillis caughtUpAt() const = 0;
};

/// Reads a job's source. Methods may be called from different threads, one at a time for each instance.
class Source {
 public:
  virtual ~Source() = default;
  /// The end of the log now: everything committed before the call is at or before it. Empty: the source writes no log;
  /// the task then copies one snapshot and replays nothing (FULL_TRANS only, others throw).
  [[nodiscard]] virtual Position currentPosition() = 0;
  /// Cuts a job's tables into chunks; groups become one chunk each.
  [[nodiscard]] virtual std::vector<Chunk> split(const Plans& plans) = 0;
  /// Streams a chunk's rows; low and high are set (rows and bytes are counted by the caller). A free chunk in which a
  /// table is far longer than it should be may be ended early, between two rows of its key: then endedAt is set.
  /// Everything at or before low is visible in the snapshot (never the raw tail of the log), everything visible in it
  /// is at or before high. Throws LargeRowMet for a row of LargeRows::kLarge and more if the chunk does not say
  /// largeRows. After a stop, or when `out` says false, it returns early or throws; the caller drops such a
  /// chunk in either case.
  virtual ChunkResult readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                                const std::stop_token& stop) = 0;
  /// Opens the log behind `from`. Throws Error(logPurged) if the source has it no more.
  [[nodiscard]] virtual std::unique_ptr<LogReader> openLog(const Position& from, const Plans& plans) = 0;
  /// False: the source is set to leave columns out of the rows in its log. Then a row that a tolerant window replays
  /// cannot always be made whole.
  [[nodiscard]] virtual bool logsWholeRows() { return true; }
  /// True if a lane at `at` has passed `goal` (every transaction at or before goal is at or before `at`). Never blocks.
  [[nodiscard]] virtual bool reached(const Position& at, const Position& goal) const = 0;
  /// True if `position` (of a snapshot) contains this very transaction. Never blocks.
  [[nodiscard]] virtual bool covers(const Position& position, const Transaction& transaction) const = 0;
  /// How long an exact chunk may take to read where there is a log; zero = no limit. readChunk() throws
  /// Error(limitExceeded) then: the source keeps all old row versions for as long. Free chunks are short by themselves.
  virtual void limitSnapshots(std::chrono::seconds /*most*/) {}
};

/// Who may write. The job's control row in the target holds both numbers; each transaction of ours checks them under a
/// lock, so that a worker that lost its lease, or works for a plan that was reset, can commit nothing.
///   plan   the plan that tables, chunks and mark belong to. Grows with each plan that is made for the job (first
///   start,
///          every reset); all tasks of one plan carry the same number.
///   epoch  the fencing number of the task at hand; grows with every start of that task, on any node.
/// The tasks that run alone (plan, finish, stream) take the control row over by Sink::fence(). The copy tasks of a job
/// run side by side: they never raise the control row's epoch; each takes over only the row of its chunk by
/// openChunk().
struct Fence {
  std::uint64_t plan = 0;
  std::uint64_t epoch = 0;
};

/// The mark of a lane, stored in the target in the transaction of the data: everything up to it has been applied.
struct Mark {
  Position position;
  std::uint64_t epoch = 0;  ///< of the task that moved it last
};

/// Writes one chunk: rows, then commit; destroyed without commit = rolled back. One thread.
class ChunkWriter {
 public:
  virtual ~ChunkWriter() = default;
  virtual void write(std::size_t plan, const RowBatch& batch) = 0;
  /// Commits the rows and the chunk's result together. If a chunk needs several transactions (exact ones only, they are
  /// redone from an empty table), each checks the fence. Throws Error(fenced) if the job's plan is another one (share
  /// lock on the control row) or the chunk's row carries another epoch (exclusive lock on it).
  virtual void commit(const ChunkResult& result) = 0;
  /// Behind commit(): sets what the result says of rows that gave way.
  virtual void noteReplaced(ChunkResult& /*result*/) const {}
};

/// What applying did, for the log, the counters and the list of conflicts.
struct ApplyStats {
  std::uint64_t rows = 0, conflictsKept = 0, conflictsOverwritten = 0;
};

/// Contiguous transactions of a lane that become one transaction at the target.
struct ApplyBatch {
  std::uint64_t number = 0;  ///< within the run, from 1
  std::vector<Transaction> transactions;
  /// tolerant[i]: the window of plan i is open: rows are written by after image, whatever collides on any unique key is
  /// removed first, a missing row is no error, and foreign keys are not checked (tables joined by foreign keys share
  /// their window).
  std::vector<bool> tolerant;
  std::size_t bytes = 0;
  UnixMillis beatMillis = 0;  ///< commit time of the newest Transaction::beat before its end; 0 = none
};

/// Applies batches, each on a database session of its own.
class Appliers {
 public:
  virtual ~Appliers() = default;
  /// How many batches can be applied side by side; at least 1.
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// Adds what the transaction's changes touch at the target. Thread: one, while apply() runs on others.
  virtual void addKeys(const Transaction& transaction, ConflictKeys& keys) = 0;
  /// Applies whole transactions and moves the mark to the last one's end in one target transaction. Transactions may be
  /// without changes; a SchemaChange comes alone, with no other batch in flight; behind one of kind `other` the plans
  /// may no longer be those in force (Sink::definitionChanges()), and nothing more is applied. Calls turn.awaitCommit()
  /// before the commit. What goes wrong before the batch is the head is done again when it is. An ambiguous commit is
  /// settled inside. Returns when durable; after a stop it may throw instead. Throws Error(fenced), Error(conflict).
  /// Thread: one for each `applier` (0 … count() − 1).
  virtual ApplyStats apply(std::size_t applier, const ApplyBatch& batch, Turn& turn, const std::stop_token& stop) = 0;
};

/// Writes a job's target. One instance for each thread that loads.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Makes the control tables, takes the control row over (exclusive lock: waits for a predecessor's open transaction;
  /// its next one fails with fenced) and returns the lane's mark, if one was set for this plan. Throws Error(fenced) if
  /// the row belongs to a newer plan, to the same plan with a newer epoch, or to an older plan that still has chunks or
  /// a mark (only Cleaner::reset() may drop those).
  virtual std::optional<Mark> fence(const Fence& fence) = 0;
  /// Creates databases and tables with primary and unique keys; what exists stays. Idempotent.
  virtual void prepare(const Plans& plans) = 0;
  /// A writer for the chunk, or nothing if it is committed already (then `done` has its result). Takes the chunk's row
  /// over with fence.epoch; an exact chunk's tables are emptied first. Throws Error(fenced) if the control row's plan
  /// is not fence.plan, or the chunk's row has a newer epoch. Does not need fence() on this instance.
  virtual std::unique_ptr<ChunkWriter> openChunk(const Chunk& chunk, const Fence& fence, const Plans& plans,
                                                 ChunkResult& done) = 0;
  /// The committed chunks of the control row's plan.
  [[nodiscard]] virtual std::vector<ChunkResult> chunks() = 0;
  /// Adds secondary indexes and foreign keys. Idempotent. Foreign keys are added without checking the rows: chunks were
  /// read at different times, a child may stand there whose parent only the replay brings. `indexed` is told of each
  /// table that has its indexes, and whether they were added now; from several threads.
  virtual void finish(const Plans& plans, const std::function<void(std::size_t plan, bool added)>& indexed) = 0;
  /// What the statements of the log have changed up to the mark. Behind fence().
  [[nodiscard]] virtual DefinitionChanges definitionChanges() { return {}; }
  /// The collations in force, for appliers().
  virtual void setCollations(const DatabaseCollations& /*collations*/) {}
  /// The appliers, under the fence that fence() took. They live no longer than the sink and the plans. After a restart
  /// there may be more or fewer: the lane goes on from the furthest mark of any.
  [[nodiscard]] virtual std::unique_ptr<Appliers> appliers(const Plans& plans) = 0;
  /// The conflicts of the replay behind number `after`, oldest first, at most `most`; those of them that the target
  /// keeps (it drops the oldest). After fence(). Thread: any one, also while the appliers work.
  [[nodiscard]] virtual std::vector<ConflictRow> conflicts(std::uint64_t /*after*/, std::size_t /*most*/) { return {}; }
  /// The statements of the log that the job has met, behind number `after`, in their order, at most `most`. After
  /// fence(). Thread: as conflicts().
  [[nodiscard]] virtual std::vector<StatementRow> statements(std::uint64_t /*after*/, std::size_t /*most*/) {
    return {};
  }
  /// `told`: while finish() adds a table's indexes, so much of that (0 … 1) is done. About once a second, as far as the
  /// target tells it to the job's account; from a thread of the sink's.
  virtual void watchIndexes(const std::function<void(std::size_t plan, double part)>& /*told*/) {}
};

}  // namespace drs
