#pragma once

#include "transform/condition/expression.h"

#include <string>
#include <string_view>
#include <vector>

namespace drs::condition {

/// What a condition says of a row.
enum class Verdict : std::uint8_t {
  no,
  yes,
  unknown,    ///< NULL: the row is not selected
  askServer,  ///< only the source can say (Condition::text() over the row's values as literals)
  error,      ///< the source ends with an error for this row
};

/// What the source's session says, beside what every session of ours sets (UTC, the sql_mode) and
/// div_precision_increment, which has to be 4 where conditions are asked.
struct SessionFacts {
  std::string collation;  ///< @@collation_connection, of utf8mb4
};

/// A row filter: an SQL condition of a MySQL or MariaDB source, compiled against one version of a table. Its verdicts
/// are those of the source, or askServer: nothing is approximated. Threads: any, each with a Scope of its own.
class Condition {
 public:
  /// `text`: what stands behind WHERE. Throws Error(crossField) with the reason: it is no condition (parser.h), a
  /// column is not there or generated, a function is unknown or yields another result each time.
  [[nodiscard]] static Condition compile(std::string_view text, const TableSchema& table, const SessionFacts& session);

  /// The verdict on one row of the table. Allocates nothing once the scope's texts have grown. Columns that are absent
  /// make it askServer, if they decide.
  [[nodiscard]] Verdict judge(const RowBatch& batch, std::size_t row, Scope& scope) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The columns that it names, ascending.
  [[nodiscard]] const std::vector<std::size_t>& columns() const { return columns_; }
  /// No row is judged here: the source is asked for all.
  [[nodiscard]] bool alwaysAsks() const { return root_.type.kind == TypeKind::opaque; }

 private:
  std::string text_;
  Expr root_;
  std::vector<std::size_t> columns_;
};

/// The names of the functions that are computed here, sorted; for the documentation and its test.
[[nodiscard]] std::vector<std::string> computedFunctions();

}  // namespace drs::condition
