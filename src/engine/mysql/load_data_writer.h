#pragma once

#include "model/row_batch.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// Writes rows of a table as the text that LOAD DATA LOCAL reads (MySQL manual 15.2.9): columns divided by tabs, rows
/// by line breaks, a backslash before each of these and itself inside of values, \N for NULL.
///
/// The file's character set is binary, so that the server moves the bytes of texts as they are. BIT, ENUM, SET and
/// YEAR go through a variable as numbers, since a text would be looked up among the members' names, and '0' be 2000;
/// JSON on MySQL through one that says utf8mb4, because MySQL takes no JSON from binary text. Threads: const, any.
class LoadDataWriter {
 public:
  /// `target`: where the rows go. Generated columns are left out. `readsJson`: the target is MySQL.
  LoadDataWriter(const TableSchema& schema, const TableName& target, bool readsJson);

  /// "LOAD DATA LOCAL INFILE 'rows' [REPLACE] INTO TABLE …"; with `replace` a row takes the place of those that collide
  /// with it, without it a collision is a warning and the row is left out.
  [[nodiscard]] std::string statement(bool replace) const;

  /// Appends one row. False: it holds a value that only an INSERT carries exactly (ENUM index 0, a JSON number that the
  /// target would change, a value that has not the form of its type, an absent one), and `out` is as before.
  [[nodiscard]] bool appendRow(std::string& out, const RowBatch& rows, std::size_t row) const;

 private:
  [[nodiscard]] bool appendCell(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const;

  bool readsJson_;
  std::string tail_;  ///< of the statement, from INTO TABLE on
  struct Target {
    ColumnKind kind = ColumnKind::text;
    bool written = true;  ///< not generated
  };
  std::vector<Target> columns_;
};

}  // namespace drs::mysql
