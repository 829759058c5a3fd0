#pragma once

#include "wire/mysql/sql_tokens.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

enum class StatementKind : std::uint8_t {
  empty,  ///< nothing but comments
  begin,
  commit,
  rollback,
  savepoint,
  rollbackTo,
  releaseSavepoint,
  xaStart,
  xaEnd,
  xaPrepare,
  xaCommit,
  xaRollback,
  truncateTable,
  createTable,
  alterTable,  ///< ALTER TABLE, CREATE INDEX, DROP INDEX
  dropTable,
  renameTable,
  createDatabase,
  alterDatabase,
  dropDatabase,
  rowChange,      ///< INSERT, UPDATE, DELETE, …: in a log of row images it should not be
  noTableChange,  ///< users, views, routines, triggers, events, statistics, …
  unknown,
};

struct ObjectName {
  std::string database;  ///< empty: the session's default
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

/// What the log reader must know about a statement.
struct Statement {
  StatementKind kind = StatementKind::unknown;
  std::string verb;                ///< its first word, for messages
  bool temporary = false;          ///< only temporary tables are meant
  bool ifNotExists = false;        ///< CREATE TABLE IF NOT EXISTS: servers log it even if it did nothing
  std::vector<ObjectName> tables;  ///< tables whose definition or content it changes
  std::string database;            ///< of the database statements; empty: the session's default
  std::string label;               ///< savepoint's name; of XA statements the rest of the text
  /// Of rowChange and unknown: every name that stands in it, since what it touches is not analysed.
  std::vector<std::string> names;
  /// Those of `names` that stand before a point and behind none: databases, tables of the default one, and aliases.
  std::vector<std::string> qualifiers;
};

/// Recognises the statement at the start of `sql`; of MariaDB's SET STATEMENT … FOR the one behind it. Never fails:
/// what is not understood is `unknown`.
[[nodiscard]] Statement recognize(std::string_view sql, SqlSyntax syntax);

}  // namespace drs::mysql
