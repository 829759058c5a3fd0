#include "engine/mysql/column_types.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace drs::mysql {
namespace {

constexpr std::array<std::pair<std::string_view, ColumnKind>, 45> kKinds = {{
    {"tinyint", ColumnKind::integer},
    {"smallint", ColumnKind::integer},
    {"mediumint", ColumnKind::integer},
    {"int", ColumnKind::integer},
    {"bigint", ColumnKind::integer},
    {"year", ColumnKind::integer},
    {"decimal", ColumnKind::decimal},
    {"float", ColumnKind::real},
    {"double", ColumnKind::real},
    {"bit", ColumnKind::bit},
    {"char", ColumnKind::text},
    {"varchar", ColumnKind::text},
    {"tinytext", ColumnKind::text},
    {"text", ColumnKind::text},
    {"mediumtext", ColumnKind::text},
    {"longtext", ColumnKind::text},
    {"binary", ColumnKind::bytes},
    {"varbinary", ColumnKind::bytes},
    {"tinyblob", ColumnKind::bytes},
    {"blob", ColumnKind::bytes},
    {"mediumblob", ColumnKind::bytes},
    {"longblob", ColumnKind::bytes},
    {"date", ColumnKind::temporal},
    {"time", ColumnKind::temporal},
    {"datetime", ColumnKind::temporal},
    {"timestamp", ColumnKind::temporal},
    {"enum", ColumnKind::enumerated},
    {"set", ColumnKind::set},
    {"json", ColumnKind::json},
    {"integer", ColumnKind::integer},
    {"numeric", ColumnKind::decimal},
    {"real", ColumnKind::real},
    {"geometry", ColumnKind::bytes},
    {"point", ColumnKind::bytes},
    {"linestring", ColumnKind::bytes},
    {"polygon", ColumnKind::bytes},
    {"multipoint", ColumnKind::bytes},
    {"multilinestring", ColumnKind::bytes},
    {"multipolygon", ColumnKind::bytes},
    {"geometrycollection", ColumnKind::bytes},
    {"geomcollection", ColumnKind::bytes},
    {"vector", ColumnKind::bytes},
    {"uuid", ColumnKind::bytes},
    {"inet4", ColumnKind::bytes},
    {"inet6", ColumnKind::bytes},
}};

std::optional<ColumnKind> kindOf(std::string_view dataType) {
  const auto* found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == dataType; });
  if (found == kKinds.end()) return std::nullopt;
  return found->second;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The part behind the list of an ENUM's or SET's members, which may hold any words.
std::string_view attributesOf(std::string_view columnType) {
  const auto close = columnType.rfind(')');
  return close == std::string_view::npos ? columnType : columnType.substr(close + 1);
}

}  // namespace

std::string lowerCase(std::string_view text) {
  return toLowerAscii(text);
}

Column makeColumn(std::string name, const ColumnText& text) {
  Column column;
  column.name = std::move(name);
  column.type = text.columnType;
  column.dataType = lowerCase(text.dataType);
  column.kind = kindOf(column.dataType).value_or(ColumnKind::bytes);
  column.charset = column.kind == ColumnKind::bytes ? "binary" : text.charset;
  column.collation = text.collation;
  column.nullable = text.nullable;
  column.isFloat = column.dataType == "float";
  column.fraction = column.kind == ColumnKind::temporal ? text.fraction : 0;
  const std::string attributes = lowerCase(attributesOf(text.columnType));
  // YEAR has no such attribute and is never negative.
  column.isUnsigned = contains(attributes, "unsigned") || column.dataType == "year";
  const std::string extra = lowerCase(text.extra);
  // "DEFAULT_GENERATED" (an expression as default) is an ordinary column.
  column.generated =
      contains(extra, "virtual generated") || contains(extra, "stored generated") || contains(extra, "persistent");
  column.onUpdateNow = contains(extra, "on update");
  if (column.kind == ColumnKind::bit)
    column.length = text.precision;
  else if (column.kind == ColumnKind::bytes)
    column.length = text.octets;
  else if (column.kind == ColumnKind::text)
    column.length = text.characters;
  return column;
}

std::string unsupportedType(const Column& column) {
  if (!kindOf(column.dataType)) return "the type " + column.dataType + " is not supported yet";
  return {};
}

bool isGeometry(const Column& column) {
  constexpr std::array<std::string_view, 9> kNames = {
      "geometry",        "point",        "linestring",         "polygon",       "multipoint",
      "multilinestring", "multipolygon", "geometrycollection", "geomcollection"};
  return std::find(kNames.begin(), kNames.end(), column.dataType) != kNames.end();
}

bool isPrintedBytes(const Column& column) {
  return column.dataType == "uuid" || column.dataType == "inet4" || column.dataType == "inet6";
}

bool isFixedBytes(const Column& column) {
  return column.dataType == "binary" || isPrintedBytes(column);
}

}  // namespace drs::mysql
