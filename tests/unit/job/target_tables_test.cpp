#include "job/target_tables.h"

#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs {
namespace {

using ::testing::ElementsAre;
using testing::specOf;

JobSpec withTables(const std::string& database, const std::map<std::string, std::string>& tables) {
  JobSpec spec = specOf("x", "FULL_TRANS", database);
  spec.dbObject.objectScope = "table";
  DatabaseObject& object = spec.dbObject.objectInfo->at("shop");
  object.all = false;
  object.tables.emplace();
  for (const auto& [from, to] : tables) {
    TableObject table;
    table.type = "table";
    table.name = to;
    table.all = true;
    object.tables->emplace(from, table);
  }
  return spec;
}

JobSpec at(JobSpec spec, const std::string& ip, const std::string& port = "3306") {
  spec.targetEndpoint[0].endpoint.ip = ip;
  spec.targetEndpoint[0].endpoint.dbPort = port;
  return spec;
}

TEST(TargetTables, KeysNameEveryAddressAndTable) {
  const JobSpec spec = at(specOf("x"), "DB1:3307,localhost", "3308");
  EXPECT_THAT(targetKeys(spec, {}, {{0, "shop", "a", "Copy", "A", 0, 0, 0, 0, 0, 0}}),
              ElementsAre("127.0.0.1:3308/copy.a", "db1:3307/copy.a"));
  EXPECT_EQ(tableOfKey("db1:3307/copy.a"), "copy.a");
}

TEST(TargetTables, InstancesAreLookedUp) {
  JobSpec spec = specOf("x");
  spec.targetEndpoint[0].endpoint.ip.reset();
  spec.targetEndpoint[0].endpoint.dbPort.reset();
  spec.targetEndpoint[0].endpoint.instanceId = "inst-1";
  const std::vector<TableRecord> tables = {{0, "s", "a", "t", "a", 0, 0, 0, 0, 0, 0}};
  EXPECT_THAT(targetKeys(spec, {{"inst-1", {"inst-1", "mysql", "db9", "r", 3310}}}, tables),
              ElementsAre("db9:3310/t.a"));
  EXPECT_TRUE(targetKeys(spec, {}, tables).empty());
}

TEST(TargetTables, WholeDatabasesMeetTheirTables) {
  const JobSpec whole = specOf("x", "FULL_TRANS", "copy");
  EXPECT_EQ(commonTarget(whole, withTables("copy", {{"a", "b"}}), {}), "copy.b");
  EXPECT_EQ(commonTarget(withTables("copy", {{"a", "b"}}), whole, {}), "copy.b");
  EXPECT_EQ(commonTarget(whole, specOf("y", "FULL_TRANS", "COPY"), {}), "copy.*");
  EXPECT_EQ(commonTarget(whole, specOf("y", "FULL_TRANS", "other"), {}), std::nullopt);
  EXPECT_EQ(commonTarget(withTables("copy", {{"a", "b"}}), withTables("copy", {{"c", "B"}}), {}), "copy.b");
  EXPECT_EQ(commonTarget(withTables("copy", {{"a", "b"}}), withTables("copy", {{"a", "c"}}), {}), std::nullopt);
}

TEST(TargetTables, OnlyOnOneServerTheyMeet) {
  const JobSpec a = specOf("x");
  EXPECT_TRUE(commonTarget(at(a, "db1"), at(a, "DB1"), {}));
  EXPECT_TRUE(commonTarget(at(a, "127.0.0.1"), at(a, "localhost"), {}));
  EXPECT_TRUE(commonTarget(at(a, "db1,db2"), at(a, "db2:3306", "9999"), {}));
  EXPECT_FALSE(commonTarget(at(a, "db1"), at(a, "db1", "3307"), {}));
  EXPECT_FALSE(commonTarget(at(a, "db1"), at(a, "db2"), {}));
}

TEST(TargetTables, EverythingShowsOnlyWhenItIsPlanned) {
  JobSpec all = specOf("x");
  all.dbObject.objectScope = "all";
  all.dbObject.objectInfo.reset();
  EXPECT_EQ(commonTarget(all, specOf("y"), {}), std::nullopt);
}

TEST(TargetTables, AreSharedOnlyIfBothSaySo) {
  JobSpec many = specOf("x");
  many.policyConfig.dataSyncTopologyType = "many2one";
  EXPECT_TRUE(mayShareTarget(many, many));
  EXPECT_FALSE(mayShareTarget(many, specOf("y")));
  EXPECT_FALSE(mayShareTarget(specOf("y"), specOf("y")));
}

}  // namespace
}  // namespace drs
