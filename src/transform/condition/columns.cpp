#include "transform/condition/columns.h"

#include "transform/condition/temporal.h"

namespace drs::condition {
namespace {

/// Nothing decided yet by the cell alone?
std::optional<Value> decidedBy(const Cell& cell) {
  if (cell.kind == CellKind::null) return Value{};
  if (cell.kind == CellKind::absent) return askServer();
  return std::nullopt;
}

const Cell& cellOf(const Expr& expr, Scope& scope) {
  return scope.cell(static_cast<std::size_t>(expr.number));
}

Value readOpaque(const Expr& expr, Scope& scope) {
  return decidedBy(cellOf(expr, scope)).value_or(askServer());
}

Value readInteger(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  if (cell.kind == CellKind::signedInt) return integerOf(cell.i, expr.type.isUnsigned);
  if (cell.kind == CellKind::unsignedInt) return integerOf(cell.u, expr.type.isUnsigned);
  return askServer();
}

Value readReal(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  return cell.kind == CellKind::real ? realOf(cell.d) : askServer();
}

Value readDecimal(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  if (cell.kind != CellKind::number) return askServer();
  return parseDecimal(scope.text(cell)).value_or(askServer());
}

Value readText(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  return cell.kind == CellKind::text ? textOf(scope.text(cell)) : askServer();
}

/// CHAR, whose trailing spaces are no part of the value.
Value readChar(const Expr& expr, Scope& scope) {
  Value value = readText(expr, scope);
  while (value.kind == ValueKind::text && value.text.ends_with(' ')) value.text.remove_suffix(1);
  return value;
}

/// BINARY(n): the log cuts zeros off at the end, SELECT does not.
Value readFixedBytes(const Expr& expr, Scope& scope) {
  const Value value = readText(expr, scope);
  const auto size = static_cast<std::size_t>(expr.type.least);
  if (value.kind != ValueKind::text || value.text.size() >= size) return value;
  std::string& out = scope.fresh();
  out = value.text;
  out.resize(size, '\0');
  return textOf(out);
}

Value readTemporal(const Expr& expr, Scope& scope) {
  const Value value = readText(expr, scope);
  if (value.kind != ValueKind::text) return value;
  std::optional<Moment> moment;
  if (expr.type.kind == TypeKind::date) moment = parseDate(value.text);
  if (expr.type.kind == TypeKind::datetime) moment = parseDateTime(value.text);
  if (expr.type.kind == TypeKind::time) moment = parseTime(value.text);
  return moment ? temporalOf(packTemporal(*moment)) : askServer();
}

Value readLabel(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  if (cell.kind != CellKind::unsignedInt || cell.u > expr.labels.size()) return askServer();
  // 0 is the empty text that stands for a value that was none.
  return textOf(cell.u == 0 ? std::string_view() : std::string_view(expr.labels[cell.u - 1]));
}

Value readSet(const Expr& expr, Scope& scope) {
  const Cell& cell = cellOf(expr, scope);
  if (const auto decided = decidedBy(cell)) return *decided;
  if (cell.kind != CellKind::unsignedInt) return askServer();
  std::string& out = scope.fresh();
  for (std::size_t i = 0; i < expr.labels.size(); ++i) {
    if ((cell.u >> i & 1U) == 0) continue;
    if (!out.empty()) out += ',';
    out += expr.labels[i];
  }
  return textOf(out);
}

void fillText(Expr& out, const Column& column) {
  const bool bytes = column.kind == ColumnKind::bytes;
  Collation collation =
      bytes ? describeCollation("binary", "binary") : describeCollation(column.charset, column.collation);
  if (!collation.isAsciiBased) return;
  out.type.kind = TypeKind::text;
  out.type.collation = std::move(collation);
  out.type.strength = kImplicit;
  out.evaluate = readText;
  if (column.dataType == "char") out.evaluate = readChar;
  if (column.dataType == "binary") {
    out.evaluate = readFixedBytes;
    out.type.least = static_cast<std::int64_t>(column.length);
  }
}

bool isPlainBytes(const Column& column) {
  return column.dataType == "binary" || column.dataType == "varbinary" || column.dataType.ends_with("blob");
}

void fillTemporal(Expr& out, const Column& column) {
  out.type.scale = column.fraction;
  out.evaluate = readTemporal;
  if (column.dataType == "date") out.type.kind = TypeKind::date;
  if (column.dataType == "time") out.type.kind = TypeKind::time;
  if (column.dataType == "datetime" || column.dataType == "timestamp") out.type.kind = TypeKind::datetime;
  out.type.isTimestamp = column.dataType == "timestamp";
}

/// FLOAT(7,3) is compared by its digits.
bool hasDigits(const Column& column) {
  return column.type.find('(') != std::string::npos;
}

int scaleOf(std::string_view type) {
  const std::size_t comma = type.find(','), open = type.find('(');
  if (comma == std::string_view::npos || open == std::string_view::npos) return 0;
  int scale = 0;
  for (std::size_t i = comma + 1; i < type.size() && type[i] != ')'; ++i) {
    if (type[i] >= '0' && type[i] <= '9') scale = scale * 10 + (type[i] - '0');
  }
  return scale;
}

}  // namespace

std::vector<std::string> labelsOf(std::string_view type) {
  std::vector<std::string> out;
  const std::size_t open = type.find('(');
  if (open == std::string_view::npos || !isAscii(type) || type.find('\\') != std::string_view::npos) return out;
  std::size_t at = open + 1;
  while (at < type.size() && type[at] == '\'') {
    std::string label;
    for (++at; at < type.size(); ++at) {
      if (type[at] != '\'')
        label += type[at];
      else if (at + 1 < type.size() && type[at + 1] == '\'')
        label += type[at++];
      else
        break;
    }
    out.push_back(std::move(label));
    ++at;
    if (at < type.size() && type[at] == ',') ++at;
  }
  return out;
}

Expr columnExpr(const Column& column, std::size_t index) {
  Expr out;
  out.evaluate = readOpaque;
  out.number = static_cast<std::int64_t>(index);
  out.type.fromColumn = true;
  out.type.isUnsigned = column.isUnsigned;
  switch (column.kind) {
    case ColumnKind::integer: {
      constexpr std::int64_t kFirstPlainYear = 100;  // smaller constants beside a YEAR are years of two digits
      const bool isYear = column.dataType == "year";
      out.type.kind = isYear ? TypeKind::guarded : TypeKind::integer;
      out.type.least = isYear ? kFirstPlainYear : 0;
      out.evaluate = readInteger;
      break;
    }
    case ColumnKind::bit:
      out.type.kind = TypeKind::guarded;
      out.evaluate = readInteger;
      break;
    case ColumnKind::decimal:
      out.type.kind = TypeKind::decimal;
      out.type.scale = scaleOf(column.type);
      out.evaluate = readDecimal;
      break;
    case ColumnKind::real:
      if (hasDigits(column)) break;
      out.type.kind = TypeKind::real;
      out.evaluate = readReal;
      break;
    case ColumnKind::text:
      fillText(out, column);
      break;
    case ColumnKind::bytes:
      if (isPlainBytes(column)) fillText(out, column);
      break;
    case ColumnKind::temporal:
      fillTemporal(out, column);
      break;
    case ColumnKind::enumerated:
    case ColumnKind::set:
      out.labels = labelsOf(column.type);
      if (out.labels.empty()) break;
      fillText(out, column);
      if (!out.type.isText()) break;
      out.type.isLabel = true;
      out.evaluate = column.kind == ColumnKind::set ? readSet : readLabel;
      break;
    case ColumnKind::json:
      break;
  }
  if (out.type.kind == TypeKind::opaque) out.evaluate = readOpaque;
  return out;
}

}  // namespace drs::condition
