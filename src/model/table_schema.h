#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace drs {

/// What a value is, as far as moving it is concerned; the server's own type text stands beside it.
enum class ColumnKind : std::uint8_t {
  integer,     ///< signed or unsigned, up to 64 bits (YEAR too)
  decimal,     ///< exact decimal text
  real,        ///< FLOAT or DOUBLE
  bit,         ///< BIT(n), as an unsigned integer
  text,        ///< characters in the column's own charset; bytes are moved, never converted
  bytes,       ///< BINARY, VARBINARY, BLOB
  temporal,    ///< DATE, TIME, DATETIME, TIMESTAMP as text, in UTC
  enumerated,  ///< ENUM as its index
  set,         ///< SET as its bit mask
  json,        ///< JSON text in utf8mb4
};

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::text;
  std::string type;      ///< the server's text, e.g. "varchar(20)", "decimal(10,2) unsigned"
  std::string dataType;  ///< its first word, lower case: "varchar"
  std::string charset;   ///< of text, enumerated, set; empty otherwise; "binary" for bytes
  std::string collation;
  bool isUnsigned = false;
  bool nullable = true;
  bool generated = false;    ///< stored or virtual: never written
  bool onUpdateNow = false;  ///< ON UPDATE CURRENT_TIMESTAMP
  bool isFloat = false;      ///< FLOAT, not DOUBLE
  std::uint64_t length = 0;  ///< characters or bytes, BIT width
  int fraction = 0;          ///< digits of temporal fractions
};

struct IndexPart {
  std::size_t column = 0;    ///< position in TableSchema::columns
  std::uint32_t prefix = 0;  ///< characters, 0 = whole column
};

struct Index {
  std::string name;
  bool unique = false;
  bool primary = false;
  std::string type;  ///< BTREE, FULLTEXT, SPATIAL
  std::vector<IndexPart> parts;
};

struct ForeignKey {
  std::string name;
  std::vector<std::size_t> columns;
  std::string referencedDatabase, referencedTable;
  std::vector<std::string> referencedColumns;
  std::string onUpdate, onDelete;  ///< RESTRICT, CASCADE, SET NULL, NO ACTION, SET DEFAULT
};

struct TableName {
  std::string database, table;
  auto operator<=>(const TableName&) const = default;
};

/// "db.table" for messages.
[[nodiscard]] inline std::string printable(const TableName& name) {
  return name.database + "." + name.table;
}

/// One table as it was when the task was planned.
struct TableSchema {
  TableName name;
  std::vector<Column> columns;  ///< in the server's order, generated ones included
  std::vector<std::size_t> primaryKey;
  std::vector<Index> indexes;  ///< without the primary key
  std::vector<ForeignKey> foreignKeys;
  std::string engine, collation, createSql;  ///< createSql: SHOW CREATE TABLE
  std::uint64_t estimatedRows = 0, averageRowBytes = 0, dataBytes = 0;
};
using TableSchemaPtr = std::shared_ptr<const TableSchema>;

}  // namespace drs
