#include "unit/model/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Each cross-field rule once kept and once broken, in the order of the checklist.

namespace drs::test {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

class CrossRules : public testing::TestWithParam<Case> {};

TEST_P(CrossRules, NamesThePathAndTheCode) {
  EXPECT_THAT(summary(problemsAfter(GetParam().patch)), ElementsAreArray(GetParam().problems));
}

INSTANTIATE_TEST_SUITE_P(
    DisasterRecovery, CrossRules,
    testing::Values(
        Case{"multi_write is needed",
             R"({"base_info":{"job_type":"cloudDataGuard","net_type":"vpn"}})",
             {"DRS.M00201 job.base_info.multi_write"}},
        Case{"dual-active", R"({"base_info":{"job_type":"cloudDataGuard","net_type":"eip","multi_write":true}})", {}},
        Case{"not through a VPC",
             R"({"base_info":{"job_type":"cloudDataGuard","multi_write":true}})",
             {"DRS.M00202 job.base_info.net_type"}},
        Case{
            "single-active only full and incremental",
            R"({"base_info":{"job_type":"cloudDataGuard","net_type":"vpn","multi_write":false,"task_type":"FULL_TRANS"}})",
            {"DRS.M00202 job.base_info.task_type"}},
        Case{"single-active standby says that the target is read-only",
             R"({"base_info":{"job_type":"cloudDataGuard","net_type":"vpn","multi_write":false,"job_direction":"up"}})",
             {"DRS.M00201 job.target_endpoint[0].config.is_target_readonly"}}));

INSTANTIATE_TEST_SUITE_P(
    Policy, CrossRules,
    testing::Values(
        Case{"no conflict policy for migration",
             R"({"base_info":{"job_type":"migration"}})",
             {"DRS.M00305 job.policy_config.conflict_policy"}},
        Case{"migration without it",
             R"({"base_info":{"job_type":"migration"},"policy_config":{"conflict_policy":null}})",
             {}},
        Case{"sync filters DROP DATABASE",
             R"({"policy_config":{"filter_ddl_policy":""}})",
             {"DRS.M00202 job.policy_config.filter_ddl_policy"}},
        Case{
            "migration need not",
            R"({"base_info":{"job_type":"migration"},"policy_config":{"conflict_policy":null,"filter_ddl_policy":""}})",
            {}},
        Case{"read mode is Oracle's",
             R"({"policy_config":{"increment_read_mode":"xstream"}})",
             {"DRS.M00305 job.policy_config.increment_read_mode"}}));

INSTANTIATE_TEST_SUITE_P(
    Selection, CrossRules,
    testing::Values(
        Case{"scope all lists nothing",
             R"({"db_object":{"object_scope":"all"}})",
             {"DRS.M00305 job.db_object.object_info"}},
        Case{"scope all", R"({"db_object":{"object_scope":"all","object_info":null}})", {}},
        Case{"scope all with an empty map", R"({"db_object":{"object_scope":"all","object_info":{"shop":null}}})", {}},
        Case{"scope table lists something",
             R"({"db_object":{"object_info":null}})",
             {"DRS.M00201 job.db_object.object_info"}},
        Case{"scope database lists something",
             R"({"db_object":{"object_scope":"database","object_info":{"shop":null}}})",
             {"DRS.M00201 job.db_object.object_info"}},
        Case{"scope database means whole databases",
             R"({"db_object":{"object_scope":"database","object_info":{"shop":{"all":null,"tables":null}}}})",
             {}},
        Case{"all false lists tables",
             R"({"db_object":{"object_scope":"database","object_info":{"shop":{"tables":null}}}})",
             {"DRS.M00201 job.db_object.object_info.shop.tables"}},
        Case{"scope table without all lists tables",
             R"({"db_object":{"object_info":{"shop":{"all":null,"tables":null}}}})",
             {"DRS.M00201 job.db_object.object_info.shop.tables"}},
        Case{"scope table with a whole database",
             R"({"db_object":{"object_info":{"shop":{"all":true,"tables":null}}}})",
             {}},
        Case{"schemas in place of tables",
             R"({"db_object":{"object_info":{"shop":{"tables":null,"schemas":{"s":{"tables":{"t":{}}}}}}}})",
             {}},
        Case{"all false of a schema lists tables",
             R"({"db_object":{"object_info":{"shop":{"tables":null,"schemas":{"s":{"all":false}}}}}})",
             {"DRS.M00201 job.db_object.object_info.shop.schemas.s.tables"}},
        Case{"all false of a table lists columns",
             R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"all":false}}}}}})",
             {"DRS.M00201 job.db_object.object_info.shop.tables.orders.columns"}},
        Case{
            "and finds them",
            R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"all":false,"columns":{"id":{"filtered":true}}}}}}}})",
            {}},
        Case{"a looked-up table has a condition",
             R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"sync_type":"config"}}}}}})",
             {"DRS.M00201 job.db_object.object_info.shop.tables.orders.config_conditions"}},
        Case{
            "columns only for sync",
            R"({"base_info":{"job_type":"migration"},"policy_config":{"conflict_policy":null},"db_object":{"object_info":{"shop":{"tables":{"orders":{"columns":{"id":{"filtered":true}}}}}}}})",
            {"DRS.M00305 job.db_object.object_info.shop.tables.orders.columns"}},
        Case{"an odd name in the path",
             R"({"db_object":{"object_info":{"shop":{"tables":{"a.\"b":{"all":false}}}}}})",
             {R"(DRS.M00201 job.db_object.object_info.shop.tables["a.\"b"].columns)"}}));

std::string additional(const std::string& column) {
  return R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"columns":{"added":)" + column + "}}}}}}}";
}

TEST(AdditionalColumn, KeepsItsRules) {
  const std::string at = "job.db_object.object_info.shop.tables.orders.columns.added";
  const auto problems = [](const std::string& column) { return summary(problemsAfter(additional(column))); };
  EXPECT_THAT(problems(R"({"additional":true,"operation_type":"ADDITIONALCOLUMN,create_time","type":"datetime"})"),
              IsEmpty());
  EXPECT_THAT(
      problems(
          R"({"additional":true,"operation_type":"ADDITIONALCOLUMN,default_value","type":"int","value":"7","name":"added"})"),
      IsEmpty());
  EXPECT_THAT(problems(R"({"additional":true,"operation_type":"ADDITIONALCOLUMN,default_value","type":"int"})"),
              ElementsAreArray({"DRS.M00201 " + at + ".value"}));
  EXPECT_THAT(problems(R"({"additional":true,"operation_type":"ADDITIONALCOLUMN,create_time","type":"int"})"),
              ElementsAreArray({"DRS.M00202 " + at + ".type"}));
  EXPECT_THAT(problems(R"({"additional":true,"operation_type":"ADDITIONALCOLUMN,create_time"})"),
              ElementsAreArray({"DRS.M00201 " + at + ".type"}));
  EXPECT_THAT(problems(R"({"additional":true,"type":"int"})"),
              ElementsAreArray({"DRS.M00201 " + at + ".operation_type"}));
  EXPECT_THAT(
      problems(
          R"j({"additional":true,"filtered":true,"operation_type":"ADDITIONALCOLUMN,expression","type":"varchar(256)"})j"),
      ElementsAreArray({"DRS.M00305 " + at + ".filtered"}));
  EXPECT_THAT(
      problems(
          R"j({"additional":true,"name":"other","operation_type":"ADDITIONALCOLUMN,expression","type":"varchar(256)"})j"),
      ElementsAreArray({"DRS.M00202 " + at + ".name"}));
}

INSTANTIATE_TEST_SUITE_P(
    Speed, CrossRules,
    testing::Values(
        Case{"unlimited", R"({"speed_limit":[]})", {}},
        Case{"a whole day across midnight", R"({"speed_limit":[{"begin":"16:00","end":"15:59","speed":"10"}]})", {}},
        Case{
            "three neighbours",
            R"({"speed_limit":[{"begin":"00:00","end":"07:59","speed":"1"},{"begin":"08:00","end":"15:59","speed":"2"},{"begin":"16:00","end":"23:59","speed":"9999"}]})",
            {}},
        Case{"a fourth window", R"({"speed_limit":[{},{},{},{}]})", {"DRS.M00202 job.speed_limit"}},
        Case{
            "overlap",
            R"({"speed_limit":[{"begin":"00:00","end":"07:59","speed":"1"},{"begin":"07:30","end":"08:59","speed":"2"}]})",
            {"DRS.M00305 job.speed_limit[1]"}},
        Case{
            "overlap across midnight",
            R"({"speed_limit":[{"begin":"22:00","end":"02:59","speed":"1"},{"begin":"01:00","end":"01:59","speed":"2"}]})",
            {"DRS.M00305 job.speed_limit[1]"}},
        Case{"equal times",
             R"({"speed_limit":[{"begin":"07:59","end":"07:59","speed":"1"}]})",
             {"DRS.M00306 job.speed_limit[0]"}},
        Case{"no full phase",
             R"({"base_info":{"task_type":"INCR_TRANS"},"speed_limit":[{"begin":"00:00","end":"07:59","speed":"1"}]})",
             {"DRS.M00403 job.speed_limit"}},
        Case{"no full phase, no window", R"({"base_info":{"task_type":"INCR_TRANS"},"speed_limit":[]})", {}}));

INSTANTIATE_TEST_SUITE_P(
    Users, CrossRules,
    testing::Values(
        Case{
            "no new passwords",
            R"({"user_migration":{"is_migrate_user":true,"is_set_password":false,"user_list":[{"id":"1","account":"'a'@'%'"}]}})",
            {}},
        Case{"a common password",
             R"({"user_migration":{"is_migrate_user":true,"is_set_password":true}})",
             {"DRS.M00201 job.user_migration.password"}},
        Case{"an empty common password",
             R"({"user_migration":{"is_migrate_user":true,"is_set_password":true,"password":""}})",
             {"DRS.M00201 job.user_migration.password"}},
        Case{
            "a password of one user",
            R"({"user_migration":{"is_migrate_user":true,"is_set_password":false,"user_list":[{"id":"1","account":"a","is_set_password":true}]}})",
            {"DRS.M00201 job.user_migration.user_list[0].password"}}));

INSTANTIATE_TEST_SUITE_P(
    Node, CrossRules,
    testing::Values(
        Case{"self-built names the place of its node",
             R"({"node_info":{"vpc":null,"base_info":null}})",
             {"DRS.M00201 job.node_info.vpc", "DRS.M00201 job.node_info.base_info"}},
        Case{"into the cloud need not",
             R"({"base_info":{"job_direction":"up"},"node_info":{"vpc":null,"base_info":null}})",
             {}},
        Case{"two zones for ha",
             R"({"node_info":{"base_info":{"instance_type":"ha"}}})",
             {"DRS.M00202 job.node_info.base_info.availability_zone"}},
        Case{"ha", R"({"node_info":{"base_info":{"instance_type":"ha","availability_zone":"az-1,az-2"}}})", {}},
        Case{"an empty zone",
             R"({"node_info":{"base_info":{"instance_type":"ha","availability_zone":"az-1,"}}})",
             {"DRS.M00202 job.node_info.base_info.availability_zone"}},
        Case{"one zone for single",
             R"({"node_info":{"base_info":{"availability_zone":"az-1,az-2"}}})",
             {"DRS.M00202 job.node_info.base_info.availability_zone"}},
        Case{"a period has an order", R"({"base_info":{"charging_mode":"period"}})", {"DRS.M00201 job.period_order"}},
        Case{"period",
             R"({"base_info":{"charging_mode":"period"},"period_order":{"period_type":2,"period_num":1}})",
             {}},
        Case{"a second address only for ha",
             R"({"public_ip_list":[{"id":"e","public_ip":"192.0.2.1","type":"slave"}]})",
             {"DRS.M00202 job.public_ip_list[0].type"}},
        Case{"an address", R"({"public_ip_list":[{"id":"e","public_ip":"******","type":"master"}]})", {}},
        Case{"tag keys differ",
             R"({"base_info":{"tags":[{"key":"a","value":"1"},{"key":"b"},{"key":"a","value":"2"}]}})",
             {"DRS.M00269 job.base_info.tags[2].key"}}));

// --- endpoints -----------------------------------------------------------------------------------------------------

std::vector<std::string> endpointProblems(const std::string& source, const std::string& target = "{}",
                                          const std::string& patch = "{}") {
  return summary(decodeJob(jobWithEndpoints(source, target, patch), "job").problems);
}

TEST(EndpointRules, TheRoleFitsTheArray) {
  EXPECT_THAT(endpointProblems(R"({"endpoint_role":"ta"})"),
              ElementsAreArray({"DRS.M00202 job.source_endpoint[0].endpoint_role"}));
  EXPECT_THAT(endpointProblems("{}", R"({"endpoint_role":"so"})"),
              ElementsAreArray({"DRS.M00202 job.target_endpoint[0].endpoint_role"}));
}

TEST(EndpointRules, ManagedAndCloudServersHaveAPlace) {
  const std::string place = R"("cloud":{"region":"r","project_id":"p"})";
  EXPECT_THAT(endpointProblems(R"({"endpoint_type":"ecs","endpoint":{"endpoint_name":"ecs_mysql"}})"),
              ElementsAreArray({"DRS.M00201 job.source_endpoint[0].cloud"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint_type":"ecs","endpoint":{"endpoint_name":"ecs_mysql"},)" + place + "}"),
              IsEmpty());
  EXPECT_THAT(
      endpointProblems(R"({"endpoint_type":"cloud","endpoint":{"endpoint_name":"cloud_mysql","instance_id":"i"}})"),
      ElementsAreArray({"DRS.M00201 job.source_endpoint[0].cloud"}));
}

TEST(EndpointRules, TheScenarioNameFitsPlaceAndDatabase) {
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"endpoint_name":"ecs_mysql"}})"),
              ElementsAreArray({"DRS.M00202 job.source_endpoint[0].endpoint.endpoint_name"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"endpoint_name":"redis"}})"),
              ElementsAreArray({"DRS.M00202 job.source_endpoint[0].endpoint.endpoint_name"}));
}

TEST(EndpointRules, ThereIsAWayToTheServer) {
  const std::string at = "DRS.M00201 job.source_endpoint[0].endpoint.";
  const std::string managed =
      R"({"endpoint_type":"cloud","cloud":{"region":"r","project_id":"p"},"endpoint":{"endpoint_name":"cloud_mysql")";
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"ip":null}})"), ElementsAreArray({at + "ip"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"ip":""}})"), ElementsAreArray({at + "ip"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_port":null}})"), ElementsAreArray({at + "db_port"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"ip":"sentinel://m@a:1"}})"),
              ElementsAreArray({"DRS.M00202 job.source_endpoint[0].endpoint.ip"}))
      << "Sentinels watch over Redis only";
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_port":null,"ip":"a:3306,b"}})"), ElementsAreArray({at + "db_port"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_port":null,"ip":"a:3306,[::1]:3307"}})"), IsEmpty());
  EXPECT_THAT(endpointProblems(managed + R"(,"ip":null,"db_port":null}})"), ElementsAreArray({at + "instance_id"}));
  EXPECT_THAT(endpointProblems(managed + R"(,"ip":null,"db_port":null,"instance_id":"i"}})"), IsEmpty());
  EXPECT_THAT(endpointProblems(managed + R"(,"instance_id":"i"}})"), IsEmpty()) << "ip may stand beside it";
}

TEST(EndpointRules, OnlyRedisLogsInWithoutUserAndPassword) {
  const std::string at = "DRS.M00201 job.source_endpoint[0].endpoint.";
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_user":""}})"), ElementsAreArray({at + "db_user"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_password":""}})"), ElementsAreArray({at + "db_password"}));
  EXPECT_THAT(endpointProblems(R"({"endpoint":{"db_user":null,"db_password":null}})"),
              ElementsAreArray({at + "db_user", at + "db_password"}));
}

TEST(EndpointRules, APkcs12FileHasAPassword) {
  EXPECT_THAT(endpointProblems(R"({"ssl":{"ssl_cert_name":"CA.P12"}})"),
              ElementsAreArray({"DRS.M00201 job.source_endpoint[0].ssl.ssl_cert_password"}));
  EXPECT_THAT(endpointProblems(R"({"ssl":{"ssl_cert_name":"ca.p12","ssl_cert_password":"x"}})"), IsEmpty());
  EXPECT_THAT(endpointProblems(R"({"ssl":{"ssl_cert_name":"p12"}})"), IsEmpty());
}

// --- engines -------------------------------------------------------------------------------------------------------

struct Route {
  const char *source, *target, *base;
  std::vector<std::string> problems;
};

std::vector<std::string> routeProblems(const Route& route) {
  return endpointProblems(
      route.source, route.target,
      std::string(R"({"policy_config":{"conflict_policy":null,"filter_ddl_policy":null},)") +
          R"("db_object":{"object_scope":"all","object_info":null,"target_root_db":{"db_name":"d"}},"base_info":)" +
          route.base + "}");
}

constexpr const char* kRedis =
    R"({"db_type":"redis","endpoint":{"endpoint_name":"redis","db_user":"","db_password":""}})";
constexpr const char* kCluster =
    R"({"db_type":"rediscluster","endpoint":{"endpoint_name":"rediscluster","ip":"a:1,b:2","db_port":null}})";
constexpr const char* kGemini =
    R"({"db_type":"gaussredis","endpoint_type":"cloud","cloud":{"region":"r","project_id":"p"},"endpoint":{"endpoint_name":"cloud_gaussdb_redis","instance_id":"i"}})";
constexpr const char* kOracle = R"({"db_type":"oracle","endpoint":{"endpoint_name":"oracle"}})";
constexpr const char* kPostgres = R"({"db_type":"postgresql","endpoint":{"endpoint_name":"postgresql"}})";

TEST(EngineRules, TakesEachRouteWithItsScenario) {
  for (const Route& route : {
           Route{"{}", "{}", R"({"job_type":"migration"})", {}},
           Route{kRedis, kGemini, R"({"engine_type":"redis-to-gaussredis","job_type":"migration"})", {}},
           Route{kRedis, kRedis, R"({"engine_type":"redis-to-gaussredis","job_type":"migration"})", {}},
           Route{kCluster, kGemini, R"({"engine_type":"rediscluster-to-gaussredis","job_type":"migration"})", {}},
           Route{kOracle, kPostgres, R"({"engine_type":"oracle-to-gaussdbv5","job_type":"sync"})", {}},
           Route{kRedis,
                 kGemini,
                 R"({"engine_type":"redis-to-gaussredis","job_type":"sync"})",
                 {"DRS.M00202 job.base_info.job_type"}},
           Route{kOracle,
                 kPostgres,
                 R"({"engine_type":"oracle-to-gaussdbv5","job_type":"migration"})",
                 {"DRS.M00202 job.base_info.job_type"}},
           Route{kOracle, "{}", "{}", {"DRS.M00202 job.source_endpoint[0].db_type"}},
           Route{kOracle,
                 kGemini,
                 R"({"engine_type":"oracle-to-gaussdbv5"})",
                 {"DRS.M00202 job.target_endpoint[0].db_type"}},
       }) {
    EXPECT_THAT(routeProblems(route), ElementsAreArray(route.problems)) << route.source << route.target << route.base;
  }
}

TEST(EngineRules, ADatabaseThatIsOnlySelfBuiltIsNotManaged) {
  const Route managedRedis{
      R"({"db_type":"redis","endpoint_type":"cloud","cloud":{"region":"r","project_id":"p"},"endpoint":{"endpoint_name":"redis","instance_id":"i"}})",
      kGemini,
      R"({"engine_type":"redis-to-gaussredis","job_type":"migration"})",
      {}};
  EXPECT_THAT(routeProblems(managedRedis), ElementsAreArray({"DRS.M00202 job.source_endpoint[0].endpoint_type"}));
}

TEST(EngineRules, OracleNamesTheRootDatabaseOfItsTarget) {
  const std::string patch =
      R"({"base_info":{"engine_type":"oracle-to-gaussdbv5"},"policy_config":{"filter_ddl_policy":null},"db_object":{"target_root_db":{"db_encoding":"utf8"}}})";
  EXPECT_THAT(endpointProblems(kOracle, kPostgres, patch),
              ElementsAreArray({"DRS.M00201 job.db_object.target_root_db.db_name"}));
}

TEST(EngineRules, NodeNumberIsOfTheRedisClusterRoute) {
  EXPECT_THAT(endpointProblems(R"({"config":{"node_num":2}})"),
              ElementsAreArray({"DRS.M00305 job.source_endpoint[0].config.node_num"}));
  EXPECT_THAT(endpointProblems(R"({"config":{"node_num":0}})"), IsEmpty());
  const Route cluster{
      kCluster,
      R"({"db_type":"gaussredis","endpoint_type":"cloud","cloud":{"region":"r","project_id":"p"},"config":{"node_num":16},"endpoint":{"endpoint_name":"cloud_gaussdb_redis","instance_id":"i"}})",
      R"({"engine_type":"rediscluster-to-gaussredis","job_type":"migration"})",
      {}};
  EXPECT_THAT(routeProblems(cluster), IsEmpty());
}

}  // namespace
}  // namespace drs::test
