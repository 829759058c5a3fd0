#include "transform/table_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace drs {
namespace {

/// One table of one database, nothing special asked for.
JobSpec plain() {
  JobSpec spec;
  spec.dbObject.objectScope = "table";
  spec.dbObject.objectInfo.emplace();
  DatabaseObject& database = (*spec.dbObject.objectInfo)["shop"];
  database.tables.emplace();
  TableObject& table = (*database.tables)["orders"];
  table.type = "table";
  table.all = true;
  spec.sourceEndpoint.emplace_back();
  return spec;
}

DatabaseObject& shop(JobSpec& spec) {
  return spec.dbObject.objectInfo->at("shop");
}
TableObject& orders(JobSpec& spec) {
  return shop(spec).tables->at("orders");
}

std::vector<std::string> pathsOf(const JobSpec& spec) {
  std::vector<std::string> out;
  for (const Refusal& refusal : refusedRules(spec)) out.push_back(refusal.path);
  return out;
}

struct Case {
  const char* path;
  std::function<void(JobSpec&)> ask;
};

constexpr const char* kTable = "db_object.object_info.shop.tables.orders";

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {".filter_conditions", [](JobSpec& s) { orders(s).filterConditions = {{"id > 5"}}; }},
      {".filter_conditions", [](JobSpec& s) { orders(s).filtered = true; }},
      {".config_conditions", [](JobSpec& s) { orders(s).configConditions = {{"a.id = b.id"}}; }},
      {".columns", [](JobSpec& s) { orders(s).columns = {{"id", ColumnObject{}}}; }},
      {".all", [](JobSpec& s) { orders(s).all = false; }},
      {".type", [](JobSpec& s) { orders(s).type = "sequence"; }},
      {".name",
       [](JobSpec& s) {
         orders(s).type = "view";
         orders(s).name = "another";
       }},
      {".name",
       [](JobSpec& s) {
         orders(s).type = "procedure";
         orders(s).name = "another";
       }},
      {".sync_type", [](JobSpec& s) { orders(s).syncType = "config"; }},
      {".db_alias_name", [](JobSpec& s) { orders(s).dbAliasName = "b"; }},
      {".schema_alias_name", [](JobSpec& s) { orders(s).schemaAliasName = "b"; }},
      {"db_object.object_info.shop.sync_type", [](JobSpec& s) { shop(s).syncType = "config"; }},
      {"db_object.object_info.shop.schemas", [](JobSpec& s) { shop(s).schemas = {{"public", SchemaObject{}}}; }},
      {"db_object.object_info.shop.tables", [](JobSpec& s) { shop(s).tables.reset(); }},
      {"policy_config.dml_types", [](JobSpec& s) { s.policyConfig.dmlTypes = "i,u"; }},
      {"policy_config.data_sync_topology_type", [](JobSpec& s) { s.policyConfig.dataSyncTopologyType = "many2one"; }},
      {"policy_config.data_sync_topology_type", [](JobSpec& s) { s.policyConfig.dataSyncTopologyType = "one2many"; }},
      {"policy_config.sync_type_policy",
       [](JobSpec& s) { s.policyConfig.syncTypePolicy = "tableStructure,constraintData"; }},
      {"base_info.multi_write",
       [](JobSpec& s) {
         s.baseInfo.jobType = "migration";
         s.baseInfo.multiWrite = true;
       }},
      {"db_object.object_info.shop.name",
       [](JobSpec& s) {
         s.baseInfo.jobType = "cloudDataGuard";
         s.baseInfo.multiWrite = false;
         shop(s).name = "other";
       }},
      {"source_endpoint[0].endpoint.source_sharding",
       [](JobSpec& s) { s.sourceEndpoint[0].endpoint.sourceSharding.emplace().emplace_back(); }},
      {"user_migration.is_migrate_user",
       [](JobSpec& s) {
         s.baseInfo.taskType = "INCR_TRANS";
         s.userMigration.emplace().isMigrateUser = true;
       }},
      {"user_migration.is_migrate_user",
       [](JobSpec& s) {
         s.policyConfig.syncTypePolicy = "tableData";
         s.userMigration.emplace().isMigrateUser = true;
       }},
      {"tuning_params.incre_apply[0].param_name",
       [](JobSpec& s) { s.tuningParams.emplace().increApply.emplace().emplace_back().paramName = "skip_failed_ddl"; }},
  };
  return all;
}

TEST(RefusedRules, APlainSelectionIsNotRefused) {
  EXPECT_TRUE(refusedRules(plain()).empty());
}

TEST(RefusedRules, EveryRuleThatIsNotEnactedIsNamedByItsPath) {
  for (const Case& item : cases()) {
    JobSpec spec = plain();
    item.ask(spec);
    const std::string path = item.path[0] == '.' ? std::string(kTable) + item.path : item.path;
    const auto found = pathsOf(spec);
    EXPECT_EQ(found, std::vector<std::string>{path});
  }
}

TEST(RefusedRules, AllOfThemAreFoundInOnePass) {
  JobSpec spec = plain();
  for (const Case& item : cases()) {
    if (std::string(item.path) != "db_object.object_info.shop.tables") item.ask(spec);
  }
  EXPECT_GE(refusedRules(spec).size(), 14U);
}

TEST(RefusedRules, WhatDoesNotChangeTheTargetIsAccepted) {
  JobSpec spec = plain();
  orders(spec).filtered = false;
  orders(spec).filterConditions.emplace();
  orders(spec).name = "orders_2";
  shop(spec).name = "shop_2";
  shop(spec).all = false;
  spec.dbObject.targetRootDb = TargetRootDb{"root", "utf8"};
  PolicyConfig& policy = spec.policyConfig;
  policy.dmlTypes = "I, u,D";
  policy.dataSyncTopologyType = "one2one";
  policy.syncTypePolicy = "tableData,tableStructure";
  policy.ddlTrans = false;
  policy.indexTrans = false;
  policy.filterDdlPolicy = "drop_database";
  policy.supportDdlInfo = "ADD_COLUMN";
  policy.isCreateTableWithIndex = true;
  spec.userMigration.emplace().isMigrateUser = true;
  spec.dbParam.emplace().common.emplace().emplace_back();
  spec.tuningParams.emplace().fullSync.emplace().emplace_back().paramName = "read_task_num";
  EXPECT_TRUE(refusedRules(spec).empty());
}

TEST(RefusedRules, AReasonSaysWhatItIsAbout) {
  JobSpec spec = plain();
  orders(spec).type = "sequence";
  EXPECT_EQ(refusedRules(spec).at(0).reason, "Copying a sequence is not supported by this version");
}

TEST(RefusedRules, ViewsAndProceduresMayBeListed) {
  for (const char* type : {"view", "procedure"}) {
    JobSpec spec = plain();
    orders(spec).type = type;
    orders(spec).name = "orders";
    EXPECT_TRUE(refusedRules(spec).empty()) << type;
  }
}

}  // namespace
}  // namespace drs
