#pragma once

#include "base/clock.h"
#include "model/row_batch.h"

#include <compare>
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

/// A statement that changes definitions or empties a table.
struct SchemaChange {
  enum class Kind : std::uint8_t { truncate, other } kind = Kind::other;
  TableName table;       ///< source name; for `other` the default database alone may be known
  std::size_t plan = 0;  ///< index of the TablePlan for truncate
  std::string sql;
};

using ChangeEvent = std::variant<RowsChange, SchemaChange>;

/// One transaction of the source, the unit of applying.
struct Transaction {
  std::string id;                    ///< stable: GTID, or "file:offset"
  Position end;                      ///< the lane's position when it has been applied
  UnixMillis commitMillis = 0;       ///< commit time at the source
  std::vector<ChangeEvent> changes;  ///< may be empty: nothing of ours was touched
  std::size_t bytes = 0;             ///< memory, for the queue's limit
};

}  // namespace drs
