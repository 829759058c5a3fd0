#include "model/spec_tables.h"
#include "model/text_rules.h"

// Tables 14 to 19: notification, speed, users and the policy; tables 26 to 29: parameters.

namespace drs {

using enum Use;

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
          field<&AlarmNotify::alarmToUser>("alarm_to_user", flag().required(), enacted,
                                           "false: no alarms of the delays"),
          field<&AlarmNotify::topicUrn>("topic_urn", text(), stored,
                                        "alarms stand in the task's log and in the metric drs_jobs_delayed"),
          field<&AlarmNotify::delayTime>("delay_time", delay(), enacted,
                                         "seconds from source to target, exceeded for 6 minutes; 0 = none"),
          field<&AlarmNotify::rpoDelay>("rpo_delay", delay(), enacted,
                                        "disaster recovery: seconds from source to this service; 0 = none"),
          field<&AlarmNotify::rtoDelay>("rto_delay", delay(), enacted,
                                        "disaster recovery: seconds from this service to the target; 0 = none"),
      }};
  return table;
}

template <>
const Table<SpeedWindow>& tableOf<SpeedWindow>() {
  static const Table<SpeedWindow> table{
      "SpeedWindow",
      15,
      {
          field<&SpeedWindow::begin>("begin", text(5, 5).shaped(kWindowBegin).required(), enacted,
                                     "UTC; the minutes are ignored"),
          field<&SpeedWindow::end>("end", text(5, 5).shaped(kWindowEnd).required(), enacted,
                                   "UTC; an end before the begin is on the next day"),
          field<&SpeedWindow::speed>("speed", numberText(1, 9999).required(), enacted,
                                     "10^6 bytes of row data read per second, full phase"),
      }};
  return table;
}

template <>
const Table<UserMigration>& tableOf<UserMigration>() {
  static const Table<UserMigration> table{
      "UserMigration",
      16,
      {
          field<&UserMigration::isMigrateUser>("is_migrate_user", flag().required(), enacted, "not with INCR_TRANS"),
          field<&UserMigration::isSetPassword>("is_set_password", flag().required(), enacted,
                                               "true = one new password for all; asks for every password"),
          field<&UserMigration::password>("password", text(0, kShortText), enacted, "sealed, never answered"),
          field<&UserMigration::userList>("user_list", elements(0, kMaxUsers), enacted,
                                          "absent or empty = every account and role but those of the server"),
          field<&UserMigration::roleList>("role_list", elements(0, kMaxUsers), enacted, "with a user_list"),
      }};
  return table;
}

template <>
const Table<MigratedUser>& tableOf<MigratedUser>() {
  static const Table<MigratedUser> table{
      "MigratedUser",
      17,
      {
          field<&MigratedUser::id>("id", text(1).required(), stored),
          field<&MigratedUser::account>("account", text(1).required(), enacted, "of MySQL: 'name'@'host'"),
          field<&MigratedUser::isSetPassword>("is_set_password", flag(), enacted, "true asks for the password"),
          field<&MigratedUser::password>("password", text(0, kShortText), enacted, "sealed, never answered"),
      }};
  return table;
}

template <>
const Table<MigratedRole>& tableOf<MigratedRole>() {
  static const Table<MigratedRole> table{
      "MigratedRole", 18, {field<&MigratedRole::role>("role", text(1).required(), enacted)}};
  return table;
}

template <>
const Table<PolicyConfig>& tableOf<PolicyConfig>() {
  static const Table<PolicyConfig> table{
      "PolicyConfig",
      19,
      {
          field<&PolicyConfig::filterDdlPolicy>(
              "filter_ddl_policy", oneOf({"drop_database", ""}), enacted,
              "absent = drop_database for sync, none for migration; sync of MySQL: drop_database only. Not filtered, "
              "DROP DATABASE drops the task's tables in it"),
          field<&PolicyConfig::conflictPolicy>(
              "conflict_policy", oneOf({"ignore", "stop", "overwrite"}).defaultsTo("stop"), enacted,
              "sync only; in the incremental phase: ignore keeps the target's row, overwrite replaces it, stop ends in "
              "a fault"),
          field<&PolicyConfig::indexTrans>("index_trans", flag().defaultsTo("true"), enacted,
                                           "false = only primary and unique keys"),
          field<&PolicyConfig::ddlTrans>(
              "ddl_trans", flag().defaultsTo("true"), enacted,
              "false = schema changes stay at the source, but for those that support_ddl_info "
              "names"),
          field<&PolicyConfig::dataSyncTopologyType>("data_sync_topology_type",
                                                     oneOf({"one2one", "one2many", "many2one"}).defaultsTo("one2one"),
                                                     later, "except one2one"),
          field<&PolicyConfig::supportDdlInfo>(
              "support_ddl_info",
              listOf({"CREATE_TABLE", "ADD_COLUMN", "MODIFY_COLUMN", "CHANGE_COLUMN", "DROP_INDEX", "ADD_INDEX",
                      "CREATE_INDEX", "RENAME_INDEX"}),
              enacted, "absent = every kind that the route supports; kinds without a word follow ddl_trans"),
          field<&PolicyConfig::syncTypePolicy>("sync_type_policy",
                                               text(1).shaped(kSyncTypes).defaultsTo("supportAllType"), enacted,
                                               "constraintData = indexes that are not unique; without tableStructure "
                                               "the tables must be there and no other objects are copied; without "
                                               "tableData the task_type must be FULL_TRANS"),
          field<&PolicyConfig::incrementReadMode>("increment_read_mode", oneOf({"logminer", "xstream"}), stored,
                                                  "of Oracle sources only"),
          field<&PolicyConfig::dmlTypes>("dml_types", text(1).shaped(kDmlTypes), later,
                                         "except all of them: i INSERT, u UPDATE, d DELETE; absent = all"),
          field<&PolicyConfig::isCreateTableWithIndex>("is_create_table_with_index", flag().defaultsTo("false"),
                                                       enacted, "false = secondary indexes after the data"),
      }};
  return table;
}

template <>
const Table<DbParam>& tableOf<DbParam>() {
  static const Table<DbParam> table{
      "DbParam",
      26,
      {
          field<&DbParam::common>("common", elements(0, kMaxParameters), enacted,
                                  "only those that differ between the sides"),
          field<&DbParam::performance>("performance", elements(0, kMaxParameters), enacted),
      }};
  return table;
}

template <>
const Table<DbParamItem>& tableOf<DbParamItem>() {
  static const Table<DbParamItem> table{
      "DbParamItem",
      27,
      {
          field<&DbParamItem::key>("key",
                                   oneOf({"binlog_cache_size", "binlog_stmt_cache_size", "bulk_insert_buffer_size",
                                          "innodb_buffer_pool_size", "key_buffer_size", "long_query_time",
                                          "query_cache_type", "read_buffer_size", "read_rnd_buffer_size",
                                          "sort_buffer_size", "sync_binlog", "innodb_buffer_pool_instances"})
                                       .required(),
                                   enacted),
          field<&DbParamItem::targetValue>("target_value", text(0, kLongText).required(), enacted,
                                           "a plain number; query_cache_type also ON, OFF, DEMAND"),
      }};
  return table;
}

template <>
const Table<TuningParams>& tableOf<TuningParams>() {
  static const Table<TuningParams> table{
      "TuningParams",
      28,
      {
          field<&TuningParams::fullSync>("full_sync", elements(0, kMaxParameters).required(), later),
          field<&TuningParams::increCapture>("incre_capture", elements(0, kMaxParameters).required(), later),
          field<&TuningParams::increApply>("incre_apply", elements(0, kMaxParameters).required(), later),
          field<&TuningParams::increRelay>("incre_relay", elements(0, kMaxParameters).required(), later),
          field<&TuningParams::recovery>("recovery", flag(), stored,
                                         "of updates, where the four are maps from name to value"),
      }};
  return table;
}

template <>
const Table<TuningParam>& tableOf<TuningParam>() {
  static const Table<TuningParam> table{
      "TuningParam",
      29,
      {
          field<&TuningParam::paramName>(
              "param_name", text(1).required(), later,
              "except applier_thread_num, read_task_num, shard_task_num, increment_writer_num, "
              "read_log_num and deal_hot_table are taken, without effect"),
          field<&TuningParam::paramValue>("param_value", text(0, kLongText).required(), stored),
          field<&TuningParam::availability>("availability", flag().required(), stored),
      }};
  return table;
}

}  // namespace drs
