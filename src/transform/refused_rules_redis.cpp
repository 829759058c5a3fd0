#include "transform/refused_rules.h"

#include <algorithm>

// The rules of a request that the Redis routes do not enact, although they would change what arrives at the target.
// Which databases and keys are selected is compiled, and refused, by the engine; docs/reference/redis-selection.md
// lists all.

namespace drs {
namespace {

bool given(const std::optional<std::string>& text) {
  return text && !text->empty();
}

void checkPolicy(const JobSpec& spec, const RefuseRule& refuse) {
  const PolicyConfig& policy = spec.policyConfig;
  if (given(policy.dmlTypes) && !namesEveryDml(*policy.dmlTypes))
    refuse("policy_config.dml_types", "commands on keys are not told apart as i, u and d; leave it out");
  if (given(policy.supportDdlInfo))
    refuse("policy_config.support_ddl_info", "a Redis has no definitions to change; leave it out");
  if (given(policy.filterDdlPolicy))
    refuse("policy_config.filter_ddl_policy",
           "a Redis has no DROP DATABASE, and FLUSHDB and FLUSHALL are always carried over; leave it out");
  if (policy.ddlTrans.has_value() && !*policy.ddlTrans)
    refuse("policy_config.ddl_trans", "FLUSHDB and FLUSHALL are always carried over; leave it out, or true");
  if (given(policy.conflictPolicy))
    refuse(
        "policy_config.conflict_policy",
        "keys of the same name are overwritten if the item checkEmptyDstDb is skipped, else the target must be empty; "
        "leave it out");
  if (given(policy.dataSyncTopologyType) && *policy.dataSyncTopologyType != "one2one")
    refuse("policy_config.data_sync_topology_type",
           "the topology " + *policy.dataSyncTopologyType + " is not supported: one database goes to one database");
  if (!syncTypesOf(spec).data)
    refuse("policy_config.sync_type_policy", "a Redis has data only, and tableData is left out");
}

bool holdsParameters(const JobSpec& spec) {
  if (!spec.dbParam) return false;
  const auto any = [](const std::optional<std::vector<DbParamItem>>& list) { return list && !list->empty(); };
  return any(spec.dbParam->common) || any(spec.dbParam->performance);
}

bool asksForReadOnly(const std::vector<EndpointInfo>& list) {
  return std::any_of(list.begin(), list.end(), [](const EndpointInfo& each) {
    return each.config && each.config->isTargetReadonly.value_or(false);
  });
}

}  // namespace

bool isRedisRoute(const JobSpec& spec) {
  return spec.baseInfo.engineType == "redis-to-gaussredis" || spec.baseInfo.engineType == "rediscluster-to-gaussredis";
}

void refuseForRedis(const JobSpec& spec, const RefuseRule& refuse) {
  if (spec.baseInfo.taskType == "INCR_TRANS")
    refuse("base_info.task_type",
           "a Redis keeps no log from which a task could begin without a copy; use FULL_INCR_TRANS");
  if (spec.baseInfo.multiWrite.value_or(false)) refuse("base_info.multi_write", "a migration goes in one direction");
  checkPolicy(spec, refuse);
  if (holdsParameters(spec)) refuse("db_param", "parameters of a Redis are not compared or set; leave it out");
  if (asksForReadOnly(spec.sourceEndpoint) || asksForReadOnly(spec.targetEndpoint))
    refuse(
        "target_endpoint[0].config.is_target_readonly",
        "a Redis cannot be closed to others while the task writes; take their rights away (ACL SETUSER), and leave it "
        "out or false");
  if (spec.userMigration && spec.userMigration->isMigrateUser.value_or(false))
    refuse("user_migration.is_migrate_user", "users of a Redis (ACL) are not copied; create them at the target");
  if (!spec.sourceEndpoint.empty() && spec.sourceEndpoint.front().endpoint.sourceSharding &&
      !spec.sourceEndpoint.front().endpoint.sourceSharding->empty())
    refuse("source_endpoint[0].endpoint.source_sharding",
           "the shards of a Redis cluster are found by themselves; name some of their servers in ip");
  for (const auto* list : {&spec.sourceEndpoint, &spec.targetEndpoint})
    for (const EndpointInfo& each : *list)
      if (given(each.endpoint.dbName))
        refuse(std::string(list == &spec.sourceEndpoint ? "source" : "target") + "_endpoint[0].endpoint.db_name",
               "databases of a Redis are chosen in db_object; leave it out");
}

}  // namespace drs
