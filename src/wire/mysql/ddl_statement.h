#pragma once

#include "wire/mysql/sql_statement.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

enum class DdlKind : std::uint8_t {
  alterTable,
  createIndex,
  dropIndex,
  createTable,      ///< with its columns
  createTableLike,  ///< tables: the new one, then the referenced one
  dropTable,
  renameTable,  ///< tables: old, new, old, new, …
  createDatabase,
  alterDatabase,
  dropDatabase,
  unknown,  ///< DdlStatement::why says what was not understood, or may not be run a second time elsewhere
};

/// What one item of an ALTER TABLE does.
enum class AlterAction : std::uint8_t {
  addColumn,
  modifyColumn,  ///< MODIFY, ALTER COLUMN, CONVERT TO CHARACTER SET
  changeColumn,  ///< CHANGE, RENAME COLUMN
  dropColumn,
  addIndex,  ///< primary and unique keys too
  dropIndex,
  renameIndex,
  constraint,   ///< foreign keys and checks; DROP CONSTRAINT
  partition,    ///< of the table's own partitions
  renameTable,  ///< the last of DdlStatement::tables with the role renamed is the new name
  option,       ///< table options, ORDER BY, FORCE, visibility of an index, …
};

/// A table's name as it stands in the statement: the bytes from `offset` on, qualifier included, are replaced when the
/// statement is to mean another table.
struct DdlTable {
  enum class Role : std::uint8_t { changed, renamed, referenced } role = Role::changed;
  ObjectName name;
  std::size_t offset = 0, size = 0;
};

/// A piece of text of the statement.
struct TextPiece {
  std::size_t offset = 0, size = 0;
};

struct DdlStatement {
  DdlKind kind = DdlKind::unknown;
  /// Of unknown; of another kind: it is understood, but gives other rows when it is run a second time elsewhere.
  std::string why;
  bool movesRows = false;  ///< alterTable: rows come and go with files or other tables, the definition stays
  std::vector<DdlTable> tables;
  std::vector<AlterAction> actions;  ///< of alterTable; options that follow each other may be one
  bool ifExists = false, ifNotExists = false;
  std::string database;  ///< of the database statements; empty: the session's default
  /// Values of ENGINE. Empty: the statement names none.
  std::vector<TextPiece> engines;
  std::string engine;  ///< the first one's value
  /// Of createTable: behind the columns, where table options may stand.
  std::size_t optionsAt = 0;
  /// Of createTable: START TRANSACTION at its end (MySQL's CREATE TABLE … SELECT: the rows follow), which is not run.
  TextPiece start;
  /// Of createTable and the database statements: what DEFAULT CHARACTER SET and COLLATE say. Empty: not said.
  std::string charset, collation;
  /// Column actions whose result depends on the session's time zone: they convert or fill date and time columns.
  bool needsTimeZone = false;
};

/// Analyses a statement that defines tables or databases. Never fails: see DdlKind::unknown. What stands in it beside
/// the found names is kept by whoever rewrites it, so that nothing of it needs to be understood.
[[nodiscard]] DdlStatement parseDdl(std::string_view sql, SqlSyntax syntax);

/// A piece of text and what takes its place.
struct Splice {
  TextPiece at;
  std::string text;
};

/// The statement with the pieces replaced; every other byte stays. Pieces do not overlap; in any order.
[[nodiscard]] std::string splice(std::string_view sql, std::vector<Splice> splices);

}  // namespace drs::mysql
