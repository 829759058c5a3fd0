#include "transform/table_plan.h"

#include "base/error.h"
#include "transform/foreign_keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

namespace drs {
namespace {

std::string pathOf(const TableName& table) {
  return "db_object.object_info." + table.database + ".tables." + table.table;
}

std::vector<TableSchemaPtr> selected(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables) {
  std::vector<TableSchemaPtr> out;
  std::copy_if(tables.begin(), tables.end(), std::back_inserter(out),
               [&](const TableSchemaPtr& table) { return isSelected(spec, table->name); });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  return out;
}

void findMissing(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables, std::vector<Refusal>& out) {
  if (!spec.dbObject.objectInfo) return;
  std::set<TableName> present;
  for (const auto& table : tables) present.insert(table->name);
  for (const auto& [databaseName, database] : *spec.dbObject.objectInfo) {
    if (!database.tables) continue;
    for (const auto& [tableName, table] : *database.tables) {
      const TableName name{databaseName, tableName};
      if (!isTableObject(table)) continue;  // views and procedures are looked up by the engine
      if (isSelected(spec, name) && !present.contains(name)) {
        out.push_back({pathOf(name), "the source has no table " + printable(name)});
      }
    }
  }
}

void findCollisions(const JobSpec& spec, const std::vector<TableSchemaPtr>& chosen, std::vector<Refusal>& out) {
  std::map<TableName, TableName> sourceOf;
  for (const auto& table : chosen) {
    const TableName target = mappedName(spec, table->name);
    const auto [it, isNew] = sourceOf.emplace(target, table->name);
    if (!isNew) {
      out.push_back({pathOf(table->name), "both " + printable(it->second) + " and " + printable(table->name) +
                                              " go to " + printable(target) + " in the target"});
    }
  }
}

/// Rows that an unselected parent changes by a cascade are not in the log of most servers: the child would drift
/// silently.
void findForeignActions(const std::vector<TableSchemaPtr>& chosen, std::vector<Refusal>& out) {
  for (const auto& child : chosen) {
    for (const ForeignKey& key : child->foreignKeys) {
      const auto isParent = [&](const TableSchemaPtr& table) { return refersTo(key, table->name); };
      if (!hasAction(key) || std::any_of(chosen.begin(), chosen.end(), isParent)) continue;
      out.push_back({pathOf(child->name), "its foreign key " + key.name + " changes rows of " + printable(child->name) +
                                              " when " + key.referencedDatabase + "." + key.referencedTable +
                                              " changes; select that table too"});
    }
  }
}

ConflictPolicy policyOf(const JobSpec& spec) {
  const std::string policy = spec.policyConfig.conflictPolicy.value_or("stop");  // absent: decisions.md
  if (policy == "ignore") return ConflictPolicy::ignore;
  return policy == "overwrite" ? ConflictPolicy::overwrite : ConflictPolicy::stop;
}

/// Whether an expression of the table may have another value in another session: a TIMESTAMP is seen in its time zone,
/// quotients and names of days go by its variables. Of the whole definition, for what an expression is about cannot be
/// told without a parser.
bool dependsOnSession(const TableSchema& table) {
  static constexpr std::array<std::string_view, 9> kMarks = {" / ",         "date_format(",    "dayname(",
                                                             "monthname(",  "unix_timestamp(", "from_unixtime(",
                                                             "convert_tz(", "format(",         "week("};
  std::string text = table.createSql;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [](const Column& column) { return column.dataType == "timestamp"; }) ||
         std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return text.find(mark) != std::string::npos; });
}

/// A unique index whose values are made anew at the target, and may be others there: two rows may collide that did not.
bool hasUniqueOfSession(const TableSchema& table) {
  const auto isMade = [&](const Index& index) {
    return index.unique && (index.type == "FUNCTIONAL" ||
                            std::any_of(index.parts.begin(), index.parts.end(),
                                        [&](const IndexPart& part) { return table.columns[part.column].generated; }));
  };
  return std::any_of(table.indexes.begin(), table.indexes.end(), isMade) && dependsOnSession(table);
}

/// Rows without a key cannot be told apart, so a replay over them has to begin at one exact position. A key that the
/// target generates anew is none: nothing that is written says which row gives way. And where rows may collide at the
/// target alone, none may give way without a word, as in a tolerant window.
bool needsExactCopy(const TableSchema& table, bool wholeRows) {
  const auto isUnique = [](const Index& index) { return index.unique; };
  if (!wholeRows && std::any_of(table.indexes.begin(), table.indexes.end(), isUnique)) return true;
  if (hasUniqueOfSession(table)) return true;
  return table.primaryKey.empty() || std::any_of(table.primaryKey.begin(), table.primaryKey.end(),
                                                 [&](std::size_t i) { return table.columns[i].generated; });
}

void assignGroups(const std::vector<TableSchemaPtr>& chosen, bool wholeRows, std::vector<TablePlan>& plans) {
  int next = 0;
  for (const ForeignKeyFamily& family : foreignKeyFamilies(chosen)) {
    const bool keyless = std::any_of(family.tables.begin(), family.tables.end(),
                                     [&](std::size_t i) { return needsExactCopy(*chosen[i], wholeRows); });
    if (!family.hasActions && !keyless) continue;
    for (const std::size_t i : family.tables) plans[i].group = next;
    ++next;
  }
}

}  // namespace

bool isTwoWay(const JobSpec& spec) {
  const std::string type = spec.baseInfo.jobType.value_or("");
  return spec.baseInfo.multiWrite.value_or(false) && (type == "sync" || type == "cloudDataGuard");
}

bool transfersDdl(const JobSpec& spec) {
  return spec.policyConfig.ddlTrans.value_or(!isTwoWay(spec));
}

SyncTypes syncTypesOf(const JobSpec& spec) {
  const std::string types = spec.policyConfig.syncTypePolicy.value_or("");
  if (types.empty() || types == "supportAllType") return {};
  const auto has = [&](const char* type) { return types.find(type) != std::string::npos; };
  return {has("tableStructure"), has("tableData"), has("constraintData")};
}

std::vector<Refusal> planProblems(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables) {
  std::vector<Refusal> out;
  const auto chosen = selected(spec, tables);
  findMissing(spec, tables, out);
  findCollisions(spec, chosen, out);
  findForeignActions(chosen, out);
  return out;
}

TablePlan planFor(const JobSpec& spec, TableSchemaPtr table) {
  TablePlan plan;
  plan.target = mappedName(spec, table->name);
  plan.source = std::move(table);
  plan.conflicts = policyOf(spec);
  plan.secondaryIndexes = spec.policyConfig.indexTrans.value_or(true) && syncTypesOf(spec).constraints;
  plan.truncates = transfersDdl(spec);
  return plan;
}

std::vector<TablePlan> compilePlans(const JobSpec& spec, const std::vector<TableSchemaPtr>& tables, bool wholeRows) {
  if (const auto problems = planProblems(spec, tables); !problems.empty()) {
    throw Error(Msg::crossField, {problems.front().path, problems.front().reason}, Origin::request);
  }
  const auto chosen = selected(spec, tables);
  std::vector<TablePlan> plans;
  plans.reserve(chosen.size());
  for (const auto& table : chosen) plans.push_back(planFor(spec, table));
  assignGroups(chosen, wholeRows, plans);
  return plans;
}

}  // namespace drs
