#pragma once

#include "engine/mysql/connection.h"
#include "model/conflict_row.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// The conflicts of one job in `drs_ctl.conflict`, written in the transaction of the data: each is there exactly once.
/// The newest kMost rows are kept; `number` goes on counting, so that it says how many there were.
///
/// All methods throw what Connection throws. Stateless beyond the job id; threads: any, each with a connection of its
/// own.
class ConflictLog {
 public:
  static constexpr std::uint64_t kMost = 10'000;

  explicit ConflictLog(std::string_view jobId);

  /// The columns behind `job_id`, for CREATE TABLE.
  static constexpr std::string_view kColumns =
      "number BIGINT UNSIGNED NOT NULL, millis BIGINT NOT NULL, transaction_id VARCHAR(255) NOT NULL, "
      "db_name VARCHAR(64) NOT NULL, table_name VARCHAR(64) NOT NULL, kind VARCHAR(32) NOT NULL, kept TINYINT NOT "
      "NULL, "
      "gave_way BIGINT UNSIGNED NOT NULL, key_text TEXT NOT NULL, before_text TEXT NOT NULL, after_text TEXT NOT NULL, "
      "detail TEXT NOT NULL, PRIMARY KEY (job_id, number)";

  /// Inside a transaction that no other one of the job can overtake: appends the rows and numbers them, drops the
  /// oldest beyond kMost.
  void write(Connection& connection, const std::vector<ConflictRow>& rows) const;
  /// The rows behind `after`, oldest first, at most `most`.
  [[nodiscard]] std::vector<ConflictRow> read(Connection& connection, std::uint64_t after, std::size_t most) const;

 private:
  std::string job_;  ///< the job id as a literal
};

/// Collects the conflicts of one target transaction, in bounded memory. One thread.
class ConflictNotes {
 public:
  ConflictNotes(const ConflictLog& log, Connection& connection) : log_(log), connection_(connection) {}

  /// May write, inside the caller's transaction.
  void add(ConflictRow row);
  /// Writes what is left; before the commit.
  void write();

 private:
  const ConflictLog& log_;
  Connection& connection_;
  std::vector<ConflictRow> rows_;
};

}  // namespace drs::mysql
