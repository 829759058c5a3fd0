#pragma once

#include "base/clock.h"
#include "model/row_batch.h"

#include <compare>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace drs {

/// A place in a lane; the text belongs to the engine that made it (for MySQL see engine/mysql/position.h). Only the
/// engine compares positions.
struct Position {
  std::string text;
  [[nodiscard]] bool empty() const { return text.empty(); }
  auto operator<=>(const Position&) const = default;
};

enum class RowOp : std::uint8_t { insert, update, remove };

/// Rows of one table that one log event changed. update: rows 2i (before) and 2i+1 (after).
struct RowsChange {
  RowOp op = RowOp::insert;
  RowBatch rows;                 ///< rows.schema() is the table's schema in the plan
  std::size_t plan = 0;          ///< index of the TablePlan
  bool foreignKeyChecks = true;  ///< as the source's session had it
};

/// How the source's session was set when it ran a statement; the members belong to the engine.
struct StatementSession {
  std::string database;               ///< the default one; may be empty
  std::vector<std::string> settings;  ///< statements that set a session of the target alike
  std::uint64_t mode = 0;             ///< how the text is read (MySQL: sql_mode)
  bool foldsNames = false;            ///< table names have no case
  bool isUnicode = true;              ///< the text is UTF-8
  std::uint16_t serverCollation = 0;  ///< MySQL: id of the default of new databases; 0 = not told
  std::string timeZone;               ///< empty: does not matter, or is among the settings
};

/// A statement that changes definitions or empties a table.
struct SchemaChange {
  enum class Kind : std::uint8_t { truncate, other } kind = Kind::other;
  TableName table;       ///< source name; for `other` the default database alone may be known
  std::size_t plan = 0;  ///< index of the TablePlan for truncate
  std::string sql;
  StatementSession session;  ///< of `other`
  bool isNew = false;        ///< it makes a table that no plan has, and touches no other one
  /// The rows of its transaction are to be read again with the plan that it makes: then the mark stays here. Empty:
  /// there are none.
  Position again;
  std::string origins = {};  ///< as Transaction::origins
  bool returns = false;      ///< it came from the target: only the definitions follow it
};

using ChangeEvent = std::variant<RowsChange, SchemaChange>;

/// The changes of a transaction that is too large for memory, on disk. Threads: one at a time.
class StoredChanges {
 public:
  virtual ~StoredChanges() = default;
  /// Hands them out in order until `take` returns false; only the one at hand is in memory. May be called again.
  virtual void forEach(const std::function<bool(const RowsChange&)>& take) const = 0;
  /// The plans that they belong to.
  [[nodiscard]] virtual std::vector<std::size_t> plans() const = 0;
  /// forEach() leaves the changes of the plan out from now on.
  virtual void drop(std::size_t plan) = 0;
};

/// One transaction of the source, the unit of applying.
struct Transaction {
  std::string id;                         ///< stable: GTID, or "file:offset"
  Position end;                           ///< the lane's position when it has been applied
  UnixMillis commitMillis = 0;            ///< commit time at the source
  std::vector<ChangeEvent> changes;       ///< may be empty: nothing of ours was touched
  std::shared_ptr<StoredChanges> stored;  ///< of a large transaction: all of its rows, then `changes` is empty
  std::size_t bytes = 0;                  ///< of memory or on disk, for the queue's limit
  /// Where the changes were made first and what they passed; the text belongs to the engine, empty = made here. What
  /// has other origins goes into a target transaction of its own.
  std::string origins = {};
  bool wholeSeconds = false;  ///< commitMillis is cut to the second
  bool beat = false;          ///< a task of ours wrote the time: nobody's change, and commitMillis is exact
  [[nodiscard]] bool empty() const { return changes.empty() && !stored; }
};

/// Calls `take` for each change of rows, in order, until it returns false.
template <typename Take>
void forEachRows(const Transaction& transaction, Take take) {
  for (const ChangeEvent& change : transaction.changes) {
    const auto* rows = std::get_if<RowsChange>(&change);
    if (rows != nullptr && !take(*rows)) return;
  }
  if (transaction.stored) transaction.stored->forEach(take);
}

/// Is there a statement behind which the plans may be others?
[[nodiscard]] inline bool changesDefinitions(const Transaction& transaction) {
  for (const ChangeEvent& change : transaction.changes) {
    const auto* statement = std::get_if<SchemaChange>(&change);
    if (statement != nullptr && statement->kind == SchemaChange::Kind::other) return true;
  }
  return false;
}

}  // namespace drs
