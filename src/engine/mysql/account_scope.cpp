#include "engine/mysql/account_scope.h"

#include "engine/mysql/grants.h"
#include "engine/mysql/prober_checks.h"
#include "transform/object_plan.h"
#include "transform/table_plan.h"

#include <algorithm>
#include <utility>

namespace drs::mysql {

GrantScopes::GrantScopes(const JobSpec& spec, std::vector<std::string> databases, Connection& source,
                         Connection& target)
    : GrantScopes(spec, std::move(databases), globalVariable(source, "partial_revokes") == "ON",
                  globalVariable(target, "partial_revokes") == "ON") {}

bool GrantScopes::isChosen(const std::string& database) const {
  return std::find(databases_.begin(), databases_.end(), database) != databases_.end();
}

std::string GrantScopes::targetOf(const std::string& database) const {
  return mappedName(spec_, {database, {}}).database;
}

/// The one database that the line is about; nothing if it stands for several.
std::optional<std::string> GrantScopes::nameOf(const GrantLine& line) const {
  // A revoke is one of a name on every server that knows it.
  if (sourceTakesNames_ || line.kind == GrantLine::Kind::revoke) return line.database;
  return databaseOf(*line.database, databases_);
}

bool GrantScopes::losesPattern(const GrantLine& line) const {
  return targetTakesNames_ && line.database && !line.object && !nameOf(line);
}

std::optional<std::string> GrantScopes::atTarget(const GrantLine& line) const {
  if (!line.database) return "*.*";
  if (line.object) return objectAtTarget(line);
  if (const auto name = nameOf(line)) {
    if (!isChosen(*name)) return std::nullopt;
    const std::string there = targetOf(*name);
    if (targetTakesNames_) return quoteName(there) + ".*";
    const bool same = there == *name && !sourceTakesNames_;
    return quoteName(same ? *line.database : patternOf(there)) + ".*";
  }
  // A pattern: kept if all that it can mean in this job has the same name at the target.
  bool any = false;
  for (const std::string& name : databases_) {
    if (!likeMatches(*line.database, name)) continue;
    if (targetOf(name) != name) return std::nullopt;
    any = true;
  }
  if (!any) return std::nullopt;
  return quoteName(*line.database) + ".*";
}

std::optional<std::string> GrantScopes::objectAtTarget(const GrantLine& line) const {
  const TableName name{*line.database, *line.object};
  if (!isChosen(name.database)) return std::nullopt;
  if (line.objectType.empty() && isSelected(spec_, name)) return quoteName(mappedName(spec_, name));
  const ObjectKind kind = line.objectType.empty()         ? ObjectKind::view
                          : line.objectType == "FUNCTION" ? ObjectKind::function
                                                          : ObjectKind::procedure;
  if (!isSelectedObject(spec_, kind, name)) return std::nullopt;
  return quoteName(TableName{targetOf(name.database), name.table});
}

}  // namespace drs::mysql
