#include "engine/mysql/sql_writer.h"

#include "crypto/encoding.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/row_text.h"
#include "pipeline/large_rows.h"
#include "wire/mysql/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace drs::mysql {
namespace {

constexpr std::size_t kPrintedColumns = 8;  // of a row without a key

template <typename T>
void appendLiteral(std::string& out, T value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// The charset that a column's bytes are introduced with. utf8mb3 and ucs2 go by the names of their supersets, in which
/// the same bytes mean the same: newer servers warn at every literal that names the old ones. The four old ones without
/// a superset go as bytes, which a column takes as they are.
std::string introducer(const Column& column) {
  if (column.kind == ColumnKind::json) return "_utf8mb4";
  if (column.kind == ColumnKind::bytes) return "_binary";
  if (column.kind != ColumnKind::text) return "";
  if (column.charset == "utf8" || column.charset == "utf8mb3") return "_utf8mb4";
  if (column.charset == "ucs2") return "_utf16";
  constexpr std::array<std::string_view, 4> kWithdrawn = {"dec8", "hp8", "macce", "macroman"};
  if (std::find(kWithdrawn.begin(), kWithdrawn.end(), column.charset) != kWithdrawn.end()) return "_binary";
  return "_" + (column.charset.empty() ? "binary" : column.charset);
}

/// latin1, where every byte is a character, and ascii are left out.
bool hasOneByte(std::string_view charset) {
  constexpr std::array<std::string_view, 23> kNames = {"armscii8", "cp1250",  "cp1251",   "cp1256",  "cp1257", "cp850",
                                                       "cp852",    "cp866",   "dec8",     "geostd8", "greek",  "hebrew",
                                                       "hp8",      "keybcs2", "koi8r",    "koi8u",   "latin2", "latin5",
                                                       "latin7",   "macce",   "macroman", "swe7",    "tis620"};
  return std::find(kNames.begin(), kNames.end(), charset) != kNames.end();
}

/// True for UTF-16 text in which half of a surrogate pair stands alone. ucs2 knows no pairs and takes any.
bool hasLoneSurrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const unsigned kind = static_cast<unsigned char>(text[i]) & 0xfcU;
    if (kind == 0xdcU) return true;
    if (kind != 0xd8U) continue;
    i += 2;
    if (i + 1 >= text.size() || (static_cast<unsigned char>(text[i]) & 0xfcU) != 0xdcU) return true;
  }
  return false;
}

/// The form of appendExact().
std::string exactExpression(const Column& column) {
  std::string name = quoteName(column.name);
  switch (column.kind) {
    case ColumnKind::integer:  // servers take a YEAR of two digits for another one
      return column.dataType == "year" ? "CAST(" + name + " AS UNSIGNED)" : name;
    case ColumnKind::decimal:
      return name;
    case ColumnKind::real:
      return name + "*1e0";
    case ColumnKind::bit:
    case ColumnKind::enumerated:
      return "CAST(" + name + " AS UNSIGNED)";
    case ColumnKind::set:  // MariaDB warns at a CAST of the 64th member
      return "(" + name + "|0)";
    case ColumnKind::text:
      return "CAST(" + name + " AS BINARY)";
    case ColumnKind::bytes:
      return isGeometry(column) || isPrintedBytes(column) || column.dataType == "vector" ? "HEX(" + name + ")" : name;
    case ColumnKind::temporal:  // zero and partial dates are no dates in a comparison
      return "CAST(" + name + " AS CHAR)";
    case ColumnKind::json:  // 1 and 1.0 are equal as JSON
      return "CAST(CAST(" + name + " AS CHAR CHARACTER SET utf8mb4) AS BINARY)";
  }
  return name;
}

/// CAST('1.10' AS DECIMAL(3,2)); false if no DECIMAL has these digits.
bool appendDecimalCast(std::string& out, std::string_view number) {
  constexpr std::size_t kMostDigits = 65, kMostBehindPoint = 30;
  if (!isDecimalText(number)) return false;
  const std::string_view digits = number.substr(number.front() == '-' ? 1 : 0);
  const std::size_t point = digits.find('.');
  const std::size_t scale = point == std::string_view::npos ? 0 : digits.size() - point - 1;
  const std::size_t precision = digits.size() - (point == std::string_view::npos ? 0 : 1);
  if (precision > kMostDigits + (digits.front() == '0' ? 1 : 0) || scale > kMostBehindPoint) return false;
  out += fmt::format("CAST('{}' AS DECIMAL({},{}))", number, std::min(precision, kMostDigits), scale);
  return true;
}

/// 1 for a byte that a literal must escape.
constexpr std::array<bool, 256> kEscaped = [] {
  std::array<bool, 256> table{};
  table[0] = table['\''] = table['\\'] = true;
  return table;
}();

}  // namespace

bool isDecimalText(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  return whole.size() + fraction.size() > 0 && whole.find_first_not_of(kDigits) == std::string_view::npos &&
         fraction.find_first_not_of(kDigits) == std::string_view::npos;
}

bool isTemporalText(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789-:. ") == std::string_view::npos;
}

void appendQuoted(std::string& out, std::string_view bytes) {
  // Grown by doubling, the memory for a large value would be three times as much for a moment.
  constexpr std::size_t kRestOfRow = 4096;
  if (bytes.size() >= LargeRows::kLarge)
    out.reserve(out.size() + bytes.size() + kRestOfRow +
                static_cast<std::size_t>(
                    std::ranges::count_if(bytes, [](char c) { return kEscaped[static_cast<unsigned char>(c)]; })));
  out += '\'';
  std::size_t from = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!kEscaped[static_cast<unsigned char>(bytes[i])]) continue;
    out.append(bytes, from, i - from);
    out += '\\';
    out += bytes[i] == '\0' ? '0' : bytes[i];
    from = i + 1;
  }
  out.append(bytes, from);
  out += '\'';
}

void appendReal(std::string& out, double value) {
  if (!std::isfinite(value)) throw Error(Msg::internal, {"a floating-point value is not finite"});
  // The parser turns -0e0 into 0 - 0 on some servers; as text the sign survives wherever a column can hold it.
  if (value == 0 && std::signbit(value)) {
    out += "'-0'";
    return;
  }
  std::array<char, 40> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific).ptr;
  out.append(digits.data(), end);
}

bool sameCell(const RowBatch& rows, const Cell& a, const Cell& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case CellKind::null:
    case CellKind::absent:
      return true;
    case CellKind::signedInt:
    case CellKind::unsignedInt:
      return a.u == b.u;
    case CellKind::real:  // by bits: 0 and −0 are two values
      return std::bit_cast<std::uint64_t>(a.d) == std::bit_cast<std::uint64_t>(b.d);
    case CellKind::number:
    case CellKind::text:
      return rows.text(a) == rows.text(b);
  }
  return false;
}

SqlWriter::SqlWriter(const TableSchema& schema, const TableName& target, bool readsJson)
    : readsJson_(readsJson),
      table_(quoteName(target)),
      plainName_(schema.name.database + "." + schema.name.table),
      key_(rowKey(schema)) {
  if (generatedKey(schema) != nullptr) generatedKey_ = schema.primaryKey;
  std::string list;
  for (const Column& column : schema.columns) {
    columns_.push_back(targetOf(column));
    if (column.generated) continue;
    if (!schema.createSql.empty()) columns_.back().absent = defaultLiteral(schema, column).value_or("");
    if (!list.empty()) list += ',';
    list += columns_.back().name;
  }
  insertHead_ = "INSERT INTO " + table_ + " (" + list + ") VALUES ";
  replaceHead_ = "REPLACE INTO " + table_ + " (" + list + ") VALUES ";
}

SqlWriter::Target SqlWriter::targetOf(const Column& column) {
  Target out;
  out.name = quoteName(column.name);
  out.introducer = introducer(column);
  out.isUcs2 = column.kind == ColumnKind::text && column.charset == "ucs2";
  out.stored =
      column.kind == ColumnKind::text && (out.isUcs2 || hasOneByte(column.charset)) ? "_binary" : out.introducer;
  out.exact = exactExpression(column);
  out.kind = column.kind;
  out.written = !column.generated;
  out.asHex = out.exact.starts_with("HEX(");
  return out;
}

void SqlWriter::refuse(std::size_t column, const Cell& cell) const {
  const std::string what = plainName_ + "." + columns_[column].name;
  if (cell.kind == CellKind::absent)
    throw Error(Msg::logUnsupported,
                {"an image without the column " + what, "Set binlog_row_image to FULL at the source."}, Origin::source);
  throw Error(Msg::internal, {"a value of " + what + " does not have the form of its type"}, Origin::source);
}

bool SqlWriter::appendCell(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const {
  const Target& target = columns_[column];
  switch (cell.kind) {
    case CellKind::null:
      out += "NULL";
      return false;
    case CellKind::absent:
      refuse(column, cell);
    case CellKind::signedInt:
      appendLiteral(out, cell.i);
      return target.kind == ColumnKind::enumerated && cell.i == 0;
    case CellKind::unsignedInt:
      appendLiteral(out, cell.u);
      return target.kind == ColumnKind::enumerated && cell.u == 0;
    case CellKind::real:
      appendReal(out, cell.d);
      return false;
    case CellKind::number:
      if (!isDecimalText(rows.text(cell))) refuse(column, cell);
      out += rows.text(cell);
      return false;
    case CellKind::text:
      if (target.kind == ColumnKind::temporal ? !isTemporalText(rows.text(cell)) : target.introducer.empty())
        refuse(column, cell);
      out += target.isUcs2 && hasLoneSurrogate(rows.text(cell)) ? "_ucs2" : target.introducer;
      appendQuoted(out, rows.text(cell));
      return false;
  }
  return false;
}

bool SqlWriter::appendValue(std::string& out, std::size_t column, const RowBatch& rows, std::size_t row) const {
  const Cell& cell = rows.cell(row, column);
  if (columns_[column].kind == ColumnKind::text && cell.kind == CellKind::text) {
    out += columns_[column].stored;
    appendQuoted(out, rows.text(cell));
    return false;
  }
  const bool isRead = readsJson_ && columns_[column].kind == ColumnKind::json && cell.kind == CellKind::text;
  if (!isRead || numberThatChanges(rows.text(cell)).empty()) return appendCell(out, column, rows, cell);
  appendJson(out, column, rows, row);
  return false;
}

void SqlWriter::appendJson(std::string& out, std::size_t column, const RowBatch& rows, std::size_t row) const {
  const std::string_view json = rows.text(rows.cell(row, column));
  const std::vector<JsonNumber> numbers = numbersThatChange(json, kMaxJsonNumbers + 1);
  bool fits = numbers.size() <= kMaxJsonNumbers;
  const bool isScalar = numbers.front().path == "$";
  std::string text = isScalar ? "CAST(" : "JSON_REPLACE(_utf8mb4";
  if (!isScalar) appendQuoted(text, json);
  for (std::size_t i = 0; i < numbers.size() && fits; ++i) {
    if (!isScalar) {
      text += ",_utf8mb4";
      appendQuoted(text, numbers[i].path);
      text += ',';
    }
    fits = appendDecimalCast(text, numbers[i].number);
  }
  if (!fits)
    throw Error(Msg::jsonDecimal, {plainName_, printableKey(rows, row), columns_[column].name}, Origin::source);
  out += text;
  out += isScalar ? " AS JSON)" : ")";
}

unsigned SqlWriter::appendTuple(std::string& out, const RowBatch& rows, std::size_t row) const {
  unsigned zeros = 0;
  char separator = '(';
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].written) continue;
    out += separator;
    separator = ',';
    if (rows.cell(row, i).kind == CellKind::absent && !columns_[i].absent.empty())
      out += columns_[i].absent;
    else
      zeros += appendValue(out, i, rows, row) ? 1 : 0;
  }
  out += ')';
  return zeros;
}

void SqlWriter::appendExact(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const {
  const Target& target = columns_[column];
  if (cell.kind == CellKind::null) {
    out += target.name + " IS NULL";
    return;
  }
  out += target.exact;
  out += '=';
  if (cell.kind == CellKind::real && cell.d == 0) {
    out += "0e0";
  } else if (cell.kind != CellKind::text || target.kind == ColumnKind::temporal) {
    appendCell(out, column, rows, cell);
  } else if (target.asHex) {
    std::string digits = toHex(rows.text(cell));
    for (char& c : digits)
      if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    out += "'" + digits + "'";
  } else {
    out += "_binary";
    appendQuoted(out, rows.text(cell));
  }
}

void SqlWriter::appendWholeRow(std::string& out, const RowBatch& rows, std::size_t row) const {
  std::string order;
  const char* separator = "";
  for (const std::size_t i : generatedKey_) {
    const Cell& cell = rows.cell(row, i);
    if (cell.kind == CellKind::absent) refuse(i, cell);
    out += columns_[i].name + "=";
    appendCell(out, i, rows, cell);
    out += " AND ";
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].written) continue;
    const Cell& cell = rows.cell(row, i);
    if (cell.kind == CellKind::absent) refuse(i, cell);
    out += separator;
    separator = " AND ";
    appendExact(out, i, rows, cell);
    if (cell.kind == CellKind::real && cell.d == 0)
      order += fmt::format("{}LEFT({},1)='-'{}", order.empty() ? " ORDER BY " : ",", columns_[i].exact,
                           std::signbit(cell.d) ? " DESC" : "");
  }
  out += order;
  out += " LIMIT 1";
}

void SqlWriter::appendKey(std::string& out, const RowBatch& rows, std::size_t row) const {
  if (key_.empty()) return appendWholeRow(out, rows, row);
  for (std::size_t i = 0; i < key_.size(); ++i) {
    if (i > 0) out += " AND ";
    out += columns_[key_[i]].name;
    out += '=';
    appendCell(out, key_[i], rows, rows.cell(row, key_[i]));
  }
}

void SqlWriter::appendKeyValues(std::string& out, const RowBatch& rows, std::size_t row) const {
  for (std::size_t i = 0; i < key_.size(); ++i) {
    if (i > 0) out += ',';
    appendCell(out, key_[i], rows, rows.cell(row, key_[i]));
  }
}

unsigned SqlWriter::appendAssignment(std::string& out, std::size_t column, const RowBatch& rows,
                                     std::size_t row) const {
  out += columns_[column].name;
  out += '=';
  const bool zero = appendValue(out, column, rows, row);
  out += ',';
  return zero ? 1 : 0;
}

unsigned SqlWriter::appendUpdate(std::string& out, const RowBatch& rows, std::size_t before, std::size_t after,
                                 const std::vector<std::size_t>& keep) const {
  unsigned zeros = 0;
  out += "UPDATE ";
  out += table_;
  out += " SET ";
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Cell& cell = rows.cell(after, i);
    if (!columns_[i].written || cell.kind == CellKind::absent) continue;
    if (!sameCell(rows, rows.cell(before, i), cell)) zeros += appendAssignment(out, i, rows, after);
  }
  if (out.size() == start) {
    const auto written = std::find_if(columns_.begin(), columns_.end(), [](const Target& t) { return t.written; });
    const std::string& name = key_.empty() ? written->name : columns_[key_[0]].name;
    out += name + "=" + name + ",";
  }
  for (const std::size_t i : keep) {
    const Cell& cell = rows.cell(after, i);
    if (columns_[i].written && (cell.kind == CellKind::absent || sameCell(rows, rows.cell(before, i), cell)))
      out += columns_[i].name + "=" + columns_[i].name + ",";
  }
  out.back() = ' ';
  out += "WHERE ";
  appendKey(out, rows, before);
  return zeros;
}

unsigned SqlWriter::appendUpdateAll(std::string& out, const RowBatch& rows, std::size_t row) const {
  unsigned zeros = 0;
  out += "UPDATE ";
  out += table_;
  out += " SET ";
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].written) zeros += appendAssignment(out, i, rows, row);
  out.back() = ' ';
  out += "WHERE ";
  appendKey(out, rows, row);
  return zeros;
}

bool SqlWriter::keyChanged(const RowBatch& rows, std::size_t before, std::size_t after) const {
  return std::any_of(key_.begin(), key_.end(), [&](std::size_t column) {
    const Cell& cell = rows.cell(after, column);
    return cell.kind != CellKind::absent && !sameCell(rows, rows.cell(before, column), cell);
  });
}

bool SqlWriter::isPartial(const RowBatch& rows, std::size_t row) const {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].written && rows.cell(row, i).kind == CellKind::absent) return true;
  return false;
}

std::string SqlWriter::printableKey(const RowBatch& rows, std::size_t row) const {
  std::string out = "(";
  std::vector<std::size_t> shown = key_;
  for (std::size_t i = 0; key_.empty() && i < columns_.size() && shown.size() < kPrintedColumns; ++i)
    if (columns_[i].written) shown.push_back(i);
  for (const std::size_t column : shown) {
    if (out.size() > 1) out += ", ";
    appendPrintable(out, rows, row, column);
  }
  return out + ")";
}

}  // namespace drs::mysql
