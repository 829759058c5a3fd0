#pragma once

#include "engine/mysql/applier_batch.h"
#include "engine/mysql/applier_target.h"
#include "pipeline/interfaces.h"

#include <string>

namespace drs::mysql {

/// Applies the rows of one table one at a time, so that what does not fit is met by the conflict policy of its plan:
///
///            | stop           | ignore           | overwrite
///   insert,  | Error conflict | the target's row | rows that collide on another unique key are deleted, then the row
///   with collides |                | stays            | the same key is updated, or the new one inserted update,  |
///   Error conflict | nothing is done  | the after image is written as above no row   |                | | update,  |
///   Error conflict | the target's row | rows that collide are deleted, then the update is repeated collides | | stays
///   | delete,  | Error conflict | nothing is done  | nothing is done no row   |                |                  |
///   foreign  | Error conflict | nothing is done  | Error conflict
///   key      |                |                  |
///
/// A table without a key knows stop and ignore only: of rows that are alike, none is the one that a change means.
///
/// Inside the caller's transaction; a refused statement leaves no trace in it. One thread.
class RowApplier {
 public:
  RowApplier(Connection& connection, StatementBatch& batch, const TablePlan& plan, const TargetTable& target,
             const Log& log, ApplyStats& stats)
      : connection_(connection), batch_(batch), plan_(plan), target_(target), log_(log), stats_(stats) {}

  void insert(const RowBatch& rows, std::size_t row);
  void update(const RowBatch& rows, std::size_t before, std::size_t after);
  void remove(const RowBatch& rows, std::size_t row);
  /// Runs what is in the batch, without a policy; throws Error for everything unexpected.
  void run();

 private:
  enum class Verdict { done, missing, collision, foreignKey };

  /// Runs the batch's last statement and judges it. Throws Error(unexpectedWarning, schemaDrift, databaseError).
  Verdict attempt();
  /// Policies stop and ignore; returns if the row is to be left as it is. Throws Error(conflict) otherwise.
  void keepOrStop(const RowBatch& rows, std::size_t row, const std::string& what);
  void overwrite(const RowBatch& rows, std::size_t row);
  /// Never in a table without a key: of equal rows none is the one that the image means.
  [[nodiscard]] bool mayOverwrite() const {
    return plan_.conflicts == ConflictPolicy::overwrite && !target_.writer.key().empty();
  }
  /// Deletes the rows that collide with the image of `row` on any unique key, except the one with the key of `except`.
  void removeCollisions(const RowBatch& rows, std::size_t row, std::size_t except);
  /// "`a`=1 AND `b`=2" for a unique key of the target; empty if the row cannot collide on it (a part is NULL).
  [[nodiscard]] std::string condition(const TargetKey& key, const RowBatch& rows, std::size_t row) const;
  [[nodiscard]] std::string describeCollisions(const RowBatch& rows, std::size_t row, std::size_t except);
  void count(std::uint64_t& counter, const RowBatch& rows, std::size_t row, std::string_view what,
             std::uint64_t by = 1);

  Connection& connection_;
  StatementBatch& batch_;
  const TablePlan& plan_;
  const TargetTable& target_;
  const Log& log_;
  ApplyStats& stats_;
  std::string lastText_;  ///< the server's text for the last refused statement
};

}  // namespace drs::mysql
