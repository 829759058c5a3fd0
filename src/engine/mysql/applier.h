#pragma once

#include "engine/mysql/applier_batch.h"
#include "engine/mysql/conflict_log.h"
#include "engine/mysql/row_order.h"
#include "engine/mysql/sink_session.h"
#include "engine/mysql/statement_runner.h"
#include "engine/mysql/target_tables.h"
#include "pipeline/interfaces.h"

#include <atomic>
#include <stop_token>
#include <vector>

namespace drs::mysql {

/// What the appliers of a run share.
struct ApplierWorld {
  ApplierWorld(const Plans& allPlans, const ControlTables& control, StatementRunner& statementRunner,
               std::string sourceIdentity)
      : plans(allPlans),
        tables(plans, control),
        conflicts(control.jobId()),
        statements(statementRunner),
        origin(std::move(sourceIdentity)) {}

  const Plans& plans;
  TargetTables tables;
  const ConflictLog conflicts;
  StatementRunner& statements;
  const std::string origin;  ///< identity of the source, or kUnknownOrigin
  std::uint64_t base = 0;    ///< sequence of the furthest mark before the run; batch n moves its mark to base + n
  /// Sequence of the last batch that is durable. A session opened later must find a mark as far as this: a target that
  /// came back without it has lost commits, and everything behind them must not be applied.
  std::atomic<std::uint64_t> durable{0};
};

/// Applies batches of source transactions to the target, each in one target transaction together with its own mark
/// (mysql.md 4.3).
///
///   START TRANSACTION; move the mark (this is the fence: exactly one row); rows …; wait for the turn; COMMIT
///
/// First all statements go out in large packets, rows that do not depend on each other in few statements. If any of
/// them answers something unexpected (a collision, a missing row, a warning), everything is rolled back and done again
/// row by row in the order of the source, where the conflict policies apply.
///
/// Whatever goes wrong before the batch is the head of the commit order, that is: while an earlier batch was not yet
/// visible, is rolled back and done again when it is. So are batches that give way (see Turns). What the server locks
/// until the commit, and commits in order, is what makes the result that of one applier; conflict keys only save the
/// detours. A deadlock is rolled back and repeated. After a lost connection the mark, read under a lock by a new
/// session once the old one is gone, says whether the commit took place. If even that fails, apply() throws and refuses
/// further work.
///
/// One thread.
class Applier {
 public:
  /// `number`: of the applier; `sequence`: in its mark row.
  Applier(SinkSession& session, ApplierWorld& world, std::size_t number, std::uint64_t sequence, Log log);

  /// See Appliers::apply().
  ApplyStats apply(const ApplyBatch& batch, Turn& turn, const std::stop_token& stop);

 private:
  struct Work {
    const ApplyBatch& batch;
    std::uint64_t sequence = 0;  ///< that the mark gets
    Turn& turn;
    const SchemaChange* truncate = nullptr;
    const SchemaChange* statement = nullptr;
    bool empty = true;
    std::size_t rows = 0;
    bool single = false;  ///< this attempt goes row by row
  };
  enum class Result { committed, unexpected, gaveWay };

  [[nodiscard]] Work examine(const ApplyBatch& batch, Turn& turn) const;
  /// Tries until the batch is committed or fails for good.
  ApplyStats applyWork(Work& work, const std::stop_token& stop);
  /// One attempt in a transaction.
  Result attempt(const Work& work, ApplyStats& stats, const std::stop_token& stop);
  Result applyRows(const Work& work, ApplyStats& stats);
  Result applySingly(const Work& work, ApplyStats& stats);
  /// All rows in the order of the source.
  void addRows(const RowsChange& change, const TargetTable& target, bool tolerant);
  void addRow(const RowsChange& change, std::size_t row, const TargetTable& target, bool tolerant);
  /// Rows that do not depend on each other side by side.
  void addArranged(const Work& work);
  Result applyTruncate(const Work& work);
  /// Runs another statement; what it made of the definitions commits with the mark.
  Result applyStatement(const Work& work, const std::stop_token& stop);
  /// Moves the mark alone.
  Result moveMark(const Work& work);
  /// Runs the statement that moves the mark; whatever it answers but one row is thrown.
  void runMark(const std::string& sql);
  [[nodiscard]] std::string markStatement(const Work& work) const;
  [[nodiscard]] std::string markStatement(const Work& work, const Position& position) const;
  /// Of the batch, all of whose transactions with changes have the same, and the source.
  [[nodiscard]] std::string originsOf(const Work& work) const;
  /// Waits for the turn and commits, or gives way.
  Result commit(const Work& work);
  void rollBack();
  /// After a failed attempt: rolled back or disconnected, and known whether there is something to settle.
  void recover(const Error& error);
  /// Sends the batch. What it answers but must not sets unexpected_; row by row it is thrown.
  void flush();
  /// The session. A new one is used when the batch is the head, and must see what is durable. Throws Error(fenced).
  Connection& connect(const Work& work);
  /// After a lost connection: true if the mark has moved by our commit. Throws Error(fenced).
  bool hasMoved(const Work& work);
  void readTargets(const Work& work);
  [[nodiscard]] const TargetTable& target(std::size_t plan) const { return *targets_[plan]; }

  SinkSession& session_;
  ApplierWorld& world_;
  const std::size_t number_;
  Log log_;
  std::vector<const TargetTable*> targets_;  ///< by plan, as far as met
  StatementBatch batch_;
  RowOrder order_;
  Connection* connection_ = nullptr;  ///< of the attempt at hand
  std::string checked_;               ///< name of the session that connect() has looked at
  std::uint64_t sequence_;            ///< in the mark row
  bool unexpected_ = false;           ///< a statement of this attempt answered what it should not
  bool single_ = false;               ///< this attempt goes row by row
  bool unsettled_ = false;            ///< a commit's answer was lost and could not be found out yet
};

}  // namespace drs::mysql
