#pragma once

#include "engine/mysql/applier_batch.h"
#include "engine/mysql/applier_target.h"
#include "engine/mysql/sink_session.h"
#include "pipeline/interfaces.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

namespace drs::mysql {

/// Applies source transactions to the target, each vector in one target transaction together with the mark
/// (mysql.md 4.3).
///
///   START TRANSACTION; move the mark (this is the fence: exactly one row); rows …; COMMIT
///
/// First all statements go out in large packets. If any of them answers something unexpected (a collision, a missing
/// row, a warning), everything is rolled back and done again row by row, where the conflict policies apply. A deadlock
/// is rolled back and repeated. After a lost connection the mark, read under a lock by a new session once the old one
/// is gone, says whether the commit took place. If even that fails, apply() throws and refuses further work until
/// start().
///
/// One thread.
class Applier {
 public:
  Applier(SinkSession& session, Log log);

  /// The mark as fence() found it.
  void start(const StoredMark& mark);
  /// See Sink::apply().
  ApplyStats apply(const std::vector<Transaction>& transactions, const Plans& plans, const std::vector<bool>& tolerant,
                   const std::stop_token& stop);

 private:
  struct Work {
    const std::vector<Transaction>& transactions;
    const Plans& plans;
    const std::vector<bool>& tolerant;
    const SchemaChange* truncate = nullptr;
    bool empty = true;
  };
  enum class Result { committed, unexpected };

  [[nodiscard]] static Work examine(const std::vector<Transaction>& transactions, const Plans& plans,
                                    const std::vector<bool>& tolerant);
  /// One attempt in a transaction; `single`: row by row.
  Result attempt(const Work& work, bool single, ApplyStats& stats);
  Result applyRows(const Work& work, ApplyStats& stats);
  void applySingly(const Work& work, ApplyStats& stats);
  void addRows(const RowsChange& change, const TargetTable& target, bool tolerant);
  void applyTruncate(const Work& work);
  /// Moves the mark alone.
  void moveMark(const Position& position);
  /// Runs the statement that moves the mark; whatever it answers but one row is thrown.
  void runMark(const std::string& sql);
  void commit();
  /// Sends the batch. What it answers but must not sets unexpected_; row by row it is thrown.
  void flush();
  /// After a lost connection: true if the mark has moved by our commit. Throws Error(fenced).
  bool hasMoved();
  void readTargets(const Work& work);
  /// Throws Error(schemaDrift) for a table of the plan that stands there, but is not the one that the task created.
  void requireOurs(const TablePlan& plan);
  [[nodiscard]] const TargetTable& target(std::size_t plan) const { return *targets_.at(plan); }

  SinkSession& session_;
  Log log_;
  std::map<std::size_t, std::unique_ptr<TargetTable>> targets_;  ///< by plan; addresses stay
  std::optional<std::set<TableName>> made_;                      ///< the job's notes, read at first need
  StatementBatch batch_;
  Connection* connection_ = nullptr;  ///< of the attempt at hand
  Position position_;
  std::uint64_t sequence_ = 0;
  bool unexpected_ = false;  ///< a statement of this attempt answered what it should not
  bool single_ = false;      ///< this attempt goes row by row
  bool unsettled_ = false;   ///< a commit's answer was lost and could not be found out yet
};

}  // namespace drs::mysql
