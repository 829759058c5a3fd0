#include "transform/table_plan.h"

// What db_object selects, and how it names it in the target.

namespace drs {
namespace {

bool isScope(const JobSpec& spec, std::string_view scope) {
  return spec.dbObject.objectScope.value_or("") == scope;
}

const DatabaseObject* findDatabase(const JobSpec& spec, const std::string& name) {
  if (!spec.dbObject.objectInfo) return nullptr;
  const auto it = spec.dbObject.objectInfo->find(name);
  return it == spec.dbObject.objectInfo->end() ? nullptr : &it->second;
}

const TableObject* findTable(const DatabaseObject& database, const std::string& name) {
  if (!database.tables) return nullptr;
  const auto it = database.tables->find(name);
  return it == database.tables->end() ? nullptr : &it->second;
}

/// `all` absent: clients that list tables leave it out, so it is false then; a database named by itself in the scope
/// `database` is meant as a whole.
bool isWhole(const JobSpec& spec, const DatabaseObject& database) {
  const bool listsTables = database.tables && !database.tables->empty();
  return database.all.value_or(isScope(spec, "database") && !listsTables);
}

const std::string& nameOr(const std::optional<std::string>& mapped, const std::string& source) {
  return mapped && !mapped->empty() ? *mapped : source;
}

}  // namespace

std::optional<std::vector<std::string>> selectedDatabases(const JobSpec& spec) {
  if (isScope(spec, "all")) return std::nullopt;
  std::vector<std::string> names;
  if (!spec.dbObject.objectInfo) return names;
  for (const auto& [name, database] : *spec.dbObject.objectInfo) {
    if (!database.syncType) names.push_back(name);
  }
  return names;
}

bool isSelected(const JobSpec& spec, const TableName& table) {
  if (isScope(spec, "all")) return true;
  const DatabaseObject* database = findDatabase(spec, table.database);
  if (!database || database->syncType) return false;
  // A view or procedure of the same name says nothing about the table.
  const TableObject* listed = findTable(*database, table.table);
  if (listed != nullptr && isTableObject(*listed)) return !listed->syncType;
  return isWhole(spec, *database);
}

bool isTableObject(const TableObject& object) {
  return object.type != "view" && object.type != "procedure";
}

TableName mappedName(const JobSpec& spec, const TableName& source) {
  const DatabaseObject* database = findDatabase(spec, source.database);
  if (!database) return source;
  TableName target{nameOr(database->name, source.database), source.table};
  if (const TableObject* listed = findTable(*database, source.table)) target.table = nameOr(listed->name, source.table);
  return target;
}

}  // namespace drs
