#include "model/spec_tables.h"
#include "model/text_rules.h"

// Tables 14 to 19: notification, speed, users and the policy; tables 26 to 35: parameters, order and node.

namespace drs {
namespace {

constexpr std::int64_t kMaxUsers = 10'000;
constexpr std::int64_t kMaxParameters = 256;
constexpr std::int64_t kLongestDelay = 3600;  // seconds

Rule delay() {
  return integer(0, kLongestDelay).defaultsTo("0");
}

}  // namespace

template <>
const Table<AlarmNotify>& tableOf<AlarmNotify>() {
  static const Table<AlarmNotify> table{
      "AlarmNotify",
      14,
      {
          field<&AlarmNotify::alarmToUser>("alarm_to_user", flag().required().stored("alarms are a later part")),
          field<&AlarmNotify::topicUrn>("topic_urn", text().stored()),
          field<&AlarmNotify::delayTime>("delay_time", delay().stored("seconds from source to target; 0 = none")),
          field<&AlarmNotify::rpoDelay>("rpo_delay", delay().stored("seconds, disaster recovery; 0 = none")),
          field<&AlarmNotify::rtoDelay>("rto_delay", delay().stored("seconds, disaster recovery; 0 = none")),
      }};
  return table;
}

template <>
const Table<SpeedWindow>& tableOf<SpeedWindow>() {
  static const Table<SpeedWindow> table{
      "SpeedWindow",
      15,
      {
          field<&SpeedWindow::begin>("begin",
                                     text(5, 5).shaped(kWindowBegin).required().stored("UTC; the minutes are ignored")),
          field<&SpeedWindow::end>("end", text(5, 5).shaped(kWindowEnd).required().stored("UTC; ends in 59")),
          field<&SpeedWindow::speed>("speed",
                                     numberText(1, 9999).required().stored("10^6 bytes of row data per second")),
      }};
  return table;
}

template <>
const Table<UserMigration>& tableOf<UserMigration>() {
  static const Table<UserMigration> table{
      "UserMigration",
      16,
      {
          field<&UserMigration::isMigrateUser>("is_migrate_user", flag().required().later()),
          field<&UserMigration::isSetPassword>("is_set_password",
                                               flag().required().later("one password for all users")),
          field<&UserMigration::password>("password", text(0, kShortText).later("write-only")),
          field<&UserMigration::userList>("user_list", elements(0, kMaxUsers).later()),
          field<&UserMigration::roleList>("role_list", elements(0, kMaxUsers).later()),
      }};
  return table;
}

template <>
const Table<MigratedUser>& tableOf<MigratedUser>() {
  static const Table<MigratedUser> table{
      "MigratedUser",
      17,
      {
          field<&MigratedUser::id>("id", text(1).required().later()),
          field<&MigratedUser::account>("account", text(1).required().later("MySQL: 'name'@'host'")),
          field<&MigratedUser::isSetPassword>("is_set_password", flag().later()),
          field<&MigratedUser::password>("password", text(0, kShortText).later("write-only")),
      }};
  return table;
}

template <>
const Table<MigratedRole>& tableOf<MigratedRole>() {
  static const Table<MigratedRole> table{
      "MigratedRole", 18, {field<&MigratedRole::role>("role", text(1).required().later())}};
  return table;
}

template <>
const Table<PolicyConfig>& tableOf<PolicyConfig>() {
  static const Table<PolicyConfig> table{
      "PolicyConfig",
      19,
      {
          field<&PolicyConfig::filterDdlPolicy>(
              "filter_ddl_policy",
              oneOf({"drop_database", ""})
                  .stored("absent: drop_database for sync, nothing for migration; schema changes are a later part")),
          field<&PolicyConfig::conflictPolicy>(
              "conflict_policy",
              oneOf({"ignore", "stop", "overwrite"}).defaultsTo("stop").enacted("sync only; in the incremental phase")),
          field<&PolicyConfig::indexTrans>("index_trans",
                                           flag().defaultsTo("true").enacted("false = only primary and unique keys")),
          field<&PolicyConfig::ddlTrans>("ddl_trans",
                                         flag().defaultsTo("true").later("schema changes in the incremental phase")),
          field<&PolicyConfig::dataSyncTopologyType>(
              "data_sync_topology_type", oneOf({"one2one", "one2many", "many2one"}).defaultsTo("one2one").enacted()),
          field<&PolicyConfig::supportDdlInfo>(
              "support_ddl_info", listOf({"CREATE_TABLE", "ADD_COLUMN", "MODIFY_COLUMN", "CHANGE_COLUMN", "DROP_INDEX",
                                          "ADD_INDEX", "CREATE_INDEX", "RENAME_INDEX"})
                                      .later("absent = every kind that the route supports")),
          field<&PolicyConfig::syncTypePolicy>("sync_type_policy",
                                               text(1).shaped(kSyncTypes).defaultsTo("supportAllType").later()),
          field<&PolicyConfig::incrementReadMode>("increment_read_mode",
                                                  oneOf({"logminer", "xstream"}).later("Oracle only")),
          field<&PolicyConfig::dmlTypes>("dml_types", text(1).shaped(kDmlTypes).later("i, u, d; absent = all")),
          field<&PolicyConfig::isCreateTableWithIndex>(
              "is_create_table_with_index",
              flag().defaultsTo("false").enacted("false = secondary indexes after the data")),
      }};
  return table;
}

template <>
const Table<DbParam>& tableOf<DbParam>() {
  static const Table<DbParam> table{
      "DbParam",
      26,
      {
          field<&DbParam::common>("common", elements(0, kMaxParameters).later()),
          field<&DbParam::performance>("performance", elements(0, kMaxParameters).later()),
      }};
  return table;
}

template <>
const Table<DbParamItem>& tableOf<DbParamItem>() {
  static const Table<DbParamItem> table{
      "DbParamItem",
      27,
      {
          field<&DbParamItem::key>(
              "key", oneOf({"binlog_cache_size", "binlog_stmt_cache_size", "bulk_insert_buffer_size",
                            "innodb_buffer_pool_size", "key_buffer_size", "long_query_time", "query_cache_type",
                            "read_buffer_size", "read_rnd_buffer_size", "sort_buffer_size", "sync_binlog",
                            "innodb_buffer_pool_instances"})
                         .required()
                         .later()),
          field<&DbParamItem::targetValue>("target_value", text(0, kLongText).required().later()),
      }};
  return table;
}

template <>
const Table<TuningParams>& tableOf<TuningParams>() {
  static const Table<TuningParams> table{
      "TuningParams",
      28,
      {
          field<&TuningParams::fullSync>("full_sync", elements(0, kMaxParameters).required().stored()),
          field<&TuningParams::increCapture>("incre_capture", elements(0, kMaxParameters).required().stored()),
          field<&TuningParams::increApply>("incre_apply", elements(0, kMaxParameters).required().stored()),
          field<&TuningParams::increRelay>("incre_relay", elements(0, kMaxParameters).required().stored()),
          field<&TuningParams::recovery>("recovery", flag().stored("only in updates")),
      }};
  return table;
}

template <>
const Table<TuningParam>& tableOf<TuningParam>() {
  static const Table<TuningParam> table{
      "TuningParam",
      29,
      {
          field<&TuningParam::paramName>("param_name", text(1).required().stored()),
          field<&TuningParam::paramValue>("param_value", text(0, kLongText).required().stored()),
          field<&TuningParam::availability>("availability", flag().required().stored()),
      }};
  return table;
}

template <>
const Table<PeriodOrder>& tableOf<PeriodOrder>() {
  static const Table<PeriodOrder> table{
      "PeriodOrder",
      30,
      {
          field<&PeriodOrder::periodType>("period_type", oneOfNumbers({2, 3}).required().stored("2 = month, 3 = year")),
          field<&PeriodOrder::periodNum>("period_num", integer(1, 9).required().stored()),
          field<&PeriodOrder::isAutoRenew>("is_auto_renew", oneOfNumbers({0, 1}).defaultsTo("0").stored()),
      }};
  return table;
}

template <>
const Table<NodeInfo>& tableOf<NodeInfo>() {
  static const Table<NodeInfo> table{
      "NodeInfo",
      31,
      {
          field<&NodeInfo::spec>("spec", object().required().placement()),
          field<&NodeInfo::vpc>("vpc", object().stored("mandatory for job_direction non-dbs")),
          field<&NodeInfo::baseInfo>("base_info", object().placement("mandatory for job_direction non-dbs")),
      }};
  return table;
}

template <>
const Table<NodeSpec>& tableOf<NodeSpec>() {
  static const Table<NodeSpec> table{
      "NodeSpec",
      32,
      {field<&NodeSpec::nodeType>("node_type", oneOf({"micro", "small", "medium", "high"}).required().stored())}};
  return table;
}

template <>
const Table<VpcPlace>& tableOf<VpcPlace>() {
  static const Table<VpcPlace> table{
      "NodeVpc",
      33,
      {
          field<&VpcPlace::vpcId>("vpc_id", text(1).required().stored()),
          field<&VpcPlace::subnetId>("subnet_id", text(1).required().stored()),
          field<&VpcPlace::customNodeIp>("custom_node_ip", text(0, kLongText).shaped(kIpv4List).stored()),
          field<&VpcPlace::securityGroupId>("security_group_id", text().stored()),
      }};
  return table;
}

template <>
const Table<NodeBaseInfo>& tableOf<NodeBaseInfo>() {
  static const Table<NodeBaseInfo> table{
      "NodeBaseInfo",
      34,
      {
          field<&NodeBaseInfo::instanceType>("instance_type", oneOf({"single", "ha"}).required().stored()),
          field<&NodeBaseInfo::arch>("arch", oneOf({"x86", "arm"}).required().stored()),
          field<&NodeBaseInfo::availabilityZone>("availability_zone",
                                                 text(1).required().stored("ha: one for each of the two nodes")),
          field<&NodeBaseInfo::status>("status", text().stored("informative")),
          field<&NodeBaseInfo::role>("role", text().stored("informative")),
      }};
  return table;
}

template <>
const Table<PublicIp>& tableOf<PublicIp>() {
  static const Table<PublicIp> table{"PublicIp",
                                     35,
                                     {
                                         field<&PublicIp::id>("id", text(1).required().stored()),
                                         field<&PublicIp::publicIp>("public_ip", text(1).required().stored()),
                                         field<&PublicIp::type>("type", oneOf({"master", "slave"}).required().stored()),
                                     }};
  return table;
}

}  // namespace drs
