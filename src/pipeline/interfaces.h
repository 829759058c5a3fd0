#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "model/change_event.h"
#include "pipeline/chunk.h"
#include "transform/table_plan.h"

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
  /// The end of the log now: everything committed before the call is at or before it.
  [[nodiscard]] virtual Position currentPosition() = 0;
  /// Cuts a job's tables into chunks; groups become one chunk each.
  [[nodiscard]] virtual std::vector<Chunk> split(const Plans& plans) = 0;
  /// Streams a chunk's rows; low and high are set (rows and bytes are counted by the caller).
  virtual ChunkResult readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out, const std::stop_token& stop) = 0;
  /// Opens the log behind `from`. Throws Error(logPurged) if the source has it no more.
  [[nodiscard]] virtual std::unique_ptr<LogReader> openLog(const Position& from, const Plans& plans) = 0;
  /// True if a lane at `at` has passed `goal` (every transaction at or before goal is at or before `at`). Never blocks.
  [[nodiscard]] virtual bool reached(const Position& at, const Position& goal) const = 0;
  /// True if `position` (of a snapshot) contains this very transaction. Never blocks.
  [[nodiscard]] virtual bool covers(const Position& position, const Transaction& transaction) const = 0;
};

/// The mark of a lane, stored in the target in the transaction of the data.
struct Mark {
  Position position;
  std::uint64_t epoch = 0;
};

/// How the rows of each table are applied until the stream has passed its window (mysql.md 4.2).
struct Window {
  bool exact = false;       ///< skip everything at or before `end`, strict behind it
  Position end;             ///< empty: strict from the start
};

/// Writes one chunk: rows, then commit; destroyed without commit = rolled back. One thread.
class ChunkWriter {
 public:
  virtual ~ChunkWriter() = default;
  virtual void write(std::size_t plan, const RowBatch& batch) = 0;
  /// Commits the rows and the chunk's result together. Throws Error(fenced) if the epoch is not the newest.
  virtual void commit(const ChunkResult& result) = 0;
};

/// What applying did, for the log, the counters and the list of conflicts.
struct ApplyStats {
  std::uint64_t rows = 0, conflictsKept = 0, conflictsOverwritten = 0;
};

/// Writes a job's target. One instance for each thread that loads or applies.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Makes the control tables, takes the job over with `epoch` (an older worker's next commit fails with fenced) and
  /// returns the lane's mark, if one was set.
  virtual std::optional<Mark> fence(std::uint64_t epoch) = 0;
  /// Creates databases and tables with primary and unique keys; what exists stays. Idempotent.
  virtual void prepare(const Plans& plans) = 0;
  /// A writer for the chunk, or nothing if it is committed already (then `done` has its result).
  virtual std::unique_ptr<ChunkWriter> openChunk(const Chunk& chunk, const Plans& plans, ChunkResult& done) = 0;
  /// The committed chunks.
  [[nodiscard]] virtual std::vector<ChunkResult> chunks() = 0;
  /// Adds secondary indexes and foreign keys. Idempotent.
  virtual void finish(const Plans& plans) = 0;
  /// Applies whole transactions and moves the mark in one target transaction. `tolerant[i]` says for plan i whether its
  /// rows are written by after image (window not passed). An ambiguous commit is settled inside. Returns when durable.
  virtual ApplyStats apply(const std::vector<Transaction>& transactions, const Plans& plans, const std::vector<bool>& tolerant,
                           const std::stop_token& stop) = 0;
};

}  // namespace drs
