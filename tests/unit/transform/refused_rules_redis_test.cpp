#include "transform/table_plan.h"

#include <gtest/gtest.h>

#include <functional>

namespace drs {
namespace {

JobSpec plain(const char* engine = "redis-to-gaussredis") {
  JobSpec spec;
  spec.baseInfo.engineType = engine;
  spec.baseInfo.taskType = "FULL_INCR_TRANS";
  spec.baseInfo.jobType = "migration";
  spec.dbObject.objectScope = "all";
  spec.sourceEndpoint.emplace_back();
  spec.targetEndpoint.emplace_back();
  return spec;
}

struct Case {
  const char* path;
  std::function<void(JobSpec&)> ask;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"base_info.task_type", [](JobSpec& s) { s.baseInfo.taskType = "INCR_TRANS"; }},
      {"base_info.multi_write", [](JobSpec& s) { s.baseInfo.multiWrite = true; }},
      {"policy_config.dml_types", [](JobSpec& s) { s.policyConfig.dmlTypes = "i,u"; }},
      {"policy_config.support_ddl_info", [](JobSpec& s) { s.policyConfig.supportDdlInfo = "ADD_COLUMN"; }},
      {"policy_config.filter_ddl_policy", [](JobSpec& s) { s.policyConfig.filterDdlPolicy = "drop_database"; }},
      {"policy_config.ddl_trans", [](JobSpec& s) { s.policyConfig.ddlTrans = false; }},
      {"policy_config.conflict_policy", [](JobSpec& s) { s.policyConfig.conflictPolicy = "ignore"; }},
      {"policy_config.data_sync_topology_type", [](JobSpec& s) { s.policyConfig.dataSyncTopologyType = "many2one"; }},
      {"policy_config.sync_type_policy", [](JobSpec& s) { s.policyConfig.syncTypePolicy = "tableStructure"; }},
      {"db_param", [](JobSpec& s) { s.dbParam.emplace().common = {{DbParamItem{"maxmemory", "1"}}}; }},
      {"target_endpoint[0].config.is_target_readonly",
       [](JobSpec& s) { s.targetEndpoint[0].config.emplace().isTargetReadonly = true; }},
      {"user_migration.is_migrate_user", [](JobSpec& s) { s.userMigration.emplace().isMigrateUser = true; }},
      {"source_endpoint[0].endpoint.source_sharding",
       [](JobSpec& s) { s.sourceEndpoint[0].endpoint.sourceSharding.emplace(1); }},
      {"target_endpoint[0].endpoint.db_name", [](JobSpec& s) { s.targetEndpoint[0].endpoint.dbName = "3"; }},
      {"tuning_params.full_sync[0].param_name",
       [](JobSpec& s) { s.tuningParams.emplace().fullSync = {{TuningParam{"unheard_of", "1", true}}}; }},
  };
  return all;
}

TEST(RefusedRulesOfRedis, NameTheMember) {
  for (const Case& each : cases()) {
    for (const char* engine : {"redis-to-gaussredis", "rediscluster-to-gaussredis"}) {
      JobSpec spec = plain(engine);
      each.ask(spec);
      const auto refused = refusedRules(spec);
      ASSERT_EQ(refused.size(), 1U) << each.path;
      EXPECT_EQ(refused[0].path, each.path);
      EXPECT_FALSE(refused[0].reason.empty());
    }
  }
}

TEST(RefusedRulesOfRedis, LeaveAloneWhatChangesNothing) {
  JobSpec spec = plain();
  EXPECT_TRUE(refusedRules(spec).empty());
  spec.policyConfig.ddlTrans = true;
  spec.policyConfig.indexTrans = false;
  spec.policyConfig.isCreateTableWithIndex = true;
  spec.policyConfig.dmlTypes = "d,u,i";
  spec.policyConfig.filterDdlPolicy = "";
  spec.policyConfig.dataSyncTopologyType = "one2one";
  spec.policyConfig.syncTypePolicy = "tableData";
  spec.dbParam.emplace();
  spec.userMigration.emplace().isMigrateUser = false;
  spec.targetEndpoint[0].config.emplace().isTargetReadonly = false;
  EXPECT_TRUE(refusedRules(spec).empty());
}

TEST(RefusedRulesOfRedis, DatabasesAreNumbersAndNoMatterOfTables) {
  JobSpec spec = plain();
  spec.dbObject.objectScope = "database";
  spec.dbObject.objectInfo.emplace()["0"].name = "1";
  EXPECT_TRUE(refusedRules(spec).empty());
}

}  // namespace
}  // namespace drs
