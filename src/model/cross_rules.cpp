#include "model/cross_rules.h"

#include "base/ascii.h"
#include "model/address_list.h"
#include "model/text_rules.h"
#include "model/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>

namespace drs {
namespace {

using Text = std::optional<std::string>;

bool is(const Text& value, std::string_view expected) {
  return value == expected;
}
bool given(const Text& value) {
  return value.has_value() && !value->empty();
}
bool given(const std::optional<Secret>& value) {
  return value.has_value() && !value->text.empty();
}
bool isRedis(const Text& dbType) {
  return is(dbType, "redis") || is(dbType, "rediscluster") || is(dbType, "gaussredis");
}
bool isDisasterRecovery(const JobSpec& job) {
  return is(job.baseInfo.jobType, "cloudDataGuard");
}

/// A member that is mandatory under a condition.
void need(bool present, const std::string& path, Decoding& run) {
  if (!present && !run.full() && !run.hasProblemAt(path)) run.missing(path);
}

/// Calls `fn(endpoint, path)` for both sides.
template <class Fn>
void eachEndpoint(const JobSpec& job, const std::string& path, Fn fn) {
  for (std::size_t i = 0; i < job.sourceEndpoint.size(); ++i) {
    fn(job.sourceEndpoint[i], elementPath(memberPath(path, "source_endpoint"), i));
  }
  for (std::size_t i = 0; i < job.targetEndpoint.size(); ++i) {
    fn(job.targetEndpoint[i], elementPath(memberPath(path, "target_endpoint"), i));
  }
}

// --- which engine goes with which scenario and databases -----------------------------------------------------------

struct EngineRule {
  std::string_view engine;
  std::vector<std::string_view> jobTypes, sources, targets;
};

const std::vector<EngineRule>& engineRules() {
  static const std::vector<EngineRule> rules{
      {"mysql-to-mysql", {"sync", "migration", "cloudDataGuard"}, {"mysql"}, {"mysql"}},
      {"redis-to-gaussredis", {"migration"}, {"redis"}, {"gaussredis", "redis", "rediscluster"}},
      {"rediscluster-to-gaussredis", {"migration"}, {"rediscluster"}, {"gaussredis", "redis", "rediscluster"}},
      {"oracle-to-gaussdbv5", {"sync"}, {"oracle"}, {"gaussdbv5", "postgresql"}},
  };
  return rules;
}

void within(const Text& value, const std::vector<std::string_view>& allowed, std::string_view engine,
            const std::string& path, Decoding& run) {
  if (!value || std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return;
  run.notAllowed(path, *value, fmt::format("{} (engine_type {})", fmt::join(allowed, ", "), engine));
}

void engineFitsScenarioAndDatabases(const JobSpec& job, const std::string& path, Decoding& run) {
  for (const EngineRule& rule : engineRules()) {
    if (!is(job.baseInfo.engineType, rule.engine)) continue;
    within(job.baseInfo.jobType, rule.jobTypes, rule.engine, path + ".base_info.job_type", run);
    for (const auto& e : job.sourceEndpoint)
      within(e.dbType, rule.sources, rule.engine, path + ".source_endpoint[0].db_type", run);
    for (const auto& e : job.targetEndpoint)
      within(e.dbType, rule.targets, rule.engine, path + ".target_endpoint[0].db_type", run);
  }
}

// --- checklist 1 to 4: endpoints -----------------------------------------------------------------------------------

void roleFitsArray(const JobSpec& job, const std::string& path, Decoding& run) {
  const auto check = [&](const Text& role, std::string_view expected, const std::string& at) {
    if (role && *role != expected) run.notAllowed(at, *role, std::string(expected));
  };
  for (const auto& e : job.sourceEndpoint) check(e.endpointRole, "so", path + ".source_endpoint[0].endpoint_role");
  for (const auto& e : job.targetEndpoint) check(e.endpointRole, "ta", path + ".target_endpoint[0].endpoint_role");
}

void placeOfManagedDatabase(const EndpointInfo& e, const std::string& path, Decoding& run) {
  if (is(e.endpointType, "ecs") || is(e.endpointType, "cloud")) need(e.cloud.has_value(), path + ".cloud", run);
}

/// The scenario name is the kind of place and the kind of database; nothing: this kind of database has no such place.
struct ScenarioNames {
  std::string_view dbType, offline, ecs, cloud;
};
constexpr std::array kScenarioNames{
    ScenarioNames{"oracle", "oracle", "ecs_oracle", ""},
    ScenarioNames{"gaussdbv5", "", "", "cloud_gaussdbv5"},
    ScenarioNames{"redis", "redis", "ecs_redis", ""},
    ScenarioNames{"rediscluster", "rediscluster", "ecs_rediscluster", ""},
    ScenarioNames{"gaussredis", "", "", "cloud_gaussdb_redis"},
    ScenarioNames{"mysql", "mysql", "ecs_mysql", "cloud_mysql"},
    ScenarioNames{"postgresql", "postgresql", "ecs_postgresql", "cloud_postgresql"},
};

std::string_view scenarioOf(const ScenarioNames& names, std::string_view endpointType) {
  return endpointType == "offline" ? names.offline : endpointType == "ecs" ? names.ecs : names.cloud;
}

void scenarioName(const EndpointInfo& e, const std::string& path, Decoding& run) {
  if (!e.dbType || !e.endpointType) return;
  const auto names = std::find_if(kScenarioNames.begin(), kScenarioNames.end(),
                                  [&](const ScenarioNames& n) { return n.dbType == *e.dbType; });
  if (names == kScenarioNames.end()) return;
  const std::string_view expected = scenarioOf(*names, *e.endpointType);
  if (expected.empty()) {
    run.notAllowed(path + ".endpoint_type", *e.endpointType,
                   fmt::format("{} (db_type {})", names->cloud.empty() ? "offline, ecs" : "cloud", *e.dbType));
  } else if (e.endpoint.endpointName && *e.endpoint.endpointName != expected) {
    run.notAllowed(path + ".endpoint.endpoint_name", *e.endpoint.endpointName,
                   fmt::format("{} (db_type {}, endpoint_type {})", expected, *e.dbType, *e.endpointType));
  }
}

bool everyAddressHasPort(const std::string& ip) {
  const auto list = parseAddressList(ip);
  return list &&
         std::all_of(list->addresses.begin(), list->addresses.end(), [](const Address& a) { return a.port != 0; });
}

/// How the server is found: a managed one by its instance (ip may stand beside it and wins), any other by ip and port.
void addressOf(const Endpoint& e, bool managed, const std::string& path, Decoding& run) {
  if (managed) {
    need(given(e.instanceId), path + ".instance_id", run);
    return;
  }
  need(given(e.ip), path + ".ip", run);
  if (given(e.ip) && !everyAddressHasPort(*e.ip)) need(e.dbPort.has_value(), path + ".db_port", run);
}

/// Sentinels watch over Redis only.
void sentinelOnlyForRedis(const EndpointInfo& e, const std::string& at, Decoding& run) {
  if (!e.dbType || isRedis(e.dbType) || !given(e.endpoint.ip)) return;
  const auto list = parseAddressList(*e.endpoint.ip);
  if (list && !list->sentinelName.empty())
    run.notAllowed(at + ".ip", *e.endpoint.ip, fmt::format("host[:port],… (db_type {})", *e.dbType));
}

void addresses(const EndpointInfo& e, const std::string& path, Decoding& run) {
  const std::string at = path + ".endpoint";
  sentinelOnlyForRedis(e, at, run);
  if (e.endpointType && !run.hasProblemAt(at)) addressOf(e.endpoint, is(e.endpointType, "cloud"), at, run);
}

/// Redis knows logins without user and without password; every other database needs both.
void credentials(const EndpointInfo& e, const std::string& path, Decoding& run) {
  if (!e.dbType || isRedis(e.dbType)) return;
  if (e.endpoint.dbUser) need(given(e.endpoint.dbUser), path + ".endpoint.db_user", run);
  if (e.endpoint.dbPassword) need(given(e.endpoint.dbPassword), path + ".endpoint.db_password", run);
}

void certificatePassword(const EndpointInfo& e, const std::string& path, Decoding& run) {
  if (!e.ssl || !e.ssl->sslCertName) return;
  if (toLowerAscii(*e.ssl->sslCertName).ends_with(".p12"))
    need(given(e.ssl->sslCertPassword), path + ".ssl.ssl_cert_password", run);
}

// --- checklist 5 and 6: disaster recovery --------------------------------------------------------------------------

void disasterRecovery(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!isDisasterRecovery(job)) return;
  const BaseInfo& base = job.baseInfo;
  need(base.multiWrite.has_value(), path + ".base_info.multi_write", run);
  if (is(base.netType, "vpc"))
    run.notAllowed(path + ".base_info.net_type", "vpc", "eip, vpn (job_type cloudDataGuard)");
  if (base.multiWrite != false) return;
  if (base.taskType && !is(base.taskType, "FULL_INCR_TRANS")) {
    run.notAllowed(path + ".base_info.task_type", *base.taskType, "FULL_INCR_TRANS (single-active disaster recovery)");
  }
  if (!is(base.jobDirection, "up") || job.targetEndpoint.empty()) return;
  const std::string at = path + ".target_endpoint[0].config.is_target_readonly";
  const auto& config = job.targetEndpoint[0].config;
  need(config && config->isTargetReadonly.has_value(), at, run);
  if (config && config->isTargetReadonly == false)
    run.notAllowed(at, "false", "true (single-active disaster recovery, standby here)");
}

// --- checklist 7, 8, 20: policy ------------------------------------------------------------------------------------

void conflictPolicyOnlyForSync(const JobSpec& job, const std::string& path, Decoding& run) {
  if (is(job.baseInfo.jobType, "migration") && job.policyConfig.conflictPolicy) {
    run.cross(path + ".policy_config.conflict_policy", *job.policyConfig.conflictPolicy,
              "must be absent when job_type is migration");
  }
}

void filterDdlPolicyOfSync(const JobSpec& job, const std::string& path, Decoding& run) {
  const auto& policy = job.policyConfig.filterDdlPolicy;
  const bool mysqlSync = is(job.baseInfo.jobType, "sync") && is(job.baseInfo.engineType, "mysql-to-mysql");
  if (mysqlSync && is(policy, ""))
    run.notAllowed(path + ".policy_config.filter_ddl_policy", *policy, "drop_database (job_type sync)");
}

void readModeOnlyForOracle(const JobSpec& job, const std::string& path, Decoding& run) {
  const auto& mode = job.policyConfig.incrementReadMode;
  if (mode && job.baseInfo.engineType && !is(job.baseInfo.engineType, "oracle-to-gaussdbv5")) {
    run.cross(path + ".policy_config.increment_read_mode", *mode,
              "must be absent unless engine_type is oracle-to-gaussdbv5");
  }
}

// --- checklist 10 and 12: the selection beside other blocks --------------------------------------------------------

/// GaussDB has database.schema.table, so a selection of database.table needs the database above it.
void rootDatabaseOfTarget(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!is(job.baseInfo.engineType, "oracle-to-gaussdbv5")) return;
  const DbObject& selection = job.dbObject;
  const bool threeLevels =
      selection.objectInfo && std::any_of(selection.objectInfo->begin(), selection.objectInfo->end(),
                                          [](const auto& d) { return d.second.schemas.has_value(); });
  if (threeLevels || run.hasProblemAt(path + ".db_object.target_root_db")) return;
  need(selection.targetRootDb && given(selection.targetRootDb->dbName), path + ".db_object.target_root_db.db_name",
       run);
}

/// Calls `fn(table, path)` for every table object of the selection.
template <class Fn>
void eachTable(const DbObject& selection, const std::string& path, Fn fn) {
  if (!selection.objectInfo) return;
  const auto walk = [&fn](const auto& tables, const std::string& at) {
    if (!tables) return;
    for (const auto& [name, table] : *tables) fn(table, keyPath(at + ".tables", name));
  };
  for (const auto& [name, database] : *selection.objectInfo) {
    const std::string at = keyPath(path + ".object_info", name);
    walk(database.tables, at);
    if (!database.schemas) continue;
    for (const auto& [schemaName, schema] : *database.schemas)
      walk(schema.tables, keyPath(at + ".schemas", schemaName));
  }
}

void columnsOnlyForSync(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.baseInfo.jobType || is(job.baseInfo.jobType, "sync")) return;
  eachTable(job.dbObject, path + ".db_object", [&](const TableObject& table, const std::string& at) {
    if (table.columns && !table.columns->empty())
      run.cross(at + ".columns", "columns", "must be absent unless job_type is sync");
  });
}

// --- checklist 13: speed -------------------------------------------------------------------------------------------

void speedOfFullPhase(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.speedLimit || job.speedLimit->empty()) return;
  const std::string at = path + ".speed_limit";
  if (is(job.baseInfo.taskType, "INCR_TRANS")) run.report({Msg::noFlowControl, at, "INCR_TRANS", "absent or []", {at}});
  checkSpeedWindows(*job.speedLimit, at, run);
}

// --- checklist 14: users -------------------------------------------------------------------------------------------

void userPasswords(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.userMigration) return;
  const UserMigration& users = *job.userMigration;
  const std::string at = path + ".user_migration";
  if (users.isSetPassword == true) need(given(users.password), at + ".password", run);
  if (!users.userList) return;
  for (std::size_t i = 0; i < users.userList->size(); ++i) {
    const MigratedUser& user = (*users.userList)[i];
    if (users.isSetPassword == true || user.isSetPassword == true) {
      need(given(user.password), elementPath(at + ".user_list", i) + ".password", run);
    }
  }
}

// --- checklist 15 to 19: node, order, addresses --------------------------------------------------------------------

void nodeOfSelfBuiltTask(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!is(job.baseInfo.jobDirection, "non-dbs") || run.hasProblemAt(path + ".node_info")) return;
  need(job.nodeInfo.vpc.has_value(), path + ".node_info.vpc", run);
  need(job.nodeInfo.baseInfo.has_value(), path + ".node_info.base_info", run);
}

void zonesOfNode(const JobSpec& job, const std::string& path, Decoding& run) {
  const auto& node = job.nodeInfo.baseInfo;
  if (!node || !node->instanceType || !node->availabilityZone) return;
  const std::string& zones = *node->availabilityZone;
  const auto commas = std::count(zones.begin(), zones.end(), ',');
  const bool empty = zones.starts_with(',') || zones.ends_with(',') || zones.find(",,") != std::string::npos;
  const int expected = is(node->instanceType, "ha") ? 2 : 1;
  if (commas + 1 == expected && !empty) return;
  run.notAllowed(path + ".node_info.base_info.availability_zone", zones,
                 expected == 2 ? "two zones, comma-separated (instance_type ha)" : "one zone (instance_type single)");
}

void orderOfPeriod(const JobSpec& job, const std::string& path, Decoding& run) {
  if (is(job.baseInfo.chargingMode, "period")) need(job.periodOrder.has_value(), path + ".period_order", run);
}

void addressOfStandby(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.publicIpList) return;
  const bool ha = job.nodeInfo.baseInfo && is(job.nodeInfo.baseInfo->instanceType, "ha");
  for (std::size_t i = 0; i < job.publicIpList->size(); ++i) {
    if (ha || !is((*job.publicIpList)[i].type, "slave")) continue;
    run.notAllowed(elementPath(path + ".public_ip_list", i) + ".type", "slave", "master (instance_type is not ha)");
  }
}

void nodeNumberOnlyForRedisCluster(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.baseInfo.engineType || is(job.baseInfo.engineType, "rediscluster-to-gaussredis")) return;
  eachEndpoint(job, path, [&](const EndpointInfo& e, const std::string& at) {
    if (!e.config || e.config->nodeNum.value_or(0) == 0) return;
    run.cross(at + ".config.node_num", std::to_string(*e.config->nodeNum),
              "must be absent or 0 unless engine_type is rediscluster-to-gaussredis");
  });
}

// --- checklist 21: tags --------------------------------------------------------------------------------------------

void uniqueTagKeys(const JobSpec& job, const std::string& path, Decoding& run) {
  if (!job.baseInfo.tags) return;
  const auto& tags = *job.baseInfo.tags;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const bool again = tags[i].key && std::any_of(tags.begin(), tags.begin() + static_cast<std::ptrdiff_t>(i),
                                                  [&](const Tag& other) { return other.key == tags[i].key; });
    if (!again) continue;
    const std::string at = elementPath(path + ".base_info.tags", i) + ".key";
    run.report({Msg::duplicateTagKey, at, *tags[i].key, "keys that differ", {at, *tags[i].key}});
  }
}

// --- checklist 9 and 11: the selection -----------------------------------------------------------------------------

void objectInfoFitsScope(const DbObject& selection, const std::string& path, Decoding& run) {
  if (!selection.objectScope) return;
  const bool listed = selection.objectInfo && !selection.objectInfo->empty();
  if (!is(selection.objectScope, "all")) {
    need(listed, path + ".object_info", run);
  } else if (listed) {
    run.cross(path + ".object_info", "objects", "must be absent when object_scope is all");
  }
}

/// "all": false asks for the objects below; with scope table also where `all` was left out.
void listedBelow(const DbObject& selection, const std::string& path, Decoding& run) {
  if (!selection.objectInfo) return;
  for (const auto& [name, database] : *selection.objectInfo) {
    const bool below =
        (database.tables && !database.tables->empty()) || (database.schemas && !database.schemas->empty());
    const bool whole = database.all.value_or(!is(selection.objectScope, "table"));
    const std::string at = keyPath(path + ".object_info", name);
    if (!whole && !below && !run.hasProblemAt(at + ".schemas")) need(false, at + ".tables", run);
    if (!database.schemas) continue;
    for (const auto& [schemaName, schema] : *database.schemas) {
      const bool tables = schema.tables && !schema.tables->empty();
      if (schema.all == false && !tables) need(false, keyPath(at + ".schemas", schemaName) + ".tables", run);
    }
  }
}

void additionalColumn(const std::string& name, const ColumnObject& column, const std::string& at, Decoding& run) {
  if (column.filtered)
    run.cross(at + ".filtered", *column.filtered ? "true" : "false", "must be absent beside additional");
  if (column.name && *column.name != name)
    run.notAllowed(at + ".name", *column.name, shortened(name, kShownCharacters));
  need(column.operationType.has_value(), at + ".operation_type", run);
  if (!column.operationType) return;
  const std::string_view operation =
      std::string_view(*column.operationType).substr(column.operationType->find(',') + 1);
  std::vector<std::string_view> types{"varchar(256)", "varchar(191)"};
  if (operation == "default_value") {
    types = {"int", "long", "varchar(256)", "varchar(191)", "datetime", "timestamp"};
    need(column.value.has_value(), at + ".value", run);
  } else if (operation == "create_time" || operation == "update_time") {
    types = {"long", "datetime", "timestamp"};
  }
  need(given(column.type), at + ".type", run);
  if (given(column.type) && std::find(types.begin(), types.end(), *column.type) == types.end()) {
    run.notAllowed(at + ".type", *column.type, fmt::format("{} ({})", fmt::join(types, ", "), operation));
  }
}

void columnsOfTables(const DbObject& selection, const std::string& path, Decoding& run) {
  eachTable(selection, path, [&](const TableObject& table, const std::string& at) {
    const bool lookup = is(table.syncType, "config");
    const bool listed = table.columns && !table.columns->empty();
    if (lookup) need(table.configConditions && !table.configConditions->empty(), at + ".config_conditions", run);
    if (!lookup && table.all == false && !listed) need(false, at + ".columns", run);
    if (!table.columns) return;
    for (const auto& [name, column] : *table.columns) {
      if (column.additional == true) additionalColumn(name, column, keyPath(at + ".columns", name), run);
    }
  });
}

}  // namespace

void checkEndpointRules(const EndpointInfo& endpoint, const std::string& path, Decoding& run) {
  placeOfManagedDatabase(endpoint, path, run);
  scenarioName(endpoint, path, run);
  addresses(endpoint, path, run);
  credentials(endpoint, path, run);
  certificatePassword(endpoint, path, run);
}

void checkSpeedWindows(const std::vector<SpeedWindow>& windows, const std::string& path, Decoding& run) {
  std::bitset<24> taken;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const SpeedWindow& window = windows[i];
    if (!window.begin || !window.end) continue;
    const std::string here = elementPath(path, i);
    if (window.begin == window.end) {
      run.report({Msg::equalTimes, here, *window.begin, "begin and end that differ", {here}});
      continue;
    }
    bool overlaps = false;
    const int last = hourOf(*window.end);
    for (int hour = hourOf(*window.begin);; hour = (hour + 1) % 24) {
      overlaps = overlaps || taken[static_cast<std::size_t>(hour)];
      taken.set(static_cast<std::size_t>(hour));
      if (hour == last) break;
    }
    if (overlaps) run.cross(here, *window.begin + "–" + *window.end, "the windows must not overlap");
  }
}

void checkSelectionRules(const DbObject& selection, const std::string& path, Decoding& run) {
  objectInfoFitsScope(selection, path, run);
  listedBelow(selection, path, run);
  columnsOfTables(selection, path, run);
}

void checkCrossFieldRules(const JobSpec& job, const std::string& path, Decoding& run) {
  engineFitsScenarioAndDatabases(job, path, run);
  roleFitsArray(job, path, run);
  eachEndpoint(job, path, [&run](const EndpointInfo& e, const std::string& at) { checkEndpointRules(e, at, run); });
  disasterRecovery(job, path, run);
  conflictPolicyOnlyForSync(job, path, run);
  filterDdlPolicyOfSync(job, path, run);
  checkSelectionRules(job.dbObject, path + ".db_object", run);
  rootDatabaseOfTarget(job, path, run);
  columnsOnlyForSync(job, path, run);
  speedOfFullPhase(job, path, run);
  userPasswords(job, path, run);
  nodeOfSelfBuiltTask(job, path, run);
  zonesOfNode(job, path, run);
  orderOfPeriod(job, path, run);
  addressOfStandby(job, path, run);
  nodeNumberOnlyForRedisCluster(job, path, run);
  readModeOnlyForOracle(job, path, run);
  uniqueTagKeys(job, path, run);
}

}  // namespace drs
