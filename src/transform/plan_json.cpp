#include "transform/plan_json.h"

#include "base/error.h"
#include "transform/packed_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace drs {
namespace {

using Json = nlohmann::json;

template <typename T, typename Encode>
Json listOf(const std::vector<T>& items, Encode encode) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(encode(item));
  return out;
}

template <typename T, typename Decode>
std::vector<T> listFrom(const Json& json, Decode decode) {
  std::vector<T> out;
  out.reserve(json.size());
  for (const Json& item : json) out.push_back(decode(item));
  return out;
}

constexpr std::array<std::string_view, 10> kKinds{"integer", "decimal",  "real",       "bit", "text",
                                                  "bytes",   "temporal", "enumerated", "set", "json"};
constexpr std::array<std::string_view, 3> kPolicies{"stop", "ignore", "overwrite"};

template <typename Enum, std::size_t N>
std::string_view nameOf(Enum value, const std::array<std::string_view, N>& names) {
  return names.at(static_cast<std::size_t>(value));
}

template <typename Enum, std::size_t N>
Enum valueOf(const std::string& name, const std::array<std::string_view, N>& names) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw Error(Msg::storeDamaged, {"unknown word " + name + " in a plan"}, Origin::store);
  return static_cast<Enum>(at - names.begin());
}

Json fromColumn(const Column& c) {
  return {{"name", pack(c.name)},     {"kind", nameOf(c.kind, kKinds)},
          {"type", pack(c.type)},     {"dataType", pack(c.dataType)},
          {"charset", c.charset},     {"collation", c.collation},
          {"unsigned", c.isUnsigned}, {"nullable", c.nullable},
          {"generated", c.generated}, {"onUpdateNow", c.onUpdateNow},
          {"float", c.isFloat},       {"length", c.length},
          {"fraction", c.fraction}};
}

Column toColumn(const Json& json) {
  Column c;
  c.name = unpack(json.at("name").get<std::string>());
  c.kind = valueOf<ColumnKind>(json.at("kind").get<std::string>(), kKinds);
  c.type = unpack(json.at("type").get<std::string>());
  c.dataType = unpack(json.at("dataType").get<std::string>());
  c.charset = json.at("charset").get<std::string>();
  c.collation = json.at("collation").get<std::string>();
  c.isUnsigned = json.at("unsigned").get<bool>();
  c.nullable = json.at("nullable").get<bool>();
  c.generated = json.at("generated").get<bool>();
  c.onUpdateNow = json.at("onUpdateNow").get<bool>();
  c.isFloat = json.at("float").get<bool>();
  c.length = json.at("length").get<std::uint64_t>();
  c.fraction = json.at("fraction").get<int>();
  return c;
}

Json fromIndex(const Index& index) {
  return {{"name", pack(index.name)},
          {"unique", index.unique},
          {"primary", index.primary},
          {"type", index.type},
          {"parts", listOf(index.parts, [](const IndexPart& part) { return Json{part.column, part.prefix}; })}};
}

Index toIndex(const Json& json) {
  Index index;
  index.name = unpack(json.at("name").get<std::string>());
  index.unique = json.at("unique").get<bool>();
  index.primary = json.at("primary").get<bool>();
  index.type = json.at("type").get<std::string>();
  index.parts = listFrom<IndexPart>(json.at("parts"), [](const Json& part) {
    return IndexPart{part.at(0).get<std::size_t>(), part.at(1).get<std::uint32_t>()};
  });
  return index;
}

Json fromForeignKey(const ForeignKey& key) {
  return {{"name", pack(key.name)},
          {"columns", key.columns},
          {"database", pack(key.referencedDatabase)},
          {"table", pack(key.referencedTable)},
          {"referenced", packAll(key.referencedColumns)},
          {"onUpdate", key.onUpdate},
          {"onDelete", key.onDelete}};
}

ForeignKey toForeignKey(const Json& json) {
  ForeignKey key;
  key.name = unpack(json.at("name").get<std::string>());
  key.columns = json.at("columns").get<std::vector<std::size_t>>();
  key.referencedDatabase = unpack(json.at("database").get<std::string>());
  key.referencedTable = unpack(json.at("table").get<std::string>());
  key.referencedColumns = unpackAll(json.at("referenced"));
  key.onUpdate = json.at("onUpdate").get<std::string>();
  key.onDelete = json.at("onDelete").get<std::string>();
  return key;
}

Json fromName(const TableName& name) {
  return {pack(name.database), pack(name.table)};
}

TableName toName(const Json& json) {
  return {unpack(json.at(0).get<std::string>()), unpack(json.at(1).get<std::string>())};
}

Json fromSchema(const TableSchema& table) {
  return {{"name", fromName(table.name)},
          {"columns", listOf(table.columns, fromColumn)},
          {"primaryKey", table.primaryKey},
          {"indexes", listOf(table.indexes, fromIndex)},
          {"foreignKeys", listOf(table.foreignKeys, fromForeignKey)},
          {"engine", table.engine},
          {"collation", table.collation},
          {"createSql", pack(table.createSql)},
          {"estimatedRows", table.estimatedRows},
          {"averageRowBytes", table.averageRowBytes},
          {"dataBytes", table.dataBytes}};
}

/// Positions that point outside of the columns would be read out of bounds later.
void checkPositions(const TableSchema& table) {
  const auto isColumn = [&](std::size_t at) { return at < table.columns.size(); };
  bool ok = !table.columns.empty() && std::all_of(table.primaryKey.begin(), table.primaryKey.end(), isColumn);
  for (const Index& index : table.indexes) {
    ok = ok &&
         std::all_of(index.parts.begin(), index.parts.end(), [&](const IndexPart& p) { return isColumn(p.column); });
  }
  for (const ForeignKey& key : table.foreignKeys)
    ok = ok && std::all_of(key.columns.begin(), key.columns.end(), isColumn);
  if (!ok) throw Error(Msg::storeDamaged, {"a column position in a plan"}, Origin::store);
}

TableSchemaPtr toSchema(const Json& json) {
  auto table = std::make_shared<TableSchema>();
  table->name = toName(json.at("name"));
  table->columns = listFrom<Column>(json.at("columns"), toColumn);
  table->primaryKey = json.at("primaryKey").get<std::vector<std::size_t>>();
  table->indexes = listFrom<Index>(json.at("indexes"), toIndex);
  table->foreignKeys = listFrom<ForeignKey>(json.at("foreignKeys"), toForeignKey);
  table->engine = json.at("engine").get<std::string>();
  table->collation = json.at("collation").get<std::string>();
  table->createSql = unpack(json.at("createSql").get<std::string>());
  table->estimatedRows = json.at("estimatedRows").get<std::uint64_t>();
  table->averageRowBytes = json.at("averageRowBytes").get<std::uint64_t>();
  table->dataBytes = json.at("dataBytes").get<std::uint64_t>();
  checkPositions(*table);
  return table;
}

}  // namespace

Json fromTablePlan(const TablePlan& plan) {
  Json json = {{"source", fromSchema(*plan.source)},
               {"target", fromName(plan.target)},
               {"conflicts", nameOf(plan.conflicts, kPolicies)},
               {"secondaryIndexes", plan.secondaryIndexes},
               {"createTable", plan.createTable},
               {"truncates", plan.truncates},
               {"group", plan.group}};
  if (!plan.bornIn.empty()) json["bornIn"] = plan.bornIn;
  return json;
}

TablePlan toTablePlan(const Json& json) {
  TablePlan plan;
  plan.source = toSchema(json.at("source"));
  plan.target = toName(json.at("target"));
  plan.conflicts = valueOf<ConflictPolicy>(json.at("conflicts").get<std::string>(), kPolicies);
  plan.secondaryIndexes = json.at("secondaryIndexes").get<bool>();
  plan.createTable = json.at("createTable").get<bool>();
  plan.truncates = json.at("truncates").get<bool>();
  plan.group = json.at("group").get<int>();
  plan.bornIn = json.value("bornIn", "");
  return plan;
}

Json packAll(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(pack(text));
  return out;
}

std::vector<std::string> unpackAll(const Json& json) {
  std::vector<std::string> out;
  for (const Json& text : json) out.push_back(unpack(text.get<std::string>()));
  return out;
}

}  // namespace drs
