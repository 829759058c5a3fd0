#pragma once

#include "engine/mysql/log_tables.h"
#include "model/change_event.h"
#include "pipeline/spill_file.h"
#include "wire/mysql/gtid_set.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drs::mysql {

/// How large a transaction may become: beyond `memoryBytes` its rows go to a file in `spillFolder` (empty: there is
/// none, all stays in memory), beyond `mostBytes` it is refused.
struct GroupLimits {
  std::size_t memoryBytes = 8U << 20U;
  std::size_t mostBytes = std::size_t{16} << 30U;
  std::string spillFolder;
};

/// What the open group (transaction or single statement) of the log has so far. One thread.
class LogGroup {
 public:
  LogGroup(const LogScope& scope, GroupLimits limits) : scope_(scope), limits_(std::move(limits)) {}

  std::string id;            ///< Transaction::id
  std::optional<Gtid> gtid;  ///< MySQL
  std::optional<MariadbGtid> mariadbGtid;
  std::uint64_t commitMicros = 0;  ///< 0: only the seconds of the last event's header are known
  std::int64_t beatMillis = 0;     ///< the time that a task wrote in it (heartbeat.h); 0 = none
  bool repeated = false;           ///< applied before: passes without effect
  std::string xid;                 ///< as XA START or XA END write it
  std::string origins;             ///< Transaction::origins
  std::string markedBy;            ///< id of the task of ours that wrote the group; empty: nobody
  bool returns = false;            ///< it came from the target: left out

  /// Starts anew.
  void clear();
  /// Adds the rows of an event. Throws what appendRows() throws, and Error(limitExceeded, spillFailed).
  void addRows(const RowsEvent& event, const LogTables::Table& table);
  /// Adds a statement; it takes the place of the rows, and rows behind it are left out: the lane ends at it, or
  /// (TRUNCATE) it is alone.
  void addSchemaChange(SchemaChange change);

  void savepoint(const std::string& name);
  void releaseSavepoint(const std::string& name);
  /// Takes back what came after the savepoint (all, if it is not known: then it was set before anything of ours).
  /// Throws Error(logUnsupported) if servers may take another savepoint's name for the same.
  void rollbackTo(const std::string& name);
  void rollbackAll() { rollbackFrom({}); }
  /// Leaves all changes out.
  void discard();

  [[nodiscard]] bool hasChanges() const { return !changes_.empty() || (spill_ && spill_->size() > 0); }
  [[nodiscard]] bool hasSchemaChange() const { return schemaChanged_; }
  /// The statement; null: there is none.
  [[nodiscard]] SchemaChange* schemaChange() {
    return schemaChanged_ && !changes_.empty() ? &std::get<SchemaChange>(changes_.front()) : nullptr;
  }
  bool rowsFollow = false;  ///< the statement's table has rows in this very group, which were left out
  /// Gives the changes away, the rest of the group stays. `toDisk`: more than a few of them on disk.
  [[nodiscard]] Transaction takeChanges(bool toDisk);
  /// Takes what takeChanges() gave as its own.
  void adopt(Transaction changes);
  /// Gives the changes away.
  [[nodiscard]] Transaction take(Position end, UnixMillis commitMillis);

 private:
  /// Between two changes: so many bytes in the file, and so many changes in memory behind them.
  struct Place {
    std::uint64_t spilled = 0;
    std::size_t changes = 0;
  };
  struct Savepoint {
    std::string name;
    Place place;
  };
  RowsChange& changeFor(const RowsEvent& event, std::size_t plan);
  void rollbackFrom(const Place& first);
  /// Writes the changes in memory to the file.
  void spill();
  void refuseTooLarge() const;
  struct Found {
    std::vector<Savepoint>::iterator at;
    bool certain = true;  ///< false: the name at `at` may be the same, in the server's eyes
  };
  Found find(const std::string& name);

  const LogScope& scope_;
  const GroupLimits limits_;
  std::shared_ptr<SpillFile> spill_;  ///< what came before changes_; null: nothing
  std::vector<ChangeEvent> changes_;
  std::vector<Savepoint> savepoints_;
  std::size_t bytes_ = 0;  ///< of changes_
  bool schemaChanged_ = false;
  bool sealed_ = false;  ///< a savepoint was set: the next rows begin a new change
};

}  // namespace drs::mysql
