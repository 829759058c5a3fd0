#include "engine/mysql/applier_target.h"

#include "engine/mysql/column_types.h"
#include "engine/mysql/definition_diff.h"
#include "engine/mysql/sink_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace drs::mysql {
namespace {

Column columnFrom(const std::vector<std::optional<std::string>>& row) {
  ColumnText text;
  text.extra = row.at(1).value_or("");
  text.dataType = row.at(2).value_or("");
  text.columnType = row.at(3).value_or("");
  text.charset = row.at(4).value_or("");
  text.collation = row.at(5).value_or("");
  return makeColumn(row.at(0).value_or(""), text);
}

/// Values go as the bytes, numbers and member numbers that they are at the source, so a column of another type or
/// character set would take them for something else, without a word. Whatever was passed over before, that stops here.
TargetColumns readColumns(Connection& connection, const TablePlan& plan, TargetTable& out) {
  TargetColumns found(plan.source->columns.size());
  const std::string name = plan.target.database + "." + plan.target.table;
  const auto rows = connection.query(
      "SELECT COLUMN_NAME, EXTRA, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM "
      "information_schema.COLUMNS WHERE " +
      onTable(plan.target));
  for (const auto& row : rows) {
    const Column target = columnFrom(row);
    const auto column = columnOf(*plan.source, target.name);
    if (!column) continue;
    found[*column] = target;
    if (target.onUpdateNow) out.clockColumns.push_back(*column);
    const std::string difference = valueDifference(plan.source->columns[*column], target);
    if (!difference.empty())
      throw Error(Msg::schemaDrift, {name, "column " + target.name + " " + difference}, Origin::target);
  }
  if (rows.empty()) throw Error(Msg::schemaDrift, {name, "it does not exist at the target"}, Origin::target);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!found[i] && !plan.source->columns[i].generated)
      throw Error(Msg::schemaDrift, {name, "the target has no column " + plan.source->columns[i].name}, Origin::target);
  return found;
}

void readKeys(Connection& connection, const TablePlan& plan, TargetTable& out) {
  const auto rows = connection.query(
      "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND " +
      onTable(plan.target) + " ORDER BY INDEX_NAME, SEQ_IN_INDEX");
  for (const auto& row : rows) {
    const std::string name = row.at(0).value_or("");
    if (out.uniqueKeys.empty() || out.uniqueKeys.back().name != name) out.uniqueKeys.push_back({name, {}, true});
    TargetKey& key = out.uniqueKeys.back();
    const auto column = row.at(1) ? columnOf(*plan.source, *row.at(1)) : std::nullopt;
    if (!column || plan.source->columns[*column].generated) {
      key.resolvable = false;
      continue;
    }
    IndexPart part{*column, 0};
    if (const auto& prefix = row.at(2)) std::from_chars(prefix->data(), prefix->data() + prefix->size(), part.prefix);
    key.parts.push_back(part);
  }
}

/// Of the triggers an account sees those of tables where it has the right TRIGGER.
bool hasTriggers(Connection& connection, const TableName& table) {
  return connection
      .value(fmt::format("SELECT 1 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {} AND "
                         "LOWER(EVENT_OBJECT_TABLE) = LOWER({}) LIMIT 1",
                         quoteText(table.database), quoteText(table.table)))
      .has_value();
}

std::string indexOf(const TableSchema& schema, const std::vector<std::size_t>& rowKey,
                    const std::vector<TargetKey>& keys) {
  if (rowKey.size() != 1) return {};
  const Column& column = schema.columns[rowKey[0]];
  if (column.kind != ColumnKind::integer || column.dataType == "year") return {};
  const auto fits = [&](const TargetKey& key) {
    return key.resolvable && key.parts.size() == 1 && key.parts[0].prefix == 0 && key.parts[0].column == rowKey[0];
  };
  const auto found = std::find_if(keys.begin(), keys.end(), fits);
  return found == keys.end() ? std::string() : quoteName(found->name);
}

}  // namespace

bool isOver(const TargetKey& key, const std::vector<std::size_t>& columns) {
  return key.resolvable && key.parts.size() == columns.size() &&
         std::all_of(key.parts.begin(), key.parts.end(), [&](const IndexPart& part) {
           return part.prefix == 0 && std::find(columns.begin(), columns.end(), part.column) != columns.end();
         });
}

std::optional<std::size_t> columnOf(const TableSchema& schema, const std::string& name) {
  for (std::size_t i = 0; i < schema.columns.size(); ++i)
    if (lowerCase(schema.columns[i].name) == lowerCase(name)) return i;
  return std::nullopt;
}

TargetTable readTargetTable(Connection& connection, const TablePlan& plan, const TargetWorld& world) {
  TargetTable out{SqlWriter(*plan.source, plan.target, !connection.server().mariadb), {}, {}, {}, {}, {}, false};
  const TargetColumns columns = readColumns(connection, plan, out);
  readKeys(connection, plan, out);
  const bool triggers = hasTriggers(connection, plan.target);
  out.conflicts = ConflictTable(world.salt, *plan.source, plan.target, !out.writer.key().empty(), columns,
                                out.uniqueKeys, world.foreignKeys, triggers);
  out.keyIndex = indexOf(*plan.source, out.writer.key(), out.uniqueKeys);
  out.merge = UpdateMerge(*plan.source, out.keyIndex, out.uniqueKeys, triggers);
  const auto& key = out.writer.key();
  out.hasOneKey = out.uniqueKeys.size() == 1 && !key.empty() && isOver(out.uniqueKeys.front(), key);
  return out;
}

}  // namespace drs::mysql
