#pragma once

#include "engine/mysql/sql_writer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace drs::mysql {

struct TargetKey;

/// Which columns an update changes, as bits; 0: it is written as a statement of its own.
using UpdateShape = std::uint64_t;

/// Which updates of a table may share a statement: those that change the same columns of rows that do not depend on
/// each other,
///
///   UPDATE t FORCE INDEX (`PRIMARY`) SET `c`=CASE `id` WHEN 1 THEN … WHEN 2 THEN … END WHERE `id` IN (1,2)
///
/// The server parses, plans and opens the table once for all of them. A CASE has one type for all its values, so only
/// columns take part whose literals have one type, whatever the value, that is stored as the literal alone would be.
/// What may trouble another row of the same statement (a column of a unique key, triggers) stays alone. FORCE INDEX
/// keeps a server with outdated statistics from reading the whole table.
class UpdateMerge {
 public:
  static constexpr std::size_t kMostRows = 50;  ///< a CASE is searched from its beginning

  /// More than one row can add to a statement.
  static constexpr std::size_t kMostRowBytes = 64U << 10U;

  UpdateMerge() = default;  ///< none may
  /// `keys`: the unique keys of the target; `index`: TargetTable::keyIndex.
  UpdateMerge(const TableSchema& schema, std::string index, const std::vector<TargetKey>& keys, bool hasTriggers);

  /// Of the update from row `before` to `after`.
  [[nodiscard]] UpdateShape shapeOf(const RowBatch& rows, std::size_t before, std::size_t after) const;
  /// The index to be forced, quoted.
  [[nodiscard]] const std::string& index() const { return index_; }

 private:
  std::uint64_t columns_ = 0;  ///< that may be set together
  std::uint64_t skipped_ = 0;  ///< never written: generated ones
  std::string index_;
};

/// The statement for several updates of one shape. Memory is kept between statements. One thread.
class MergedUpdate {
 public:
  void begin(const SqlWriter& writer, const UpdateMerge& merge, UpdateShape shape,
             const std::vector<std::size_t>& keep);
  void add(const RowBatch& rows, std::size_t before, std::size_t after);
  /// Appends the statement.
  void finish(std::string& out) const;
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  const SqlWriter* writer_ = nullptr;
  const UpdateMerge* merge_ = nullptr;
  const std::vector<std::size_t>* keep_ = nullptr;
  UpdateShape shape_ = 0;
  std::vector<std::size_t> columns_;  ///< of the shape
  std::vector<std::string> cases_;    ///< WHEN … THEN …, by column of the shape
  std::string keys_, key_;
  std::size_t rows_ = 0, bytes_ = 0;
};

}  // namespace drs::mysql
