#include "engine/mysql/compare_columns.h"

#include "crypto/encoding.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/select_list.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace drs::mysql {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestJson = 200;  ///< writing it out is recursive; servers allow 100 or less

/// The text of a member together with its number, so that definitions which differ show.
std::string memberExpression(const std::string& name) {
  return "CONCAT(CAST(" + name + " AS UNSIGNED), ':', CAST(" + name + " AS CHAR CHARACTER SET utf8mb4))";
}

bool sameCharset(const std::string& a, const std::string& b) {
  const auto wide = [](const std::string& charset) {
    return charset == "utf8" || charset == "utf8mb3" || charset == "utf8mb4";
  };
  return a == b || (wide(a) && wide(b));
}

CompareColumn pairOf(const Column& column, const TargetColumn& target, bool isKey, bool sameFamily, bool anyMariadb) {
  const std::string name = quoteName(column.name);
  CompareColumn out{column.name, name, name, ValueForm::raw};
  switch (column.kind) {
    case ColumnKind::integer:
    case ColumnKind::decimal:
      out.form = ValueForm::number;
      break;
    case ColumnKind::real:
      out.sourceExpression = out.targetExpression = name + " * 1e0";
      out.form = anyMariadb ? ValueForm::positive : ValueForm::real;
      break;
    case ColumnKind::bit:
      out.sourceExpression = out.targetExpression = "CAST(" + name + " AS UNSIGNED)";
      break;
    case ColumnKind::enumerated:
    case ColumnKind::set:
      // A key's value must also be good for looking its row up.
      out.sourceExpression = out.targetExpression = isKey ? "CAST(" + name + " AS UNSIGNED)" : memberExpression(name);
      break;
    case ColumnKind::json:
      out.form = sameFamily && target.dataType == "json" ? ValueForm::raw : ValueForm::json;
      break;
    case ColumnKind::text:
      if (target.dataType == "json")
        out.form = ValueForm::json;
      else if (!sameCharset(column.charset, target.charset))
        out.sourceExpression = out.targetExpression = "CONVERT(" + name + " USING utf8mb4)";
      break;
    case ColumnKind::bytes:
      out.sourceExpression = out.targetExpression = selectExpression(column);
      break;
    case ColumnKind::temporal:
      break;
  }
  return out;
}

/// Numbers by value: 1 and 1.0 may be shown either way by different servers.
void unifyNumbers(Json& value) {
  constexpr double kExact = 9007199254740992.0;  // up to 2^53 doubles count in ones
  if (value.is_number_float()) {
    const double number = value.get<double>();
    const auto whole = static_cast<std::int64_t>(number >= -kExact && number <= kExact ? number : 0.5);
    if (static_cast<double>(whole) == number) value = whole;
  }
  if (value.is_structured())
    for (Json& part : value) unifyNumbers(part);
}

}  // namespace

CompareTable compareTableOf(const TableSchema& source, const TableName& targetName,
                            const std::map<std::string, TargetColumn>& target, const ServerInfo& sourceServer,
                            const ServerInfo& targetServer) {
  CompareTable table;
  const bool sameFamily = sourceServer.mariadb == targetServer.mariadb;
  const auto add = [&](const Column& column, bool isKey) {
    const auto found = target.find(lowerCase(column.name));
    if (found == target.end())
      throw Error(Msg::schemaDrift, {quoteName(targetName), "the target has no column " + column.name}, Origin::target);
    table.columns.push_back(
        pairOf(column, found->second, isKey, sameFamily, sourceServer.mariadb || targetServer.mariadb));
  };
  std::vector<bool> isKey(source.columns.size(), false);
  for (const std::size_t i : source.primaryKey) {
    isKey[i] = true;
    add(source.columns[i], true);
  }
  table.keys = table.columns.size();
  for (std::size_t i = 0; i < source.columns.size(); ++i)
    if (!isKey[i] && !source.columns[i].generated) add(source.columns[i], false);
  return table;
}

std::string comparableJson(std::string_view text) {
  int deepest = 0;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    deepest = std::max(deepest, depth);
    return depth <= kDeepestJson;
  };
  Json value = Json::parse(text, watch, false);
  if (value.is_discarded() || deepest > kDeepestJson) return std::string(text);
  unifyNumbers(value);
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void appendComparable(std::string& out, ValueForm form, Field field) {
  if (field.data() == nullptr) {
    out += '\0';
    return;
  }
  std::string made;
  std::string_view bytes = field;
  switch (form) {
    case ValueForm::raw:
      break;
    case ValueForm::number:
      bytes = trimDecimal(field);
      break;
    case ValueForm::real:
    case ValueForm::positive: {
      double value = parseReal(field);
      if (form == ValueForm::positive && value == 0) value = 0;
      made.resize(sizeof value);
      std::memcpy(made.data(), &value, sizeof value);
      bytes = made;
      break;
    }
    case ValueForm::json:
      made = comparableJson(field);
      bytes = made;
      break;
  }
  out += '\1';
  const auto size = static_cast<std::uint64_t>(bytes.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += bytes;
}

std::string printableKey(std::string_view field) {
  const bool isText = Json(std::string(field)).dump(-1, ' ', false, Json::error_handler_t::ignore) ==
                      Json(std::string(field)).dump(-1, ' ', false, Json::error_handler_t::replace);
  const bool hasControl =
      std::any_of(field.begin(), field.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
  return isText && !hasControl ? std::string(field) : "0x" + toHex(field);
}

}  // namespace drs::mysql
