#pragma once

#include "engine/mysql/log_tables.h"
#include "wire/mysql/control_events.h"
#include "wire/mysql/sql_statement.h"

#include <optional>

namespace drs::mysql {

/// Judges the statements of the log: does one concern the selection? One thread.
class LogStatements {
 public:
  LogStatements(const LogScope& scope, const LogTables& tables) : scope_(scope), tables_(tables) {}

  /// The server folds table names to lower case (lower_case_table_names ≠ 0), the text of statements does not.
  void setFoldNames(bool fold) { fold_ = fold; }

  /// The time zone that the source means by SYSTEM, as an offset; empty: not known.
  void setSystemTimeZone(std::string zone) { systemTimeZone_ = std::move(zone); }

  /// The change that the statement makes to something selected; nothing if it concerns nothing of ours. Throws Error
  /// (logUnsupported) for a change of rows that is logged as a statement. `group`: of the statement (Transaction::id).
  [[nodiscard]] std::optional<SchemaChange> judge(const Statement& statement, const QueryEvent& query,
                                                  const std::string& group) const;

 private:
  struct Target {
    TableName name;
    bool certain = true;  ///< false: the name's letters cannot be compared
  };
  [[nodiscard]] Target targetOf(const ObjectName& name, const QueryEvent& query) const;
  [[nodiscard]] bool concerns(const Target& target) const;
  /// A table that a tool builds to become a planned one.
  [[nodiscard]] bool isGhost(const Target& target) const;
  [[nodiscard]] bool concernsDatabase(const std::string& name, const QueryEvent& query) const;
  [[nodiscard]] bool didNothing(const Statement& statement, const Target& target, const std::string& group) const;
  [[nodiscard]] bool mayConcern(const Statement& statement, const QueryEvent& query) const;
  void refuseMark(const Statement& statement) const;
  [[nodiscard]] std::string folded(std::string name) const;
  [[nodiscard]] bool comparable(std::string_view name, const QueryEvent& query) const;

  const LogScope& scope_;
  const LogTables& tables_;
  bool fold_ = false;
  std::string systemTimeZone_;
};

}  // namespace drs::mysql
