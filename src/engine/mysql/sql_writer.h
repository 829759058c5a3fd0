#pragma once

#include "engine/mysql/connection.h"
#include "model/row_batch.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Writes the statements for the rows of one table. Everything that does not depend on a row is made once; rendering a
/// row appends to the caller's buffer and allocates nothing of its own.
///
/// Literals keep values exactly:
///  - text: `_charset'bytes'` with the column's charset (or a superset of it with the same bytes), so that the server
///  takes the bytes as they are, whatever the
///    connection's charset. Escapes are ASCII and the connection speaks utf8mb4, in which no character of several bytes
///    holds an ASCII byte, so the server's scanner sees the same bytes as we do;
///    Values of charsets with one byte for each character go as `_binary'bytes'`, which a column takes as they are:
///    MySQL warns at an introducer before a byte that stands for no character. So do those of ucs2, which takes halves
///    of surrogate pairs that its superset utf16 refuses;
///  - bytes and JSON: `_binary'…'`, `_utf8mb4'…'` (JSON columns refuse binary strings). MySQL reads a number in a JSON
///    text as a 64-bit integer or a double; each number that this would change is put into its place as the DECIMAL
///    that it is: JSON_REPLACE(_utf8mb4'{"a": 1.10}',_utf8mb4'$."a"',CAST('1.10' AS DECIMAL(3,2))). At most
///    kMaxJsonNumbers of them;
///  - DOUBLE and FLOAT: the shortest decimal form that gives back the same double; with an exponent, so that the server
///  does
///    not take it for DECIMAL. A FLOAT is written as the double of equal value, never as the shortest float: that would
///    be rounded twice;
///  - integers, BIT, ENUM (its index), SET (its mask): numbers;
///  - decimals: the digits as they came; temporal values: quoted.
///
/// ENUM index 0 is the value that a server stores for an invalid text. In strict mode no literal yields it; the
/// functions that write values return how many there were, and the caller sends such a statement in kLaxMode and
/// expects one warning (1265) for each.
///
/// A row is found by rowKey(). In a table without one it is found by all of its values, exact to the byte: what a
/// collation or a type takes for equal is compared in a form that does not (bytes, digits, printed times), and LIMIT 1
/// takes one of several rows that are the same. The sign of a zero is the one thing that MariaDB does not show: of two
/// rows that differ in it alone, the one with the same sign comes first where the server shows it. A primary key that
/// holds a generated column stands before these values: the index leads to the row, the values say that it is the one.
///
/// Throws Error(jsonDecimal) for a JSON value with more numbers of that kind, Error(logUnsupported) for an absent cell
/// where a value is needed, Error(internal) for text that is no number or no time. Threads: const, any.
class SqlWriter {
 public:
  /// `target`: where the rows go. Columns are those of `schema`; generated ones are left out of every list.
  /// `readsJson`: the target is MySQL, which takes JSON texts apart.
  SqlWriter(const TableSchema& schema, const TableName& target, bool readsJson = false);

  [[nodiscard]] const std::string& table() const { return table_; }              ///< `db`.`table`
  [[nodiscard]] const std::string& insertHead() const { return insertHead_; }    ///< "INSERT INTO … (…) VALUES "
  [[nodiscard]] const std::string& replaceHead() const { return replaceHead_; }  ///< "REPLACE INTO … (…) VALUES "
  [[nodiscard]] const std::vector<std::size_t>& key() const { return key_; }     ///< rowKey() of the table
  [[nodiscard]] const std::string& name(std::size_t column) const { return columns_[column].name; }  ///< quoted

  /// "(1,_utf8mb4'a',NULL)". A column that the image leaves out gets the source's default (defaultLiteral()). Returns
  /// the number of ENUM cells with index 0.
  unsigned appendTuple(std::string& out, const RowBatch& rows, std::size_t row) const;
  /// "`a`=1 AND `b`=2", the key; without one all columns and, behind them, LIMIT 1: fit for the end of a statement
  /// only.
  void appendKey(std::string& out, const RowBatch& rows, std::size_t row) const;
  /// The key's values alone, "1,2".
  void appendKeyValues(std::string& out, const RowBatch& rows, std::size_t row) const;
  /// "UPDATE … SET … WHERE key of before": the columns that differ, and `c=c` for each of `keep` that is not among them
  /// (columns which the target would set to its own clock). Without a difference it sets a key column to itself: the
  /// row must be there all the same. Returns the number of ENUM cells with index 0.
  unsigned appendUpdate(std::string& out, const RowBatch& rows, std::size_t before, std::size_t after,
                        const std::vector<std::size_t>& keep) const;
  /// As above, but sets every column, and finds the row by the key of `row` itself.
  unsigned appendUpdateAll(std::string& out, const RowBatch& rows, std::size_t row) const;
  /// A literal to be stored in the column. Returns true for ENUM index 0.
  bool appendValue(std::string& out, std::size_t column, const RowBatch& rows, std::size_t row) const;
  [[nodiscard]] bool isWritten(std::size_t column) const { return columns_[column].written; }  ///< not generated
  /// One literal, to be compared with. Returns true for ENUM index 0.
  bool appendCell(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const;
  /// True if the image leaves out a column that is written.
  [[nodiscard]] bool isPartial(const RowBatch& rows, std::size_t row) const;
  /// True if the key columns of the two rows differ in any byte; what the image after leaves out has not changed.
  /// Tables with a key only.
  [[nodiscard]] bool keyChanged(const RowBatch& rows, std::size_t before, std::size_t after) const;
  /// The key for messages: "(1, 'a')", values as of appendPrintable().
  [[nodiscard]] std::string printableKey(const RowBatch& rows, std::size_t row) const;

 private:
  struct Target {
    std::string name;        ///< quoted
    std::string introducer;  ///< of string literals, e.g. "_utf8mb4"
    std::string stored;      ///< the same of a value that is to be stored
    std::string exact;       ///< an expression that two different values never share, e.g. "CAST(`a` AS BINARY)"
    ColumnKind kind = ColumnKind::text;
    std::string absent;   ///< see defaultLiteral(); empty: nothing
    bool written = true;  ///< not generated
    bool asHex = false;   ///< `exact` is in hexadecimal digits
    bool isUcs2 = false;
  };
  unsigned appendAssignment(std::string& out, std::size_t column, const RowBatch& rows, std::size_t row) const;
  void appendJson(std::string& out, std::size_t column, const RowBatch& rows, std::size_t row) const;
  void appendWholeRow(std::string& out, const RowBatch& rows, std::size_t row) const;
  void appendExact(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const;
  [[nodiscard]] static Target targetOf(const Column& column);
  [[noreturn]] void refuse(std::size_t column, const Cell& cell) const;

  bool readsJson_;
  std::string table_, insertHead_, replaceHead_;
  std::string plainName_;  ///< for messages
  std::vector<Target> columns_;
  std::vector<std::size_t> key_;
  std::vector<std::size_t> generatedKey_;  ///< the primary key if a column of it is generated, else empty
};

/// sql_mode for statements with ENUM index 0, and the mode that all others run in.
inline constexpr std::string_view kLaxMode = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION";
/// Numbers of one JSON value that are written one by one: beyond this its statement would grow without bound.
inline constexpr std::size_t kMaxJsonNumbers = 1000;
/// ENUM indexes 0 that one statement may hold: the server counts its warnings in 16 bits.
inline constexpr unsigned kMaxZeros = 60000;
inline constexpr std::string_view kStrictMode =
    "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION";

/// Appends a quoted string literal with any bytes, escaped for sql_mode without NO_BACKSLASH_ESCAPES.
void appendQuoted(std::string& out, std::string_view bytes);
/// Appends the shortest literal with an exponent that the server reads as this double; −0 keeps its sign.
/// Throws Error(internal) for infinity and NaN.
void appendReal(std::string& out, double value);

/// True for the text of a decimal number, without an exponent.
[[nodiscard]] bool isDecimalText(std::string_view text);
/// True for text that only holds what dates and times are made of.
[[nodiscard]] bool isTemporalText(std::string_view text);

/// True if both cells hold the same value, byte for byte.
[[nodiscard]] bool sameCell(const RowBatch& rows, const Cell& a, const Cell& b);

}  // namespace drs::mysql
