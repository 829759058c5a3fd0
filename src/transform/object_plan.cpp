#include "transform/object_plan.h"

#include "transform/table_plan.h"

#include <algorithm>

namespace drs {

std::string_view toText(ObjectKind kind) noexcept {
  switch (kind) {
    case ObjectKind::role:
      return "role";
    case ObjectKind::account:
      return "account";
    case ObjectKind::function:
      return "function";
    case ObjectKind::procedure:
      return "procedure";
    case ObjectKind::view:
      return "view";
    case ObjectKind::trigger:
      return "trigger";
    case ObjectKind::event:
      return "event";
  }
  return "";
}

bool isWholeDatabase(const JobSpec& spec, const std::string& database) {
  // A name that no table can have is covered only by a selection of the whole database.
  return isSelected(spec, {database, std::string(1, '\0')});
}

bool isSelectedObject(const JobSpec& spec, ObjectKind kind, const TableName& name) {
  if (isWholeDatabase(spec, name.database)) return true;
  const auto listed = listedObjects(spec);
  return std::any_of(listed.begin(), listed.end(),
                     [&](const ListedObject& one) { return one.kind == kind && one.name == name; });
}

std::vector<ListedObject> listedObjects(const JobSpec& spec) {
  std::vector<ListedObject> out;
  if (spec.dbObject.objectScope.value_or("") == "all" || !spec.dbObject.objectInfo) return out;
  for (const auto& [databaseName, database] : *spec.dbObject.objectInfo) {
    if (!database.tables || database.syncType) continue;
    for (const auto& [name, object] : *database.tables) {
      if (!isTableObject(object))
        out.push_back({*object.type == "view" ? ObjectKind::view : ObjectKind::procedure, {databaseName, name}});
    }
  }
  return out;
}

}  // namespace drs
