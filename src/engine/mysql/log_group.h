#pragma once

#include "engine/mysql/log_tables.h"
#include "model/change_event.h"
#include "wire/mysql/gtid_set.h"

#include <optional>
#include <string>
#include <vector>

namespace drs::mysql {

/// What the open group (transaction or single statement) of the log has so far. One thread.
class LogGroup {
 public:
  LogGroup(const LogScope& scope, std::size_t maxBytes) : scope_(scope), maxBytes_(maxBytes) {}

  std::string id;            ///< Transaction::id
  std::optional<Gtid> gtid;  ///< MySQL
  std::optional<MariadbGtid> mariadbGtid;
  std::uint64_t commitMicros = 0;  ///< 0: only the seconds of the last event's header are known
  bool repeated = false;           ///< applied before: passes without effect
  std::string xid;                 ///< as XA START or XA END write it

  /// Starts anew.
  void clear();
  /// Adds the rows of an event. Throws what appendRows() throws, and Error(limitExceeded).
  void addRows(const RowsEvent& event, const LogTables::Table& table);
  /// Adds a statement; it takes the place of the rows, and rows behind it are left out: the lane ends at it, or
  /// (TRUNCATE) it is alone.
  void addSchemaChange(SchemaChange change);

  void savepoint(const std::string& name);
  void releaseSavepoint(const std::string& name);
  /// Takes back what came after the savepoint (all, if it is not known: then it was set before anything of ours).
  /// Throws Error(logUnsupported) if servers may take another savepoint's name for the same.
  void rollbackTo(const std::string& name);
  void rollbackAll() { rollbackFrom(0); }

  [[nodiscard]] bool hasChanges() const { return !changes_.empty(); }
  [[nodiscard]] bool hasSchemaChange() const { return schemaChanged_; }
  /// Gives the changes away.
  [[nodiscard]] Transaction take(Position end, UnixMillis commitMillis);

 private:
  struct Savepoint {
    std::string name;
    std::size_t changes;
  };
  RowsChange& changeFor(const RowsEvent& event, std::size_t plan);
  void rollbackFrom(std::size_t first);
  struct Found {
    std::vector<Savepoint>::iterator at;
    bool certain = true;  ///< false: the name at `at` may be the same, in the server's eyes
  };
  Found find(const std::string& name);

  const LogScope& scope_;
  const std::size_t maxBytes_;
  std::vector<ChangeEvent> changes_;
  std::vector<Savepoint> savepoints_;
  std::size_t bytes_ = 0;
  bool schemaChanged_ = false;
  bool sealed_ = false;  ///< a savepoint was set: the next rows begin a new change
};

}  // namespace drs::mysql
