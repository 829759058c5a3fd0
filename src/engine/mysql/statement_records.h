#pragma once

#include "engine/mysql/control_tables.h"
#include "pipeline/interfaces.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// What became of a statement of the log.
enum class StatementState : std::uint8_t {
  intent,  ///< it may have run at the target
  failed,  ///< the target refused it
  done,
  filtered,  ///< the request says that it stays at the source
  skipped,   ///< a person said so
  replaced,  ///< another statement ran in its place, a person said so
};
[[nodiscard]] std::string_view toText(StatementState state);

/// A row of `drs_ctl.ddl`.
struct StatementRecord {
  std::string group;  ///< Transaction::id
  Position end;
  StatementState state = StatementState::intent;
  UnixMillis committed = 0;  ///< at the source
  std::string sql;
  std::string before;  ///< fingerprint of the target's objects before it ran
  std::string result;  ///< for people; of an intent what is to run in its place (see StatementRunner)
};

/// A table of ours that each RENAME TABLE of the job renames too: the second name tells that it has run.
[[nodiscard]] TableName renameFlag(std::string_view jobId);
[[nodiscard]] TableName raisedRenameFlag(std::string_view jobId);

/// The statements of the log that a job has met, and what they made of the definitions, in the job's control tables:
///
///   ddl         one row for each statement, with its intent before it runs. After a death in between, the fingerprint
///               of the objects says whether it ran
///   definition  one row for each table or database that is not any more as it was planned, written with the mark
///
/// All methods throw what Connection throws. Threads: any, each with a connection of its own.
class StatementRecords {
 public:
  explicit StatementRecords(std::string_view jobId);

  [[nodiscard]] std::optional<StatementRecord> find(Connection& connection, const std::string& group) const;
  [[nodiscard]] DefinitionChanges definitions(Connection& connection) const;
  /// See Sink::statements().
  [[nodiscard]] std::vector<StatementRow> list(Connection& connection, std::uint64_t after, std::size_t most) const;
  /// StatementRow::fingerprint of a statement.
  [[nodiscard]] static std::string fingerprint(Connection& connection, const std::string& sql);

  // Statements to run, alone or in the transaction of the mark.
  [[nodiscard]] std::string write(const StatementRecord& record) const;
  [[nodiscard]] std::string write(const DefinitionChange& change) const;
  [[nodiscard]] std::string writeCollation(const std::string& database, const std::string& collation) const;

 private:
  std::string job_, id_;
};

}  // namespace drs::mysql
