#include "unit/model/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Each field's own rule at its limits: what is just allowed, and what is just not.

namespace drs::test {
namespace {

using testing::ElementsAreArray;

class FieldRules : public testing::TestWithParam<Case> {};

TEST_P(FieldRules, NamesThePathAndTheCode) {
  EXPECT_THAT(summary(problemsAfter(GetParam().patch)), ElementsAreArray(GetParam().problems));
}

INSTANTIATE_TEST_SUITE_P(
    BaseInfo, FieldRules,
    testing::Values(
        Case{
            "the six that a job needs",
            R"({"base_info":{"name":null,"job_type":null,"engine_type":null,"job_direction":null,"task_type":null,"net_type":null}})",
            {"DRS.M00201 job.base_info.name", "DRS.M00201 job.base_info.job_type",
             "DRS.M00201 job.base_info.engine_type", "DRS.M00201 job.base_info.job_direction",
             "DRS.M00201 job.base_info.task_type", "DRS.M00201 job.base_info.net_type"}},
        Case{"name of 4", R"({"base_info":{"name":"a-_9"}})", {}},
        Case{"name of 3", R"({"base_info":{"name":"abc"}})", {"DRS.M00202 job.base_info.name"}},
        Case{"name of 50", R"({"base_info":{"name":"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"}})", {}},
        Case{"name of 51",
             R"({"base_info":{"name":"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef"}})",
             {"DRS.M00202 job.base_info.name"}},
        Case{"name with a space", R"({"base_info":{"name":"a b c"}})", {"DRS.M00273 job.base_info.name"}},
        Case{"name with an umlaut", R"({"base_info":{"name":"größe"}})", {"DRS.M00273 job.base_info.name"}},
        Case{"empty name", R"({"base_info":{"name":""}})", {"DRS.M00201 job.base_info.name"}},
        Case{"engine of the contract",
             R"({"base_info":{"engine_type":"mysql-to-postgresql"}})",
             {"DRS.M00202 job.base_info.engine_type"}},
        Case{"job type", R"({"base_info":{"job_type":"Sync"}})", {"DRS.M00202 job.base_info.job_type"}},
        Case{"direction", R"({"base_info":{"job_direction":"sideways"}})", {"DRS.M00202 job.base_info.job_direction"}},
        Case{"task type", R"({"base_info":{"task_type":""}})", {"DRS.M00201 job.base_info.task_type"}},
        Case{"network", R"({"base_info":{"net_type":"lan"}})", {"DRS.M00202 job.base_info.net_type"}},
        Case{"charging", R"({"base_info":{"charging_mode":"free"}})", {"DRS.M00202 job.base_info.charging_mode"}},
        Case{"description without markup",
             R"({"base_info":{"description":"a<b"}})",
             {"DRS.M00273 job.base_info.description"}},
        Case{"description with a line break", R"({"base_info":{"description":"a\nb"}})", {}},
        Case{"start at a time", R"({"base_info":{"start_time":"1684466549755"}})", {}},
        Case{"start at once", R"({"base_info":{"start_time":""}})", {}},
        Case{"start in seconds",
             R"({"base_info":{"start_time":"1684466549"}})",
             {"DRS.M00202 job.base_info.start_time"}},
        Case{"start as a number",
             R"({"base_info":{"start_time":1684466549755}})",
             {"DRS.M00007 job.base_info.start_time"}},
        Case{"expires after 14 as text", R"({"base_info":{"expired_days":"14"}})", {}},
        Case{"expires after 100 as a number", R"({"base_info":{"expired_days":100}})", {}},
        Case{"expires after 13", R"({"base_info":{"expired_days":"13"}})", {"DRS.M00202 job.base_info.expired_days"}},
        Case{"expires after 101", R"({"base_info":{"expired_days":101}})", {"DRS.M00202 job.base_info.expired_days"}},
        Case{"expires after 14.5", R"({"base_info":{"expired_days":14.5}})", {"DRS.M00007 job.base_info.expired_days"}},
        Case{"expires after 020", R"({"base_info":{"expired_days":"020"}})", {"DRS.M00202 job.base_info.expired_days"}},
        Case{"boolean as text",
             R"({"base_info":{"is_open_fast_clean":"true"}})",
             {"DRS.M00007 job.base_info.is_open_fast_clean"}},
        Case{"tag of any script", R"({"base_info":{"tags":[{"key":"größe_你好","value":"a b.c:d/e=f+g-h@i"}]}})", {}},
        Case{"tag with another sign",
             R"({"base_info":{"tags":[{"key":"a*b","value":"→"}]}})",
             {"DRS.M00273 job.base_info.tags[0].key", "DRS.M00273 job.base_info.tags[0].value"}},
        Case{"empty tag key",
             R"({"base_info":{"tags":[{"key":"","value":""}]}})",
             {"DRS.M00202 job.base_info.tags[0].key"}},
        Case{"tag key of 37",
             R"({"base_info":{"tags":[{"key":"aaaaaaaaaabbbbbbbbbbccccccccccddddddd"}]}})",
             {"DRS.M00270 job.base_info.tags[0].key"}},
        Case{"tag value of 43 characters, not bytes",
             R"({"base_info":{"tags":[{"key":"a","value":"ääääääääääääääääääääääääääääääääääääääääääa"}]}})",
             {}},
        Case{"tag value of 44",
             R"({"base_info":{"tags":[{"key":"a","value":"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee"}]}})",
             {"DRS.M00270 job.base_info.tags[0].value"}},
        Case{"21 tags",
             R"({"base_info":{"tags":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}})",
             {"DRS.M00271 job.base_info.tags"}},
        Case{
            "20 tags", R"({"base_info":{"tags":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}})", {}}));

INSTANTIATE_TEST_SUITE_P(
    Settings, FieldRules,
    testing::Values(
        Case{"alarm_to_user is mandatory",
             R"({"alarm_notify":{"delay_time":60}})",
             {"DRS.M00201 job.alarm_notify.alarm_to_user"}},
        Case{"delays at their limits",
             R"({"alarm_notify":{"alarm_to_user":false,"delay_time":0,"rpo_delay":3600,"rto_delay":1}})",
             {}},
        Case{
            "delays beyond",
            R"({"alarm_notify":{"alarm_to_user":false,"delay_time":-1,"rpo_delay":3601,"rto_delay":18446744073709551615}})",
            {"DRS.M00202 job.alarm_notify.delay_time", "DRS.M00202 job.alarm_notify.rpo_delay",
             "DRS.M00202 job.alarm_notify.rto_delay"}},
        Case{"delay as text",
             R"({"alarm_notify":{"alarm_to_user":false,"delay_time":"60"}})",
             {"DRS.M00007 job.alarm_notify.delay_time"}},
        Case{"delay with a fraction",
             R"({"alarm_notify":{"alarm_to_user":false,"delay_time":60.0}})",
             {"DRS.M00007 job.alarm_notify.delay_time"}},
        Case{"speed as a number",
             R"({"speed_limit":[{"begin":"00:00","end":"01:59","speed":10}]})",
             {"DRS.M00007 job.speed_limit[0].speed"}},
        Case{
            "speed 0 and 10000",
            R"({"speed_limit":[{"begin":"00:00","end":"01:59","speed":"0"},{"begin":"02:00","end":"03:59","speed":"10000"}]})",
            {"DRS.M00202 job.speed_limit[0].speed", "DRS.M00202 job.speed_limit[1].speed"}},
        Case{
            "times without a place on the clock",
            R"({"speed_limit":[{"begin":"24:00","end":"01:58","speed":"1"},{"begin":"1:00","end":"25:59","speed":"1"}]})",
            {"DRS.M00202 job.speed_limit[0].begin", "DRS.M00202 job.speed_limit[0].end",
             "DRS.M00202 job.speed_limit[1].begin", "DRS.M00202 job.speed_limit[1].end"}},
        Case{"window without members",
             R"({"speed_limit":[{}]})",
             {"DRS.M00201 job.speed_limit[0].begin", "DRS.M00201 job.speed_limit[0].end",
              "DRS.M00201 job.speed_limit[0].speed"}},
        Case{"users without members",
             R"({"user_migration":{"user_list":[{}],"role_list":[{}]}})",
             {"DRS.M00201 job.user_migration.is_migrate_user", "DRS.M00201 job.user_migration.is_set_password",
              "DRS.M00201 job.user_migration.user_list[0].id", "DRS.M00201 job.user_migration.user_list[0].account",
              "DRS.M00201 job.user_migration.role_list[0].role"}},
        Case{"parameters",
             R"({"db_param":{"common":[{"key":"max_connections","target_value":"1"}],"performance":[{}]}})",
             {"DRS.M00202 job.db_param.common[0].key", "DRS.M00201 job.db_param.performance[0].key",
              "DRS.M00201 job.db_param.performance[0].target_value"}},
        Case{"tuning has four lists",
             R"({"tuning_params":{"full_sync":[]}})",
             {"DRS.M00201 job.tuning_params.incre_capture", "DRS.M00201 job.tuning_params.incre_apply",
              "DRS.M00201 job.tuning_params.incre_relay"}},
        Case{"an empty tuning element",
             R"({"tuning_params":{"full_sync":[{}],"incre_capture":[],"incre_apply":[],"incre_relay":[]}})",
             {"DRS.M00201 job.tuning_params.full_sync[0].param_name",
              "DRS.M00201 job.tuning_params.full_sync[0].param_value",
              "DRS.M00201 job.tuning_params.full_sync[0].availability"}},
        Case{"period",
             R"({"period_order":{"period_type":1,"period_num":0,"is_auto_renew":2}})",
             {"DRS.M00202 job.period_order.period_type", "DRS.M00202 job.period_order.period_num",
              "DRS.M00202 job.period_order.is_auto_renew"}},
        Case{"empty period",
             R"({"period_order":{}})",
             {"DRS.M00201 job.period_order.period_type", "DRS.M00201 job.period_order.period_num"}},
        Case{
            "node",
            R"({"node_info":{"spec":{"node_type":"huge"},"vpc":{"custom_node_ip":"10.0.0.1,10.0.0.256"},"base_info":{"instance_type":"dual","arch":"mips"}}})",
            {"DRS.M00202 job.node_info.spec.node_type", "DRS.M00202 job.node_info.vpc.custom_node_ip",
             "DRS.M00202 job.node_info.base_info.instance_type", "DRS.M00202 job.node_info.base_info.arch"}},
        Case{
            "node without members",
            R"({"node_info":{"spec":{"node_type":null},"vpc":{"vpc_id":null,"subnet_id":""},"base_info":{"instance_type":null,"arch":null,"availability_zone":null}}})",
            {"DRS.M00201 job.node_info.spec.node_type", "DRS.M00201 job.node_info.vpc.vpc_id",
             "DRS.M00201 job.node_info.vpc.subnet_id", "DRS.M00201 job.node_info.base_info.instance_type",
             "DRS.M00201 job.node_info.base_info.arch", "DRS.M00201 job.node_info.base_info.availability_zone"}},
        Case{"no spec", R"({"node_info":{"spec":null}})", {"DRS.M00201 job.node_info.spec"}},
        Case{"public address",
             R"({"public_ip_list":[{"type":"other"}]})",
             {"DRS.M00201 job.public_ip_list[0].id", "DRS.M00201 job.public_ip_list[0].public_ip",
              "DRS.M00202 job.public_ip_list[0].type"}}));

INSTANTIATE_TEST_SUITE_P(
    Policy, FieldRules,
    testing::Values(
        Case{"may be empty",
             R"({"policy_config":{"filter_ddl_policy":null,"conflict_policy":null,"ddl_trans":null}})",
             {}},
        Case{"must be there", R"({"policy_config":null})", {"DRS.M00201 job.policy_config"}},
        Case{
            "enumerations",
            R"({"policy_config":{"filter_ddl_policy":"drop_table","conflict_policy":"","data_sync_topology_type":"many2many"}})",
            {"DRS.M00202 job.policy_config.filter_ddl_policy", "DRS.M00202 job.policy_config.conflict_policy",
             "DRS.M00202 job.policy_config.data_sync_topology_type"}},
        Case{
            "kinds of schema change",
            R"({"policy_config":{"support_ddl_info":"CREATE_TABLE,ADD_COLUMN,MODIFY_COLUMN,CHANGE_COLUMN,DROP_INDEX,ADD_INDEX,CREATE_INDEX,RENAME_INDEX"}})",
            {}},
        Case{"an unknown kind",
             R"({"policy_config":{"support_ddl_info":"CREATE_TABLE,DROP_TABLE"}})",
             {"DRS.M00202 job.policy_config.support_ddl_info"}},
        Case{"a kind twice",
             R"({"policy_config":{"support_ddl_info":"ADD_INDEX,ADD_INDEX"}})",
             {"DRS.M00202 job.policy_config.support_ddl_info"}},
        Case{"no kind",
             R"({"policy_config":{"support_ddl_info":""}})",
             {"DRS.M00202 job.policy_config.support_ddl_info"}},
        Case{"all types", R"({"policy_config":{"sync_type_policy":"supportAllType"}})", {}},
        Case{"some types", R"({"policy_config":{"sync_type_policy":"tableData,constraintData"}})", {}},
        Case{"all types and more",
             R"({"policy_config":{"sync_type_policy":"supportAllType,tableData"}})",
             {"DRS.M00202 job.policy_config.sync_type_policy"}},
        Case{"operations in any case", R"({"policy_config":{"dml_types":"i,U,d"}})", {}},
        Case{"no operation", R"({"policy_config":{"dml_types":""}})", {"DRS.M00202 job.policy_config.dml_types"}},
        Case{"operation twice", R"({"policy_config":{"dml_types":"i,I"}})", {"DRS.M00202 job.policy_config.dml_types"}},
        Case{"operations without commas",
             R"({"policy_config":{"dml_types":"iud"}})",
             {"DRS.M00202 job.policy_config.dml_types"}}));

INSTANTIATE_TEST_SUITE_P(
    Selection, FieldRules,
    testing::Values(
        Case{"scope", R"({"db_object":{"object_scope":"schema"}})", {"DRS.M00202 job.db_object.object_scope"}},
        Case{"no scope", R"({"db_object":{"object_scope":null}})", {"DRS.M00201 job.db_object.object_scope"}},
        Case{
            "kinds of object",
            R"({"db_object":{"object_info":{"shop":{"tables":{"v":{"type":"view"},"p":{"type":"procedure"},"t":{"type":"trigger"}}}}}})",
            {"DRS.M00202 job.db_object.object_info.shop.tables.t.type"}},
        Case{"sync_type",
             R"({"db_object":{"object_info":{"shop":{"sync_type":"lookup"}}}})",
             {"DRS.M00202 job.db_object.object_info.shop.sync_type"}},
        Case{"conditions",
             R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"filter_conditions":["id > 1",7]}}}}}})",
             {"DRS.M00007 job.db_object.object_info.shop.tables.orders.filter_conditions[1]"}},
        Case{
            "a column's flags",
            R"({"db_object":{"object_info":{"shop":{"tables":{"orders":{"columns":{"c":{"primary_key_for_column_filtering":"UNI","operation_type":"now"}}}}}}}})",
            {"DRS.M00202 job.db_object.object_info.shop.tables.orders.columns.c.primary_key_for_column_filtering",
             "DRS.M00202 job.db_object.object_info.shop.tables.orders.columns.c.operation_type"}},
        Case{"a nameless table",
             R"({"db_object":{"object_info":{"shop":{"tables":{"":{}}}}}})",
             {R"(DRS.M00202 job.db_object.object_info.shop.tables[""])"}},
        Case{"an array for a map",
             R"({"db_object":{"object_info":["shop"]}})",
             {"DRS.M00007 job.db_object.object_info"}},
        Case{"text for an object",
             R"({"db_object":{"object_info":{"shop":{"tables":{"orders":"all"}}}}})",
             {"DRS.M00007 job.db_object.object_info.shop.tables.orders"}}));

// --- fields of endpoints -------------------------------------------------------------------------------------------

std::vector<std::string> endpointProblems(const std::string& patch) {
  return summary(decodeJob(jobWithEndpoints(patch, "{}"), "job").problems);
}

TEST(EndpointFields, KeepTheirRules) {
  const std::string at = " job.source_endpoint[0].";
  const auto one = [&](const std::string& patch, const std::string& code, const std::string& path) {
    EXPECT_THAT(endpointProblems(patch), ElementsAreArray({code + at + path})) << patch;
  };
  one(R"({"db_type":"mariadb"})", "DRS.M00202", "db_type");
  one(R"({"endpoint_type":"onsite"})", "DRS.M00202", "endpoint_type");
  one(R"({"endpoint_role":"source"})", "DRS.M00202", "endpoint_role");
  one(R"({"endpoint":null})", "DRS.M00201", "endpoint");
  one(R"({"endpoint":{"endpoint_name":"maria"}})", "DRS.M00202", "endpoint.endpoint_name");
  one(R"({"endpoint":{"db_port":"65536"}})", "DRS.M00202", "endpoint.db_port");
  one(R"({"endpoint":{"db_port":"0"}})", "DRS.M00202", "endpoint.db_port");
  one(R"({"endpoint":{"db_port":3306}})", "DRS.M00007", "endpoint.db_port");
  one(R"({"endpoint":{"ip":"10.0.0.5, 10.0.0.6"}})", "DRS.M00202", "endpoint.ip");
  one(R"({"endpoint":{"ip":"10.0.0.5:99999"}})", "DRS.M00202", "endpoint.ip");
  one(R"({"endpoint":{"db_password":12345678}})", "DRS.M00007", "endpoint.db_password");
  one(R"({"config":{"node_num":17}})", "DRS.M00202", "config.node_num");
  one(R"({"ssl":{"ssl_cert_key":"-----BEGIN CERTIFICATE-----"}})", "DRS.M00202", "ssl.ssl_cert_key");
  one(R"({"ssl":{"ssl_cert_check_sum":"abc"}})", "DRS.M00202", "ssl.ssl_cert_check_sum");
  one(R"({"ssl":{"ssl_link":1}})", "DRS.M00007", "ssl.ssl_link");
  one(R"({"customized_dns":{"is_set_dns":true,"set_dns_action":"drop","dns_ip":""}})", "DRS.M00202",
      "customized_dns.set_dns_action");
  one(R"({"customized_dns":{"is_set_dns":true,"set_dns_action":"add","dns_ip":"2001:db8:0:1::53"}})", "DRS.M00202",
      "customized_dns.dns_ip");
  one(R"({"customized_dns":{"is_set_dns":true,"set_dns_action":"add","dns_ip":"300.1.1.1"}})", "DRS.M00202",
      "customized_dns.dns_ip");
  EXPECT_THAT(
      endpointProblems(R"({"cloud":{},"vpc":{},"customized_dns":{}})"),
      ElementsAreArray(
          {"DRS.M00201" + at + "cloud.region", "DRS.M00201" + at + "cloud.project_id", "DRS.M00201" + at + "vpc.vpc_id",
           "DRS.M00201" + at + "vpc.subnet_id", "DRS.M00201" + at + "customized_dns.is_set_dns",
           "DRS.M00201" + at + "customized_dns.set_dns_action", "DRS.M00201" + at + "customized_dns.dns_ip"}));
  EXPECT_THAT(
      endpointProblems(
          R"({"ssl":{"ssl_link":true,"ssl_cert_key":"QUJD\r\nRA==\n","ssl_cert_check_sum":""},"vpc":{"vpc_id":"v","subnet_id":"s"}})"),
      testing::IsEmpty());
}

}  // namespace
}  // namespace drs::test
