#include "support/memory_engine.h"

#include "support/memory_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace drs::testing {

std::size_t MemorySchema::add(const std::string& name, std::size_t columns, const std::vector<std::size_t>& unique,
                              const std::vector<MemoryForeignKey>& foreignKeys) {
  auto table = std::make_shared<TableSchema>();
  table->name = {"db", name};
  for (std::size_t i = 0; i < columns; ++i) {
    Column& column = table->columns.emplace_back();
    column.name = i == 0 ? "id" : "c" + std::to_string(i);
    column.kind = ColumnKind::integer;
    column.type = column.dataType = "bigint";
    column.nullable = i != 0;
  }
  table->primaryKey = {0};
  for (const std::size_t column : unique) {
    Index& index = table->indexes.emplace_back();
    index.name = "u" + std::to_string(column);
    index.unique = true;
    index.parts = {{column, 0}};
  }
  for (const MemoryForeignKey& key : foreignKeys) {
    ForeignKey& out = table->foreignKeys.emplace_back();
    const std::string parent = key.parent == tables_.size() ? name : tables_.at(key.parent)->name.table;
    out = {"fk" + std::to_string(key.column),    {key.column}, "db", parent, {"id"}, "RESTRICT",
           key.cascades ? "CASCADE" : "RESTRICT"};
  }
  tables_.push_back(table);
  rules_.push_back({unique, foreignKeys});
  return tables_.size() - 1;
}

std::vector<std::int64_t> MemorySchema::collisions(const Content& content, std::size_t table, const Row& row,
                                                   std::optional<std::int64_t> except) const {
  std::vector<std::int64_t> out;
  for (const auto& [key, other] : content[table]) {
    if (except && key == *except) continue;
    const bool same = key == keyOf(row) || std::any_of(rules_[table].unique.begin(), rules_[table].unique.end(),
                                                       [&](std::size_t c) { return row[c] && row[c] == other[c]; });
    if (same) out.push_back(key);
  }
  return out;
}

bool MemorySchema::parentsExist(const Content& content, std::size_t table, const Row& row) const {
  return std::all_of(
      rules_[table].foreignKeys.begin(), rules_[table].foreignKeys.end(),
      [&](const MemoryForeignKey& key) { return !row[key.column] || content[key.parent].contains(*row[key.column]); });
}

void MemorySchema::addKeys(std::size_t table, const Row& row, std::vector<ConflictKey>& primary,
                           std::vector<ConflictKey>& unique, std::vector<ConflictKey>& parents) const {
  const auto hash = [](std::uint64_t kind, std::uint64_t of, std::int64_t value) {
    return (kind << 48U | of << 32U | static_cast<std::uint32_t>(value)) << 1U;
  };
  constexpr std::uint64_t kPrimary = 1, kUnique = 2, kCascade = 3;
  primary.push_back(exclusiveKey(hash(kPrimary, table, keyOf(row))));
  for (const std::size_t column : rules_[table].unique)
    if (row[column]) unique.push_back(exclusiveKey(hash(kUnique + 8 * column, table, *row[column])));
  for (const MemoryForeignKey& key : rules_[table].foreignKeys) {
    if (key.cascades) parents.push_back(exclusiveKey(hash(kCascade, key.parent, 0)));
    if (row[key.column]) parents.push_back(sharedKey(hash(kPrimary, key.parent, *row[key.column])));
  }
  for (const Rule& child : rules_)
    for (const MemoryForeignKey& key : child.foreignKeys)
      if (key.cascades && key.parent == table) parents.push_back(exclusiveKey(hash(kCascade, table, 0)));
}

bool MemorySchema::isReferenced(const Content& content, std::size_t table, std::int64_t key) const {
  for (std::size_t child = 0; child < tables_.size(); ++child) {
    for (const MemoryForeignKey& foreign : rules_[child].foreignKeys) {
      if (foreign.parent != table) continue;
      for (const auto& [childKey, row] : content[child]) {
        if (row[foreign.column] == key) return true;
      }
    }
  }
  return false;
}

bool MemorySchema::removeChecked(Content& content, std::size_t table, std::int64_t key) const {
  Content work = content;
  work[table].erase(key);
  for (std::size_t child = 0; child < tables_.size(); ++child) {
    for (const MemoryForeignKey& foreign : rules_[child].foreignKeys) {
      if (foreign.parent != table) continue;
      std::vector<std::int64_t> doomed;
      for (const auto& [childKey, row] : work[child]) {
        if (row[foreign.column] == key) doomed.push_back(childKey);
      }
      if (!doomed.empty() && !foreign.cascades) return false;
      for (const std::int64_t childKey : doomed) {
        if (!removeChecked(work, child, childKey)) return false;
      }
    }
  }
  content = std::move(work);
  return true;
}

Plans plansOf(const MemorySchema& schema) {
  JobSpec spec;
  spec.dbObject.objectScope = "all";
  // compilePlans() sorts by name; tables are to be added in that order, so that plan and position agree.
  return compilePlans(spec, schema.tables());
}

}  // namespace drs::testing
