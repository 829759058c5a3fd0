#pragma once

#include "engine/mysql/load_data_writer.h"
#include "engine/mysql/sql_writer.h"
#include "pipeline/interfaces.h"

#include <memory>
#include <string>
#include <vector>

namespace drs::mysql {

/// How rows are sent.
struct SendOptions {
  bool replace = false;   ///< a row takes the place of those that collide with it; else a collision is an error
  bool loadData = false;  ///< LOAD DATA LOCAL where it carries the row exactly, INSERT for the rest
  std::size_t insertBytes = 1U << 20U;  ///< of one INSERT statement
  std::size_t rowBytes = 1U << 20U;     ///< of the longest row in an INSERT: what the target's packet holds
};

/// Sends rows of several tables to the target, collected into statements of about a megabyte, inside the session's open
/// transaction. The order of rows is kept. Every statement must take all of its rows and give no warning that was not
/// asked for; else Error(rowCountMismatch), Error(unexpectedWarning) with the server's text. One thread.
class RowSender {
 public:
  /// `plans` and `connection` outlive the sender.
  RowSender(Connection& connection, const Plans& plans, const SendOptions& options);

  /// Sends the rows, or keeps them for the next statement. Throws Error(limitExceeded) for a row beyond the packet.
  void add(std::size_t plan, const RowBatch& batch);
  /// Sends what is kept.
  void flush();
  /// flush(), and the session is as it was before.
  void finish();

  [[nodiscard]] std::size_t plan() const { return plan_; }    ///< of the rows that are sent now, for errors
  [[nodiscard]] std::uint64_t rows() const { return rows_; }  ///< that the server has taken
  /// Of one table: rows that the server has taken, rows that gave way to them, and the key of the first row of a
  /// statement in which some did, for people.
  struct TableRows {
    std::uint64_t taken = 0, replaced = 0;
    std::string example;
  };
  [[nodiscard]] const TableRows& rowsOf(std::size_t plan) const { return tables_.at(plan); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  ///< of their text

 private:
  struct Writers {
    SqlWriter insert;
    LoadDataWriter load;
    std::string loadSql;
  };
  Writers& writers(std::size_t plan);
  bool addToLoad(std::size_t plan, const RowBatch& batch, std::size_t row);
  void addToInsert(std::size_t plan, const RowBatch& batch, std::size_t row);
  void sendLoad();
  void sendInsert();
  void check(const Connection::Outcome& outcome, unsigned zeros);
  /// Notes a row that was appended to the statement.
  void keep(const RowBatch& batch, std::size_t row);

  Connection& connection_;
  const Plans& plans_;
  const SendOptions options_;
  std::vector<std::unique_ptr<Writers>> writers_;  ///< by plan
  std::vector<TableRows> tables_;                  ///< by plan
  std::string file_, sql_, row_;                   ///< at most one of file_ and sql_ holds rows
  std::string firstKey_;                           ///< of the rows that are kept
  std::size_t plan_ = 0;                           ///< of the rows that are kept
  std::uint64_t keptRows_ = 0, rows_ = 0, bytes_ = 0;
  unsigned zeros_ = 0;
  bool lax_ = false;
};

}  // namespace drs::mysql
