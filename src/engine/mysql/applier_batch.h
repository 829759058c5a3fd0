#pragma once

#include "engine/mysql/update_merge.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace drs::mysql {

/// Collects statements for one packet and remembers what each must answer. Rows for the same table that follow each
/// other directly become one INSERT, REPLACE, UPDATE (UpdateMerge) or DELETE; the order of statements is kept. A
/// session variable is set only when its value changes. Before a packet would grow beyond `packetBytes` it is closed
/// and handed to `flush`, which must clear() it. Throws Error(limitExceeded) for a row that does not fit into
/// `rowBytes`. One thread.
class StatementBatch {
 public:
  enum class Expect : std::uint8_t {
    nothing,  ///< whatever it answers is right, warnings too (SET, START TRANSACTION)
    anyRows,  ///< any number of rows, exactly the expected warnings
    rows,     ///< exactly `count` rows found or written, exactly the expected warnings
    fence     ///< exactly one row; another number means that the worker was fenced
  };
  struct Expectation {
    Expect expect = Expect::nothing;
    std::uint64_t count = 0;
    std::uint32_t warnings = 0;
  };

  StatementBatch(std::size_t packetBytes, std::size_t rowBytes, std::function<void()> flush)
      : packetBytes_(packetBytes), rowBytes_(rowBytes), flush_(std::move(flush)) {}

  void add(std::string_view sql, Expect expect, std::uint64_t count = 0, unsigned warnings = 0);
  void foreignKeyChecks(bool on);
  /// Strict, or kLaxMode for a statement with ENUM index 0; rows added here choose it themselves.
  void strictMode(bool on);
  void insert(const SqlWriter& writer, const RowBatch& rows, std::size_t row) {
    tuple(Kind::insert, writer, rows, row);
  }
  /// The number of rows that REPLACE answers depends on what was there: not checked.
  void replace(const SqlWriter& writer, const RowBatch& rows, std::size_t row) {
    tuple(Kind::replace, writer, rows, row);
  }
  /// An update alone; `keep`: see SqlWriter::appendUpdate(). `exact`: the row must be there.
  void update(const SqlWriter& writer, const RowBatch& rows, std::size_t before, std::size_t after,
              const std::vector<std::size_t>& keep, bool exact = true);
  /// An update that may share a statement with others of its shape (not 0). It must not depend on those that were added
  /// directly before it. All arguments live until close().
  void update(const SqlWriter& writer, const UpdateMerge& merge, UpdateShape shape, const RowBatch& rows,
              std::size_t before, const std::vector<std::size_t>& keep);
  /// `exact`: the row must be there. `index`: TargetTable::keyIndex; rows share a statement if there is one. Both
  /// arguments and the rows live until close().
  void remove(const SqlWriter& writer, const std::string& index, const RowBatch& rows, std::size_t row, bool exact);

  /// Finishes the statement that is still open; sql() is complete then.
  void close();
  [[nodiscard]] bool empty() const { return expectations_.empty(); }
  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] const std::vector<Expectation>& expectations() const { return expectations_; }
  /// Drops the statements, keeps the memory and what is known of the session.
  void clear();
  void resize(std::size_t packetBytes, std::size_t rowBytes) {
    packetBytes_ = packetBytes;
    rowBytes_ = rowBytes;
  }
  /// The session's variables are unknown again (statements were not run, or it is another session).
  void forgetSession() { checks_ = strict_ = Known::unknown; }

 private:
  enum class Kind : std::uint8_t { none, insert, replace, update, remove };
  enum class Known : std::uint8_t { unknown, off, on };

  void tuple(Kind kind, const SqlWriter& writer, const RowBatch& rows, std::size_t row);
  /// Makes room for `bytes` more.
  void reserve(const SqlWriter& writer, std::size_t bytes);
  void begin();
  void closeRemove();

  std::string sql_;
  std::string scratch_;  ///< one row, before it is known which sql_mode it needs
  std::vector<Expectation> expectations_;
  std::size_t packetBytes_, rowBytes_;
  std::function<void()> flush_;
  Kind open_ = Kind::none;
  const SqlWriter* writer_ = nullptr;
  bool exact_ = false;
  std::size_t listed_ = 0, removeAt_ = 0;  ///< keys in the open DELETE, and where it begins
  const std::string* index_ = nullptr;
  MergedUpdate merged_;  ///< the open UPDATE
  UpdateShape shape_ = 0;
  std::string onlyKey_;                  ///< the condition of the open DELETE, should it stay with one key
  const RowBatch* firstRows_ = nullptr;  ///< the first row of the open UPDATE
  std::size_t firstRow_ = 0;
  const std::vector<std::size_t>* keep_ = nullptr;
  Known checks_ = Known::unknown, strict_ = Known::unknown;
};

}  // namespace drs::mysql
