#include "unit/model/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kId = "11111111-2222-3333-4444-555555555555";

/// As it lies in the store: endpoint ids given, secrets sealed.
JobSpec storedJob() {
  JobSpec spec = decodeJob(minimalJob(), "job").spec;
  spec.sourceEndpoint[0].endpoint.id = kId;
  spec.sourceEndpoint[0].ssl = SslConfig{true, std::nullopt, std::nullopt, Secret{"sealed-key", true}, std::nullopt};
  spec.sourceEndpoint[0].endpoint.dbPassword = Secret{"sealed-source", true};
  spec.targetEndpoint[0].endpoint.dbPassword = Secret{"sealed-target", true};
  return spec;
}

json sourceWithoutPassword() {
  json e = minimalJob()["source_endpoint"][0];
  e["endpoint"].erase("db_password");
  return e;
}

std::vector<std::string> update(JobSpec& spec, const json& params) {
  return summary(updateJob(spec, params, "jobs[0].params"));
}

TEST(UpdateJob, LeavesTheRestAsItWas) {
  JobSpec spec = storedJob();
  const JobSpec before = spec;
  EXPECT_THAT(update(spec, json::object()), IsEmpty());
  EXPECT_EQ(spec, before);
}

TEST(UpdateJob, ChangesSingleMembersOfBaseInfo) {
  JobSpec spec = storedJob();
  EXPECT_THAT(update(spec, {{"base_info", {{"description", "new"}, {"expired_days", 20}}}}), IsEmpty());
  EXPECT_EQ(spec.baseInfo.description, "new");
  EXPECT_EQ(spec.baseInfo.expiredDays, "20");
  EXPECT_EQ(spec.baseInfo.name, "orders-sync");
}

TEST(UpdateJob, ReplacesOtherBlocksAsAWhole) {
  JobSpec spec = storedJob();
  EXPECT_THAT(update(spec, {{"policy_config", {{"index_trans", false}}}}), IsEmpty());
  EXPECT_EQ(spec.policyConfig.indexTrans, false);
  EXPECT_FALSE(spec.policyConfig.conflictPolicy.has_value());
}

TEST(UpdateJob, ChecksTheResultAsAWhole) {
  JobSpec spec = storedJob();
  EXPECT_THAT(update(spec, {{"base_info", {{"job_type", "migration"}}}}),
              ElementsAre("DRS.M00305 jobs[0].params.policy_config.conflict_policy"));
  spec = storedJob();
  EXPECT_THAT(update(spec, {{"base_info", {{"charging_mode", "period"}}}}),
              ElementsAre("DRS.M00201 jobs[0].params.period_order"));
  spec = storedJob();
  EXPECT_THAT(update(spec, {{"db_object", {{"object_scope", "database"}}}}),
              ElementsAre("DRS.M00201 jobs[0].params.db_object.object_info"));
}

TEST(UpdateJob, RefusesWhatIsNoObject) {
  JobSpec spec = storedJob();
  EXPECT_THAT(update(spec, "all"), ElementsAre("DRS.M00007 jobs[0].params"));
}

TEST(UpdateJob, KeepsAPasswordThatIsLeftOut) {
  JobSpec spec = storedJob();
  EXPECT_THAT(update(spec, {{"source_endpoint", {sourceWithoutPassword()}}}), IsEmpty());
  EXPECT_EQ(spec.sourceEndpoint[0].endpoint.dbPassword, (Secret{"sealed-source", true}));
  EXPECT_EQ(spec.sourceEndpoint[0].endpoint.id, kId);
  EXPECT_FALSE(spec.sourceEndpoint[0].ssl.has_value()) << "the block was left out";
}

TEST(UpdateJob, KeepsSecretsOfTheEndpointThatIsNamed) {
  JobSpec spec = storedJob();
  json e = sourceWithoutPassword();
  e["endpoint"]["id"] = kId;
  e["ssl"] = {{"ssl_link", true}};
  EXPECT_THAT(update(spec, {{"source_endpoint", {e}}}), IsEmpty());
  EXPECT_EQ(spec.sourceEndpoint[0].ssl->sslCertKey, (Secret{"sealed-key", true}));
}

TEST(UpdateJob, AnUnknownEndpointHasNoStoredPassword) {
  JobSpec spec = storedJob();
  json e = sourceWithoutPassword();
  e["endpoint"]["id"] = "another";
  EXPECT_THAT(update(spec, {{"source_endpoint", {e}}}),
              ElementsAre("DRS.M00201 jobs[0].params.source_endpoint[0].endpoint.db_password"));
}

TEST(UpdateJob, SendsAStoredPasswordToNoOtherServer) {
  for (const char* member : {"ip", "db_port", "db_user", "instance_id"}) {
    JobSpec spec = storedJob();
    json e = sourceWithoutPassword();
    e["endpoint"][member] = "3999";
    EXPECT_THAT(update(spec, {{"source_endpoint", {e}}}),
                ElementsAre("DRS.M00201 jobs[0].params.source_endpoint[0].endpoint.db_password"))
        << member;
  }
  JobSpec spec = storedJob();
  json e = sourceWithoutPassword();
  e["customized_dns"] = {{"is_set_dns", true}, {"set_dns_action", "add"}, {"dns_ip", "192.0.2.53"}};
  EXPECT_THAT(update(spec, {{"source_endpoint", {e}}}),
              ElementsAre("DRS.M00201 jobs[0].params.source_endpoint[0].endpoint.db_password"));
}

TEST(UpdateJob, TakesANewPassword) {
  JobSpec spec = storedJob();
  json e = minimalJob()["source_endpoint"][0];
  e["endpoint"]["db_password"] = "new";
  EXPECT_THAT(update(spec, {{"source_endpoint", {e}}}), IsEmpty());
  EXPECT_EQ(spec.sourceEndpoint[0].endpoint.dbPassword, (Secret{"new", false}));
}

TEST(UpdateJob, KeepsPasswordsOfUsersByPlaceAndName) {
  JobSpec spec = storedJob();
  spec.userMigration = UserMigration{true,
                                     true,
                                     Secret{"sealed-common", true},
                                     {{MigratedUser{"1", "a", true, Secret{"sealed-a", true}}}},
                                     std::nullopt};
  const json users = {{"is_migrate_user", true},
                      {"is_set_password", true},
                      {"user_list", {{{"id", "1"}, {"account", "a"}}, {{"id", "2"}, {"account", "b"}}}}};
  EXPECT_THAT(update(spec, {{"user_migration", users}}),
              ElementsAre("DRS.M00201 jobs[0].params.user_migration.user_list[1].password"));
  EXPECT_EQ(spec.userMigration->password, (Secret{"sealed-common", true}));
  EXPECT_EQ(spec.userMigration->userList->at(0).password, (Secret{"sealed-a", true}));
}

TEST(UpdateJob, TakesTuningParametersAsMaps) {
  JobSpec spec = storedJob();
  const json tuning = {{"full_sync", {{"read_task_num", "4"}}},
                       {"incre_capture", json::object()},
                       {"incre_apply", {{"applier_thread_num", "8"}}},
                       {"recovery", true}};
  EXPECT_THAT(update(spec, {{"tuning_params", tuning}}), IsEmpty());
  const TuningParams& stored = *spec.tuningParams;
  EXPECT_EQ(stored.fullSync->at(0), (TuningParam{"read_task_num", "4", true}));
  EXPECT_EQ(stored.increApply->at(0), (TuningParam{"applier_thread_num", "8", true}));
  EXPECT_TRUE(stored.increCapture->empty());
  EXPECT_TRUE(stored.increRelay->empty());
  EXPECT_EQ(stored.recovery, true);
}

TEST(UpdateJob, TakesTuningParametersAsListsToo) {
  JobSpec spec = storedJob();
  const json list = json::array({{{"param_name", "read_task_num"}, {"param_value", "4"}, {"availability", false}}});
  EXPECT_THAT(update(spec, {{"tuning_params",
                             {{"full_sync", list},
                              {"incre_capture", json::array()},
                              {"incre_apply", json::array()},
                              {"incre_relay", json::array()}}}}),
              IsEmpty());
  EXPECT_EQ(spec.tuningParams->fullSync->at(0).availability, false);
}

TEST(UpdateJob, NamesWhatIsWrongWithAMapOfTuningParameters) {
  JobSpec spec = storedJob();
  EXPECT_THAT(
      update(spec, {{"tuning_params", {{"full_sync", {{"read_task_num", 4}}}, {"incre_apply", json::object()}}}}),
      ElementsAre("DRS.M00007 jobs[0].params.tuning_params.full_sync.read_task_num",
                  "DRS.M00201 jobs[0].params.tuning_params.incre_capture"));
}

}  // namespace
}  // namespace drs::test
