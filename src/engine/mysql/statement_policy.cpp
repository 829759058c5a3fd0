#include "engine/mysql/statement_policy.h"

#include "base/error.h"
#include "transform/table_plan.h"

#include <string_view>

namespace drs::mysql {
namespace {

/// The words of support_ddl_info; empty: it has none for this.
std::string_view wordOf(AlterAction action) {
  switch (action) {
    case AlterAction::addColumn:
      return "ADD_COLUMN";
    case AlterAction::modifyColumn:
      return "MODIFY_COLUMN";
    case AlterAction::changeColumn:
      return "CHANGE_COLUMN";
    case AlterAction::addIndex:
      return "ADD_INDEX";
    case AlterAction::dropIndex:
      return "DROP_INDEX";
    case AlterAction::renameIndex:
      return "RENAME_INDEX";
    default:
      return {};
  }
}

std::string_view wordOf(DdlKind kind) {
  switch (kind) {
    case DdlKind::createTable:
    case DdlKind::createTableLike:
      return "CREATE_TABLE";
    case DdlKind::createIndex:
      return "CREATE_INDEX";
    case DdlKind::dropIndex:
      return "DROP_INDEX";
    default:
      return {};
  }
}

bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

StatementVerdict verdictOn(std::string_view word, const JobSpec& spec) {
  const auto& listed = spec.policyConfig.supportDdlInfo;
  if (!word.empty() && listed) {
    if (lists(*listed, word)) return {};
    return {false, "support_ddl_info"};
  }
  if (transfersDdl(spec)) return {};
  return {false, "ddl_trans"};
}

/// Absent: sync drops no database, migration does.
StatementVerdict verdictOnDropDatabase(const JobSpec& spec) {
  const auto& policy = spec.policyConfig.filterDdlPolicy;
  const bool filtered = policy ? *policy == "drop_database" : spec.baseInfo.jobType == "sync";
  if (filtered) return {false, "filter_ddl_policy"};
  return verdictOn("", spec);
}

}  // namespace

void throwStopped(const std::string& why) {
  throw Error(Msg::ddlNotSupported, {why}, Origin::source);
}

StatementVerdict verdictOn(const DdlStatement& ddl, const JobSpec& spec) {
  if (ddl.kind == DdlKind::dropDatabase) return verdictOnDropDatabase(spec);
  if (ddl.kind != DdlKind::alterTable) return verdictOn(wordOf(ddl.kind), spec);
  bool any = false, carried = false;
  StatementVerdict filtered;
  for (const AlterAction action : ddl.actions) {
    if (action == AlterAction::option) continue;  // ALGORITHM, LOCK and the like belong to what they stand beside
    const StatementVerdict one = verdictOn(wordOf(action), spec);
    any = true;
    if (one.carried)
      carried = true;
    else
      filtered = one;
  }
  if (!any) return verdictOn("", spec);
  if (carried && !filtered.carried) throwStopped("policy_config." + filtered.filteredBy + " filters only a part of it");
  return carried ? StatementVerdict{} : filtered;
}

}  // namespace drs::mysql
