#include "engine/mysql/row_text.h"

#include "engine/mysql/sql_writer.h"
#include "model/utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace drs::mysql {
namespace {

constexpr std::size_t kPrintedBytes = 64;
constexpr std::size_t kImageBytes = 4096;

bool isPrinted(const Column& column) {
  switch (column.kind) {
    case ColumnKind::bytes:
      return false;
    case ColumnKind::text:
      return column.charset.starts_with("utf8") || column.charset == "ascii";
    default:
      return true;
  }
}

/// The beginning of `text` that may be printed in quotes; nothing if there are other characters in it.
std::optional<std::string_view> plainStart(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && size < kPrintedBytes) {
    const auto c = firstCodePoint(text.substr(size));
    if (!c || c->value < ' ' || (c->value >= 0x7f && c->value < 0xa0)) return std::nullopt;
    size += c->size;
  }
  return text.substr(0, size);
}

void appendText(std::string& out, const Column& column, std::string_view text) {
  // In other charsets the same bytes may be other characters, but not those of plain ASCII.
  auto start = plainStart(text);
  if (start && !isPrinted(column))
    for (const char c : *start)
      if (static_cast<unsigned char>(c) >= 0x80) start.reset();
  std::size_t shown = kPrintedBytes;
  if (start) {
    shown = start->size();
    out += fmt::format("'{}'", *start);
  } else {
    out += "0x";
    for (const char c : text.substr(0, shown))
      fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
  }
  if (text.size() > shown) out += "…";
}

}  // namespace

void appendPrintable(std::string& out, const RowBatch& rows, std::size_t row, std::size_t column) {
  const Cell& cell = rows.cell(row, column);
  switch (cell.kind) {
    case CellKind::null:
      out += "NULL";
      return;
    case CellKind::absent:
      out += '?';
      return;
    case CellKind::signedInt:
      out += std::to_string(cell.i);
      return;
    case CellKind::unsignedInt:
      out += std::to_string(cell.u);
      return;
    case CellKind::real:
      appendReal(out, cell.d);
      return;
    case CellKind::number:
      out += rows.text(cell);
      return;
    case CellKind::text:
      appendText(out, rows.schema().columns[column], rows.text(cell));
      return;
  }
}

std::string printableImage(const RowBatch& rows, std::size_t row) {
  nlohmann::ordered_json image = nlohmann::ordered_json::object();
  std::size_t bytes = 0, left = 0;
  for (std::size_t column = 0; column < rows.width(); ++column) {
    const Column& its = rows.schema().columns[column];
    if (its.generated || rows.cell(row, column).kind == CellKind::absent) continue;
    std::string value;
    if (bytes < kImageBytes) appendPrintable(value, rows, row, column);
    bytes += its.name.size() + value.size();
    if (value.empty())
      ++left;
    else
      image[its.name] = std::move(value);
  }
  if (left > 0) image["…"] = fmt::format("{} more columns", left);
  return image.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace drs::mysql
