#include "transform/refused_rules.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

// Which rules of a request are not enacted yet. A rule belongs here if leaving it out would change the content of the
// target: rows, columns, names, objects, settings. Placement, billing and tuning hints do not.

namespace drs {
namespace {

constexpr std::string_view kNotYet = "is not supported by this version";

class Collector {
 public:
  void add(std::string path, std::string_view what) {
    out_.push_back({std::move(path), std::string(what) + " " + std::string(kNotYet)});
  }
  void say(std::string path, std::string reason) { out_.push_back({std::move(path), std::move(reason)}); }
  [[nodiscard]] std::vector<Refusal> take() { return std::move(out_); }

 private:
  std::vector<Refusal> out_;
};

template <typename List>
bool hasItems(const std::optional<List>& list) {
  return list && !list->empty();
}

bool hasText(const std::optional<std::string>& text) {
  return text && !text->empty();
}

void checkTable(const std::string& name, const TableObject& table, const std::string& path, Collector& out) {
  if (hasText(table.syncType)) out.add(path + ".sync_type", "A lookup table");
  if (isTableObject(table) && hasText(table.type) && *table.type != "table")
    out.add(path + ".type", "Copying a " + *table.type);
  if (!isTableObject(table) && hasText(table.name) && *table.name != name)
    out.add(path + ".name", "Another name for a " + *table.type);
  if (hasText(table.dbAliasName)) out.add(path + ".db_alias_name", "A target database for a single table");
  if (hasText(table.schemaAliasName)) out.add(path + ".schema_alias_name", "A target schema for a single table");
  if (table.filtered.value_or(false) || hasItems(table.filterConditions)) {
    out.add(path + ".filter_conditions", "Row filtering");
  }
  if (hasItems(table.configConditions)) out.add(path + ".config_conditions", "Row filtering by another table");
  if (hasItems(table.columns)) {
    out.add(path + ".columns", "Filtering, mapping or adding columns");
  } else if (!table.all.value_or(true)) {
    out.say(path + ".all", "false without columns: say which columns, or true for the whole table");
  }
}

/// What goes back after a switchover has the names that it came with.
bool keepsNames(const JobSpec& spec) {
  return spec.baseInfo.jobType == "cloudDataGuard" && !spec.baseInfo.multiWrite.value_or(false);
}

void checkNames(const std::string& name, const DatabaseObject& database, const std::string& path, Collector& out) {
  constexpr const char* kWhy = "single-active disaster recovery keeps the names, so that it can be switched over";
  if (hasText(database.name) && *database.name != name) out.say(path + ".name", kWhy);
  if (!database.tables) return;
  for (const auto& [tableName, table] : *database.tables) {
    if (!hasText(table.name) || *table.name == tableName) continue;
    std::string at = path;
    at.append(".tables.").append(tableName).append(".name");
    out.say(at, kWhy);
  }
}

void checkDatabase(const JobSpec& spec, const DatabaseObject& database, const std::string& path, Collector& out) {
  if (hasText(database.syncType)) out.add(path + ".sync_type", "A lookup database");
  if (hasItems(database.schemas)) out.say(path + ".schemas", "this engine has databases and tables, no schemas");
  if (database.tables) {
    const std::string prefix = path + ".tables.";
    for (const auto& [name, table] : *database.tables) checkTable(name, table, prefix + name, out);
  }
  const bool whole = database.all.value_or(spec.dbObject.objectScope.value_or("") == "database");
  if (!whole && !hasItems(database.tables) && !hasItems(database.schemas) && !hasText(database.syncType)) {
    out.say(path + ".tables", "nothing is selected: list tables, or set all to true for the whole database");
  }
}

void checkObjects(const JobSpec& spec, Collector& out) {
  if (!spec.dbObject.objectInfo) return;
  for (const auto& [name, database] : *spec.dbObject.objectInfo) {
    checkDatabase(spec, database, "db_object.object_info." + name, out);
    if (keepsNames(spec)) checkNames(name, database, "db_object.object_info." + name, out);
  }
}

void checkPolicy(const PolicyConfig& policy, Collector& out) {
  if (hasText(policy.dmlTypes) && !namesEveryDml(*policy.dmlTypes)) {
    out.add("policy_config.dml_types", "Carrying over only some of i, u, d");
  }
  if (hasText(policy.dataSyncTopologyType) && *policy.dataSyncTopologyType != "one2one") {
    out.add("policy_config.data_sync_topology_type", "The topology " + *policy.dataSyncTopologyType);
  }
}

/// Names that only say how fast: without influence on what arrives, so they may be given; they have no effect yet.
bool isTuningHint(const std::string& name) {
  static constexpr std::string_view kHints[] = {"applier_thread_num",   "read_task_num", "shard_task_num",
                                                "increment_writer_num", "read_log_num",  "deal_hot_table"};
  return std::find(std::begin(kHints), std::end(kHints), name) != std::end(kHints);
}

void checkTuning(const std::optional<std::vector<TuningParam>>& params, const std::string& path, Collector& out) {
  if (!params) return;
  for (std::size_t i = 0; i < params->size(); ++i) {
    const std::string name = (*params)[i].paramName.value_or("");
    if (!isTuningHint(name)) out.add(path + "[" + std::to_string(i) + "].param_name", "The tuning parameter " + name);
  }
}

void checkTables(const JobSpec& spec, Collector& out) {
  checkObjects(spec, out);
  checkPolicy(spec.policyConfig, out);
  if (!syncTypesOf(spec).data && spec.baseInfo.taskType.value_or("") != "FULL_TRANS")
    out.say("policy_config.sync_type_policy",
            "without tableData there is nothing to follow: task_type must be FULL_TRANS");
  if (spec.baseInfo.multiWrite.value_or(false) && !isTwoWay(spec))
    out.say("base_info.multi_write", "a migration goes in one direction; use synchronisation or disaster recovery");
  if (!spec.sourceEndpoint.empty() && hasItems(spec.sourceEndpoint.front().endpoint.sourceSharding)) {
    out.add("source_endpoint[0].endpoint.source_sharding", "A source of several shards");
  }
  if (spec.userMigration && spec.userMigration->isMigrateUser.value_or(false)) {
    if (spec.baseInfo.taskType.value_or("") == "INCR_TRANS")
      out.add("user_migration.is_migrate_user", "Copying users without a full phase");
    else if (!syncTypesOf(spec).structure)
      out.say("user_migration.is_migrate_user",
              "users are part of the structure, which policy_config.sync_type_policy leaves out");
  }
}

}  // namespace

bool namesEveryDml(const std::string& types) {
  std::set<char> seen;
  for (const char c : types) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0)
      seen.insert(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return seen.contains('i') && seen.contains('u') && seen.contains('d');
}

std::vector<Refusal> refusedRules(const JobSpec& spec) {
  Collector out;
  if (isRedisRoute(spec))
    refuseForRedis(spec, [&](const std::string& path, const std::string& reason) { out.say(path, reason); });
  else
    checkTables(spec, out);
  if (spec.tuningParams) {
    checkTuning(spec.tuningParams->fullSync, "tuning_params.full_sync", out);
    checkTuning(spec.tuningParams->increCapture, "tuning_params.incre_capture", out);
    checkTuning(spec.tuningParams->increApply, "tuning_params.incre_apply", out);
    checkTuning(spec.tuningParams->increRelay, "tuning_params.incre_relay", out);
  }
  return out.take();
}

}  // namespace drs
