#pragma once

#include "engine/mysql/conflict_index.h"
#include "engine/mysql/target_foreign_keys.h"
#include "model/change_event.h"

#include <optional>
#include <string>
#include <vector>

namespace drs::mysql {

/// A column of the target's table by its position in the source's schema; nothing: the target has none of that name.
using TargetColumns = std::vector<std::optional<Column>>;

struct TargetKey;

/// What the rows of one table touch at the target, so that batches and statements which depend on each other keep their
/// order:
///  - the value in every unique key of the target, before and after the change;
///  - in a table without a key by which a row is found: the whole table;
///  - the parents of its foreign keys (shared), and the values that children may refer to;
///  - tables joined by foreign keys that act on rows (CASCADE, SET NULL …), or by one with a column that the source
///  does
///    not have: the whole family;
///  - in a table with triggers: everything.
/// Threads: const, any.
class ConflictTable {
 public:
  ConflictTable() = default;
  /// `hasKey`: rows are found by a key (rowKey()). `salt`: the same for all tables of a run.
  ConflictTable(std::uint64_t salt, const TableSchema& source, const TableName& target, bool hasKey,
                const TargetColumns& columns, const std::vector<TargetKey>& uniqueKeys,
                const TargetForeignKeys& foreignKeys, bool hasTriggers);

  /// Appends what an insert or a delete touches. False: it touches everything.
  [[nodiscard]] bool append(const RowBatch& rows, std::size_t row, std::vector<ConflictKey>& out) const;
  /// The same for an update: images `before` and `before` + 1.
  [[nodiscard]] bool appendUpdate(const RowBatch& rows, std::size_t before, std::vector<ConflictKey>& out) const;

 private:
  void addForeignKeys(std::uint64_t salt, const TableSchema& source, const TableName& target,
                      const TargetColumns& columns, const TargetForeignKeys& foreignKeys);

  bool touchesAll_ = true;
  bool hasRowKey_ = false;           ///< own_ has the key by which rows are found
  std::vector<ConflictKey> always_;  ///< of every row: the table, the family
  std::vector<ConflictIndex> own_;   ///< unique keys, columns that children refer to
  std::vector<ConflictIndex> parents_;
};

}  // namespace drs::mysql
