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
  std::string result;  ///< for people
};

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

  // Statements to run, alone or in the transaction of the mark.
  [[nodiscard]] std::string write(const StatementRecord& record) const;
  [[nodiscard]] std::string write(const DefinitionChange& change) const;
  [[nodiscard]] std::string writeCollation(const std::string& database, const std::string& collation) const;

 private:
  std::string job_, id_;
};

}  // namespace drs::mysql
