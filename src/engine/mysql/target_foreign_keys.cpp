#include "engine/mysql/target_foreign_keys.h"

#include "engine/mysql/column_types.h"
#include "transform/foreign_keys.h"

#include <fmt/format.h>

#include <utility>

namespace drs::mysql {
namespace {

/// By database and name of the constraint, which is unique in a database or in a table.
using Actions = std::map<std::pair<std::string, std::string>, bool>;

Actions readActions(Connection& connection, const std::string& database) {
  Actions out;
  for (const auto& row : connection.query("SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM "
                                          "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " +
                                          quoteText(database))) {
    ForeignKey key;
    key.onUpdate = row.at(2).value_or("");
    key.onDelete = row.at(3).value_or("");
    out[{row.at(0).value_or(""), row.at(1).value_or("")}] = hasAction(key);
  }
  return out;
}

void readKeys(Connection& connection, const std::string& database, std::vector<TargetForeignKey>& out) {
  const Actions actions = readActions(connection, database);
  std::pair<std::string, std::string> last;
  for (const auto& row : connection.query(
           fmt::format("SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, "
                       "REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE "
                       "TABLE_SCHEMA = {} AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, "
                       "ORDINAL_POSITION",
                       quoteText(database)))) {
    const std::pair<std::string, std::string> name{row.at(0).value_or(""), row.at(1).value_or("")};
    if (std::exchange(last, name) != name) {
      TargetForeignKey& key = out.emplace_back();
      key.child = {database, name.first};
      key.parent = {row.at(3).value_or(""), row.at(4).value_or("")};
      const auto found = actions.find(name);
      key.acts = found == actions.end() || found->second;  // not shown: taken for one that acts
    }
    out.back().columns.push_back(row.at(2).value_or(""));
    out.back().referenced.push_back(row.at(5).value_or(""));
  }
}

}  // namespace

std::string lowerName(const TableName& table) {
  return lowerCase(table.database + "." + table.table);
}

TargetForeignKeys TargetForeignKeys::read(Connection& connection, const std::set<std::string>& databases) {
  std::vector<TargetForeignKey> keys;
  for (const std::string& database : databases) readKeys(connection, database, keys);
  return TargetForeignKeys(std::move(keys));
}

TargetForeignKeys::TargetForeignKeys(std::vector<TargetForeignKey> keys) : keys_(std::move(keys)) {
  const auto family = [&](const std::string& table) { return families_.emplace(table, table).first->second; };
  for (const TargetForeignKey& key : keys_) {
    const std::string kept = family(lowerName(key.child)), given = family(lowerName(key.parent));
    for (auto& [table, name] : families_)
      if (name == given) name = kept;
  }
  for (const TargetForeignKey& key : keys_)
    if (key.acts) acting_.insert(families_.at(lowerName(key.child)));
}

std::vector<const TargetForeignKey*> TargetForeignKeys::of(const TableName& table) const {
  std::vector<const TargetForeignKey*> out;
  const std::string name = lowerName(table);
  for (const TargetForeignKey& key : keys_)
    if (lowerName(key.child) == name || lowerName(key.parent) == name) out.push_back(&key);
  return out;
}

std::string TargetForeignKeys::actingFamily(const TableName& table) const {
  const auto found = families_.find(lowerName(table));
  return found != families_.end() && acting_.contains(found->second) ? found->second : std::string();
}

}  // namespace drs::mysql
