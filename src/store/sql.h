#pragma once

#include "base/clock.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace drs {

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using SqlParams = std::vector<SqlValue>;

/// One row of an answer. Columns by position; a NULL reads as 0 or "".
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> cells) : cells_(std::move(cells)) {}
  [[nodiscard]] bool isNull(std::size_t column) const {
    return std::holds_alternative<std::monostate>(cells_.at(column));
  }
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] bool boolean(std::size_t column) const { return integer(column) != 0; }
  [[nodiscard]] std::string text(std::size_t column) const;

 private:
  std::vector<SqlValue> cells_;
};

struct SqlResult {
  std::vector<SqlRow> rows;
  std::int64_t changed = 0;  ///< rows that an INSERT, UPDATE or DELETE touched
};

/// Something that runs statements. Text is common to all databases: `$1` parameters, ON CONFLICT, RETURNING, now_ms().
/// Throws Error(storeFailed) for what may pass (disk full, locked), Error(storeDamaged) for what will not.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual SqlResult query(std::string_view text, const SqlParams& params = {}) = 0;
};

/// A metadata database. query() reads, each time from the newest committed state. Threads: any.
class SqlDatabase : public SqlSession {
 public:
  /// Runs `body` in a writing transaction and commits durably: when this returns, a power loss takes nothing of it
  /// away. An exception of `body` rolls back and goes on to the caller. Must not be nested: Error(internal).
  virtual void transaction(const std::function<void(SqlSession&)>& body) = 0;
};

struct SqliteOptions {
  std::string path;
  int busyTimeoutMillis = 10'000;
  std::size_t readers = 4;             ///< connections kept for reading
  std::shared_ptr<const Clock> clock;  ///< behind now_ms(); nothing = the system's
  bool checkIntegrity = true;          ///< PRAGMA quick_check at the start
};

/// Opens or creates the file and brings its schema up to date. Throws Error(storeDamaged) if the file is not readable
/// as a store, or was written by a newer version; Error(storeFailed) if it cannot be opened.
[[nodiscard]] std::unique_ptr<SqlDatabase> openSqlite(const SqliteOptions& options);

}  // namespace drs
