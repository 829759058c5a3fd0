#pragma once

#include "engine/mysql/applier_batch.h"
#include "engine/mysql/applier_target.h"
#include "engine/mysql/conflict_log.h"
#include "pipeline/interfaces.h"

#include <optional>
#include <string>

namespace drs::mysql {

/// What row by row work needs, the same for all rows of a target transaction.
struct RowContext {
  Connection& connection;
  StatementBatch& batch;
  const Log& log;
  ApplyStats& stats;
  ConflictNotes& notes;
};

/// Applies the rows of one table one at a time, so that what does not fit is met by the conflict policy of its plan:
///
///   the change           | stop           | ignore                | overwrite
///   ---------------------|----------------|-----------------------|---------------------------------------------------
///   insert, row is there | Error conflict | the target's row stays | rows that collide on another unique key are
///   deleted;
///                        |                |                       | the row with this key is updated, or the row
///                        inserted
///   update, no row       | Error conflict | nothing is done       | the after image is written as above
///   update, collides     | Error conflict | the target's row stays | rows that collide are deleted, the update is
///   repeated delete, no row       | Error conflict | nothing is done       | nothing is done foreign key          |
///   Error conflict | nothing is done       | Error conflict
///
/// A row with the key of an insert is updated, not deleted: its children, by foreign keys of the target, are its
/// children still. A table without a key knows stop and ignore only: of rows that are alike, none is the one that a
/// change means. Whatever is passed over or gives way is noted (ConflictNotes) with its key and both images.
///
/// Inside the caller's transaction; a refused statement leaves no trace in it. One thread.
class RowApplier {
 public:
  /// `transaction`: id of the source's transaction.
  RowApplier(RowContext context, const TablePlan& plan, const TargetTable& target, const std::string& transaction)
      : connection_(context.connection),
        batch_(context.batch),
        context_(context),
        plan_(plan),
        target_(target),
        transaction_(transaction) {}

  void insert(const RowBatch& rows, std::size_t row);
  void update(const RowBatch& rows, std::size_t before, std::size_t after);
  void remove(const RowBatch& rows, std::size_t row);
  /// Runs what is in the batch, without a policy; throws Error for everything unexpected.
  void run();

 private:
  enum class Verdict { done, missing, collision, foreignKey };

  /// Runs the batch's last statement and judges it. Throws Error(unexpectedWarning, schemaDrift, databaseError).
  Verdict attempt();
  /// The images of one change; an update has both.
  struct Change {
    const RowBatch& rows;
    std::optional<std::size_t> before, after;
    [[nodiscard]] std::size_t keyed() const { return before ? *before : *after; }
  };
  /// Policies stop and ignore; returns if the row is to be left as it is. Throws Error(conflict) otherwise.
  void keepOrStop(const Change& change, const std::string& kind, const std::string& what);
  /// Writes the after image whatever stands there.
  void overwrite(const Change& change, const std::string& kind);
  /// Counts, notes and logs a conflict.
  void note(const Change& change, const std::string& kind, const std::string& what, bool kept, std::uint64_t gaveWay);
  [[noreturn]] void stop(const Change& change, const std::string& what) const;
  /// Never in a table without a key: of equal rows none is the one that the image means.
  [[nodiscard]] bool mayOverwrite() const {
    return plan_.conflicts == ConflictPolicy::overwrite && !target_.writer.key().empty();
  }
  struct Removed {
    std::uint64_t rows = 0;
    std::string text;  ///< by key
  };
  /// Deletes the rows that collide with the after image on any unique key, except the one with the key of `except`.
  Removed removeCollisions(const Change& change, std::size_t except);
  /// "`a`=1 AND `b`=2" for a unique key of the target; empty if the row cannot collide on it (a part is NULL).
  [[nodiscard]] std::string condition(const TargetKey& key, const RowBatch& rows, std::size_t row) const;
  [[nodiscard]] std::string describeCollisions(const RowBatch& rows, std::size_t row, std::size_t except);

  Connection& connection_;
  StatementBatch& batch_;
  RowContext context_;
  const TablePlan& plan_;
  const TargetTable& target_;
  const std::string& transaction_;
  std::string lastText_;  ///< the server's text for the last refused statement
};

}  // namespace drs::mysql
