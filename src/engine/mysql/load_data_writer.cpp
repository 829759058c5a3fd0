#include "engine/mysql/load_data_writer.h"

#include "engine/mysql/connection.h"
#include "engine/mysql/sql_writer.h"
#include "pipeline/large_rows.h"
#include "wire/mysql/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace drs::mysql {
namespace {

/// How the value of a column gets out of the file.
enum class Passage { plain, number, json };

Passage passageOf(const Column& column, bool readsJson) {
  switch (column.kind) {
    case ColumnKind::integer:  // the text '0' is the year 2000, the number 0 is the year 0000
      return column.dataType == "year" ? Passage::number : Passage::plain;
    case ColumnKind::bit:
    case ColumnKind::enumerated:
    case ColumnKind::set:
      return Passage::number;
    case ColumnKind::json:
      return readsJson ? Passage::json : Passage::plain;
    default:
      return Passage::plain;
  }
}

constexpr std::size_t kRestOfRow = 4096;  ///< beside a large value

template <typename T>
void appendInteger(std::string& out, T value) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// The byte that stands behind the backslash; 0 = none is needed.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\\'] = '\\';
  table['\0'] = '0';
  return table;
}();

void appendEscaped(std::string& out, std::string_view bytes) {
  // Grown by doubling, the memory for a large value would be three times as much for a moment.
  if (bytes.size() >= LargeRows::kLarge)
    out.reserve(out.size() + bytes.size() + kRestOfRow +
                static_cast<std::size_t>(
                    std::ranges::count_if(bytes, [](char c) { return kEscapes[static_cast<unsigned char>(c)] != 0; })));
  std::size_t from = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char escape = kEscapes[static_cast<unsigned char>(bytes[i])];
    if (escape == 0) continue;
    out.append(bytes, from, i - from);
    out += '\\';
    out += escape;
    from = i + 1;
  }
  out.append(bytes, from);
}

}  // namespace

LoadDataWriter::LoadDataWriter(const TableSchema& schema, const TableName& target, bool readsJson)
    : readsJson_(readsJson) {
  std::string list;
  std::string sets;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    columns_.push_back({column.kind, !column.generated});
    if (column.generated) continue;
    const std::string name = quoteName(column.name);
    const Passage passage = passageOf(column, readsJson);
    list += (list.empty() ? "" : ",") + (passage == Passage::plain ? name : fmt::format("@drs{}", i));
    if (passage == Passage::plain) continue;
    sets += fmt::format(fmt::runtime(passage == Passage::number ? "{}{}=CAST(@drs{} AS UNSIGNED)"
                                                                : "{}{}=CONVERT(@drs{} USING utf8mb4)"),
                        sets.empty() ? " SET " : ",", name, i);
  }
  tail_ = fmt::format(
      "INTO TABLE {} CHARACTER SET binary FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' "
      "LINES STARTING BY '' TERMINATED BY '\\n' ({}){}",
      quoteName(target), list, sets);
}

std::string LoadDataWriter::statement(bool replace) const {
  return fmt::format("LOAD DATA LOCAL INFILE 'rows' {}{}", replace ? "REPLACE " : "", tail_);
}

bool LoadDataWriter::appendRow(std::string& out, const RowBatch& rows, std::size_t row) const {
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].written) continue;
    if (!appendCell(out, i, rows, rows.cell(row, i))) {
      out.resize(start);
      return false;
    }
    out += '\t';
  }
  if (out.size() == start) return false;  // a table of generated columns only
  out.back() = '\n';
  return true;
}

bool LoadDataWriter::appendCell(std::string& out, std::size_t column, const RowBatch& rows, const Cell& cell) const {
  const ColumnKind kind = columns_[column].kind;
  switch (cell.kind) {
    case CellKind::null:
      out += "\\N";
      return true;
    case CellKind::absent:
      return false;
    case CellKind::signedInt:
      appendInteger(out, cell.i);
      return kind != ColumnKind::enumerated || cell.i != 0;
    case CellKind::unsignedInt:
      appendInteger(out, cell.u);
      return kind != ColumnKind::enumerated || cell.u != 0;
    case CellKind::real:
      if (!std::isfinite(cell.d)) return false;
      if (cell.d == 0) {
        out += std::signbit(cell.d) ? "-0" : "0";
        return true;
      }
      appendReal(out, cell.d);
      return true;
    case CellKind::number:
      appendEscaped(out, rows.text(cell));
      return isDecimalText(rows.text(cell));
    case CellKind::text:
      if (kind == ColumnKind::json && readsJson_ && !numberThatChanges(rows.text(cell)).empty()) return false;
      if (kind == ColumnKind::temporal && !isTemporalText(rows.text(cell))) return false;
      appendEscaped(out, rows.text(cell));
      return true;
  }
  return false;
}

}  // namespace drs::mysql
