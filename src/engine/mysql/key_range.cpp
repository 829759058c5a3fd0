#include "engine/mysql/key_range.h"

#include "crypto/encoding.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_text.h"
#include "engine/mysql/select_list.h"

#include <algorithm>
#include <utility>

namespace drs::mysql {
namespace {

bool canCompare(const Column& column) {
  if (column.generated) return false;  // it is not read, so its value could not be named
  switch (column.kind) {
    case ColumnKind::enumerated:
    case ColumnKind::set:
    case ColumnKind::json:
      return false;
    default:
      return unsupportedType(column).empty();
  }
}

/// SHOW CREATE TABLE shows "PRIMARY KEY (`a`(10),`b`)" if the key holds the start of a column only.
bool hasPrefix(const TableSchema& schema) {
  const auto at = schema.createSql.find("\n  PRIMARY KEY (");
  if (at == std::string::npos) return false;
  const auto end = schema.createSql.find('\n', at + 1);
  return schema.createSql.substr(at, end - at).find("`(") != std::string::npos;
}

std::string ordered(const std::vector<std::string>& columns, const std::vector<std::string>& key, const char* strict,
                    const char* last) {
  const std::size_t end = columns.size() - 1;
  std::string out = columns[end] + " " + last + " " + key.at(end);
  for (std::size_t i = end; i-- > 0;) {
    const std::string rest = i + 1 == end ? out : "(" + out + ")";
    out = columns[i] + " " + strict + " " + key.at(i) + " OR (" + columns[i] + " = " + key.at(i) + " AND " + rest + ")";
  }
  return "(" + out + ")";
}

}  // namespace

bool canCut(const TableSchema& schema) {
  return !schema.primaryKey.empty() && !hasPrefix(schema) &&
         std::all_of(schema.primaryKey.begin(), schema.primaryKey.end(),
                     [&](std::size_t i) { return canCompare(schema.columns.at(i)); });
}

std::string keyExpression(const Column& column) {
  return selectExpression(column);
}

std::string keyLiteral(const Column& column, std::string_view field) {
  switch (column.kind) {
    case ColumnKind::integer:
    case ColumnKind::bit:
    case ColumnKind::enumerated:
    case ColumnKind::set:
      return std::string(field);
    case ColumnKind::decimal:
      return std::string(trimDecimal(field));
    case ColumnKind::real:
      // Without an exponent a literal would be a DECIMAL.
      return field.find_first_of("eE") == std::string_view::npos ? std::string(field) + "e0" : std::string(field);
    case ColumnKind::temporal:
      return "'" + std::string(field) + "'";
    case ColumnKind::bytes:
      return hexLiteral(field);
    case ColumnKind::text:
    case ColumnKind::json:
      break;
  }
  return "_" + (column.charset.empty() ? std::string("utf8mb4") : column.charset) + " " + hexLiteral(field);
}

std::string behindKey(const std::vector<std::string>& columns, const std::vector<std::string>& key) {
  return ordered(columns, key, ">", ">");
}

std::string upToKey(const std::vector<std::string>& columns, const std::vector<std::string>& key) {
  return ordered(columns, key, "<", "<=");
}

std::string rangeCondition(const TableSchema& schema, const std::vector<std::string>& after,
                           const std::vector<std::string>& upTo) {
  const std::vector<std::string> columns = keyColumns(schema);
  std::string out;
  if (!after.empty()) out = behindKey(columns, after);
  if (!upTo.empty()) out += (out.empty() ? "" : " AND ") + upToKey(columns, upTo);
  return out.empty() ? "TRUE" : out;
}

std::vector<std::size_t> rowKey(const TableSchema& schema) {
  if (!schema.primaryKey.empty() && generatedKey(schema) == nullptr) return schema.primaryKey;
  const auto isFirm = [&](const IndexPart& part) {
    const Column& column = schema.columns.at(part.column);
    return part.prefix == 0 && !column.nullable && !column.generated;
  };
  for (const Index& index : schema.indexes) {
    // MariaDB's unique keys over long texts are of type HASH; no condition finds a row by them.
    if (!index.unique || index.type != "BTREE" || !std::all_of(index.parts.begin(), index.parts.end(), isFirm))
      continue;
    std::vector<std::size_t> key;
    for (const IndexPart& part : index.parts) key.push_back(part.column);
    return key;
  }
  return {};
}

std::vector<std::string> keyColumns(const TableSchema& schema) {
  std::vector<std::string> names;
  names.reserve(schema.primaryKey.size());
  for (const std::size_t i : schema.primaryKey) names.push_back(quoteName(schema.columns.at(i).name));
  return names;
}

std::string joinComma(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string hexLiteral(std::string_view bytes) {
  return "X'" + toHex(bytes) + "'";
}

}  // namespace drs::mysql
