#pragma once

#include "engine/mysql/connection.h"
#include "model/table_schema.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// The collations of a target, and how a source's collation is spelled or replaced there.
///
/// A collation decides which values a unique key takes for equal. Under a coarser one two rows of the source collide at
/// the target and one is lost; hence a column of a primary or unique key gets only a collation that is equal:
///   - the same name, or the same but for utf8 / utf8mb3;
///   - utf8mb4_0900_bin and utf8mb4_nopad_bin: both compare code points and do not pad.
/// A column in no unique key may get the nearest one (utf8mb4_0900_ai_ci and utf8mb4_uca1400_nopad_ai_ci, for example:
/// the same rules, but weights of Unicode 9 and 14): only sorting and searching of rare characters differ there.
class Collations {
 public:
  Collations(std::set<std::string, std::less<>> known, ServerInfo server)
      : known_(std::move(known)), server_(std::move(server)) {}
  /// Without names that are an alias for another collation (collationAliases()): they are another one elsewhere.
  [[nodiscard]] static Collations read(Connection& target);

  [[nodiscard]] std::optional<std::string> equal(std::string_view collation) const;
  /// equal(), or else the nearest one.
  [[nodiscard]] std::optional<std::string> nearest(std::string_view collation) const;
  /// True if no two values that differ under the source's collation are equal under the target's: the two are equal, or
  /// the target's compares code points and pads no more than the source's.
  [[nodiscard]] static bool keepsApart(std::string_view source, std::string_view target);
  [[nodiscard]] const ServerInfo& server() const { return server_; }

 private:
  [[nodiscard]] std::optional<std::string> firstKnown(const std::vector<std::string>& names) const;

  std::set<std::string, std::less<>> known_;
  ServerInfo server_;
};

/// Collations of the server that are another name for one of its own, and that one. MariaDB from 11.4.5 on knows
/// MySQL's names utf8mb4_0900_…, and takes its own collations of Unicode 14 for them: two letters that Unicode 9 did
/// not have yet may be equal there, and are not at MySQL.
[[nodiscard]] std::map<std::string, std::string, std::less<>> collationAliases(Connection& server);

/// An index of a table as text for CREATE or ALTER TABLE.
struct IndexDdl {
  std::string name;  ///< empty for the primary key
  bool unique = false, primary = false;
  bool alone = false;                ///< FULLTEXT, SPATIAL, VECTOR: one ALTER TABLE each
  std::vector<std::string> columns;  ///< in order; "" for an expression
  std::string sql;                   ///< "KEY `i` (`a`,`b`)"
};

/// Why a server does not have a column's type; empty = it has it, or the type is one of all servers.
[[nodiscard]] std::string missingType(const Column& column, const ServerInfo& server);

/// A source table's definition, rewritten for a target.
struct TableDdl {
  std::string createSql;            ///< CREATE TABLE with primary, unique and indispensable keys, without foreign keys
  std::vector<IndexDdl> secondary;  ///< the indexes that createSql leaves out
  std::optional<std::uint64_t> autoIncrement;
  std::vector<std::string> notes;    ///< for people: collations that are only the nearest ones, attributes left out
  std::vector<std::string> leftOut;  ///< for people: indexes, not unique, that the target cannot have
};

/// Rewrites what SHOW CREATE TABLE of the source said (TableSchema::createSql) for `target`. Columns, defaults,
/// comments, generated columns, checks and keys keep their text; what the two families spell differently is translated;
/// every text column gets its charset and collation by name, so that no default of a server or database gets in; the
/// storage engine is InnoDB, because our marks must commit with the rows. With `allIndexes` the secondary indexes are
/// in createSql. Throws Error(definitionNotSupported) naming the clause that it does not know or that the target cannot
/// have.
[[nodiscard]] TableDdl rewriteTable(const TableSchema& schema, const TableName& target, const Collations& collations,
                                    bool allIndexes);

/// "CONSTRAINT `n` FOREIGN KEY (…) REFERENCES `db`.`t` (…) ON DELETE …" for ALTER TABLE … ADD.
[[nodiscard]] std::string foreignKeySql(const TableSchema& schema, const ForeignKey& key, const TableName& referenced);

}  // namespace drs::mysql
