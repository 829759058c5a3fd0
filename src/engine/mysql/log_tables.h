#pragma once

#include "pipeline/interfaces.h"
#include "wire/mysql/row_layout.h"
#include "wire/mysql/rows_event.h"
#include "wire/mysql/table_map.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace drs::mysql {

/// What of the source a job's lane is about.
struct LogScope {
  const Plans* plans = nullptr;  ///< outlives the reader
  /// True if the selection covers the table, planned or not. Never true for system databases.
  std::function<bool(const TableName&)> covers;
  /// True if the selection has something in the database.
  std::function<bool(const std::string&)> coversDatabase;
  /// New tables of tools for schema changes are replicated with the table that they will become (ghost_table.h).
  bool followsGhosts = false;
  /// Identity of the job's target (two_way.h): what has it among its origins came from there and is left out. Empty:
  /// the job goes in one direction, nothing is left out.
  std::string target = {};
};

/// Ties the tables of the log to the plans: which rows are wanted, and whether the table still is what was planned.
/// One thread.
class LogTables {
 public:
  explicit LogTables(const LogScope& scope, bool mariadb = false);

  struct Table {
    TableMap map;                       ///< of a table that is not planned only the names
    std::optional<std::size_t> plan;    ///< nothing: not planned
    bool covered = false;               ///< not planned although the selection covers it
    bool mark = false;                  ///< of our control tables, one whose updates say where a transaction comes from
    bool heartbeat = false;             ///< of our control tables, the one of heartbeat.h
    std::vector<ColumnFormat> formats;  ///< of a planned table
    RowLayout layout;                   ///< the same
    [[nodiscard]] std::string name() const { return map.database + "." + map.table; }
  };

  /// Takes a TABLE_MAP; ids are valid within one group. Throws Error(schemaDrift) if a planned table has another shape,
  /// and what parseTableMap() throws.
  void define(const Event& event, const FormatDescription& format);
  /// The table that a rows event means; null if the group has no TABLE_MAP for the id.
  [[nodiscard]] const Table* find(std::uint64_t tableId) const;
  /// For images that leave columns out (binlog_row_image other than FULL), of a planned table: the replay needs the key
  /// by which it finds a row (without a key: all of the row) in the image before, and of a column that an insert leaves
  /// out the default. Throws Error(logUnsupported) if something is missing, and names it.
  ///
  /// MariaDB turns a REPLACE that meets a row into an update, and its image leaves out the columns that this sets to
  /// their defaults: it looks like an update that keeps them. Such an update passes only if it cannot be a REPLACE: it
  /// touches no unique key, or annotate() has told that it is none.
  void requireUsable(const RowsEvent& event, const Table& table);
  /// Takes MariaDB's ANNOTATE_ROWS, the text of the statement whose TABLE_MAPs and rows follow.
  void annotate(std::string_view sql);
  /// The rows of a statement are complete.
  void endStatement() { statement_.clear(); }
  /// A new group has begun: older ids mean nothing any more.
  void startGroup();

  [[nodiscard]] std::optional<std::size_t> planOf(const TableName& name) const;
  /// The transaction that made the table and holds rows of it too (TablePlan::bornIn).
  [[nodiscard]] const std::string& bornIn(std::size_t plan) const { return (*scope_.plans)[plan].bornIn; }

 private:
  struct Entry {
    Table table;
    std::string raw;          ///< the event's body: a repeated definition is not parsed again
    std::uint64_t group = 0;  ///< valid in this group only
  };

  void refuseReplace(const RowsEvent& event, const Table& table);

  const LogScope& scope_;
  const bool mariadb_;
  std::string statement_;  ///< how the text that annotate() was given begins: an INSERT may update too
  std::size_t maps_ = 0;   ///< TABLE_MAPs since annotate()
  std::map<TableName, std::size_t> planByName_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t group_ = 0;
  std::map<std::size_t, std::vector<std::optional<std::string>>> defaults_;  ///< by plan: defaultLiteral() by column
};

/// What the updates of a marking table say.
struct OriginMark {
  std::string jobId;    ///< of the task that wrote the transaction
  std::string origins;  ///< as in origins.h
};
/// Reads an event of a table with `mark`; nothing if it is no update: rows of a dump that is loaded are no marks.
/// Throws Error(logCorrupt).
[[nodiscard]] std::optional<OriginMark> originMark(const RowsEvent& event, const LogTables::Table& table);

/// Reads an event of the table with `heartbeat`: the time that was written, in milliseconds. Nothing if it is no
/// update, or not of the second that the event's header tells. Throws Error(logCorrupt).
[[nodiscard]] std::optional<std::int64_t> heartbeatMillis(const Event& event, const RowsEvent& rows,
                                                          const LogTables::Table& table);

/// Why the table of the log is not the planned one; empty if it is.
[[nodiscard]] std::string driftOf(const TableMap& map, const TableSchema& schema);

/// Decodes the rows of an event and appends them to `batch`, whose schema is the planned table's. Throws Error
/// (logCorrupt, logUnsupported).
void appendRows(const RowsEvent& event, const LogTables::Table& table, RowBatch& batch);

}  // namespace drs::mysql
