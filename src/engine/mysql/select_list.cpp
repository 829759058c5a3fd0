#include "engine/mysql/select_list.h"

#include "engine/mysql/column_types.h"

#include <charconv>

namespace drs::mysql {
namespace {

[[noreturn]] void throwNoValue(const Column& column) {
  throw Error(Msg::internal, {"the server sent no value of type " + column.type + " for the column " + column.name});
}

template <typename T>
T parseInteger(std::string_view text, const Column& column) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throwNoValue(column);
  return value;
}

void appendField(RowBatch& batch, const Column& column, Field field) {
  if (field.data() == nullptr) return batch.addNull();
  switch (column.kind) {
    case ColumnKind::integer:
      if (column.isUnsigned) return batch.addUnsigned(parseInteger<std::uint64_t>(field, column));
      return batch.addSigned(parseInteger<std::int64_t>(field, column));
    case ColumnKind::bit:
    case ColumnKind::enumerated:
    case ColumnKind::set:
      return batch.addUnsigned(parseInteger<std::uint64_t>(field, column));
    case ColumnKind::real:
      return batch.addReal(parseReal(field));
    case ColumnKind::decimal:
      return batch.addNumber(trimDecimal(field));
    case ColumnKind::text:
    case ColumnKind::bytes:
    case ColumnKind::temporal:
    case ColumnKind::json:
      return batch.addText(field);
  }
}

}  // namespace

std::string selectExpression(const Column& column) {
  std::string name = quoteName(column.name);
  switch (column.kind) {
    case ColumnKind::real:
      return name + " * 1e0";
    case ColumnKind::bit:
    case ColumnKind::enumerated:
    case ColumnKind::set:
      return "CAST(" + name + " AS UNSIGNED)";
    case ColumnKind::bytes:
      return isPrintedBytes(column) ? "UNHEX(HEX(" + name + "))" : name;
    default:
      return name;
  }
}

std::string selectList(const TableSchema& schema) {
  std::string list;
  for (const Column& column : schema.columns) {
    if (column.generated) continue;
    if (!list.empty()) list += ", ";
    list += selectExpression(column);
  }
  return list;
}

void appendRow(RowBatch& batch, const Row& row) {
  std::uint64_t volume = 0;
  for (const Field& field : row) volume += field.size();
  batch.addVolume(volume);
  std::size_t next = 0;
  for (const Column& column : batch.schema().columns) {
    if (column.generated)
      batch.addAbsent();
    else
      appendField(batch, column, row.at(next++));
  }
}

double parseReal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Denormal values are within range; only what no double can hold is refused.
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(Msg::internal, {"the server sent no floating-point number"});
  return value;
}

std::string_view trimDecimal(std::string_view text) {
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  const bool zero = digits.find_first_not_of("0.") == std::string_view::npos;
  std::size_t leading = 0;
  while (leading + 1 < digits.size() && digits[leading] == '0' && digits[leading + 1] != '.') ++leading;
  if (leading == 0) return negative && !zero ? text : digits;
  return digits.substr(leading);  // only unsigned columns are filled with zeros
}

}  // namespace drs::mysql
