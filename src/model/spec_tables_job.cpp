#include "model/spec_tables.h"
#include "model/text_rules.h"

// Tables 4 to 6: the job and its basic information. The contract calls every member of base_info optional; a job that
// leaves out its name, scenario, engine, direction, type or network cannot run, so these six are mandatory here.

namespace drs {

using enum Use;

template <>
const Table<JobSpec>& tableOf<JobSpec>() {
  static const Table<JobSpec> table{
      "Job",
      4,
      {
          field<&JobSpec::baseInfo>("base_info", object().required(), enacted),
          field<&JobSpec::sourceEndpoint>("source_endpoint", elements(1, 1).required(), enacted),
          field<&JobSpec::targetEndpoint>("target_endpoint", elements(1, 1).required(), enacted),
          field<&JobSpec::alarmNotify>("alarm_notify", object(), enacted, "alarms of delays, in the task's log"),
          field<&JobSpec::speedLimit>("speed_limit", elements(0, kMaxSpeedWindows), enacted,
                                      "absent or [] = unlimited, as is the time outside of every window; not for "
                                      "INCR_TRANS; the windows must not overlap"),
          field<&JobSpec::userMigration>("user_migration", object(), enacted),
          field<&JobSpec::policyConfig>("policy_config", object().required(), enacted, "{} is allowed"),
          field<&JobSpec::dbObject>("db_object", object().required().hidden(), enacted,
                                    "answered by the db-objects calls only"),
          field<&JobSpec::dbParam>("db_param", object(), enacted),
          field<&JobSpec::tuningParams>("tuning_params", object(), later),
          field<&JobSpec::periodOrder>("period_order", object(), stored, "mandatory for charging_mode period"),
          field<&JobSpec::nodeInfo>("node_info", object().required(), placement),
          field<&JobSpec::publicIpList>("public_ip_list", elements(0, 16), stored,
                                        "a host's addresses are not of the program's making"),
      }};
  return table;
}

template <>
const Table<BaseInfo>& tableOf<BaseInfo>() {
  static const Table<BaseInfo> table{
      "BaseInfo",
      5,
      {
          field<&BaseInfo::name>("name", text(4, 50).only(kNameLetters).required(), enacted,
                                 "compared without regard to case; unique in a batch and among the committed jobs of a "
                                 "project"),
          field<&BaseInfo::jobType>("job_type", oneOf({"migration", "sync", "cloudDataGuard"}).required(), enacted,
                                    "which of them an engine offers is checked with engine_type"),
          field<&BaseInfo::multiWrite>("multi_write", flag(), enacted,
                                       "mandatory for cloudDataGuard: true = dual-active, false = single-active; sync: "
                                       "true = part of a two-way group (docs/guides/two-way.md)"),
          field<&BaseInfo::engineType>(
              "engine_type",
              oneOf({"oracle-to-gaussdbv5", "redis-to-gaussredis", "rediscluster-to-gaussredis", "mysql-to-mysql"})
                  .required(),
              enacted, "mysql-to-mysql runs; the others are refused by the validation until their engine lands"),
          field<&BaseInfo::jobDirection>("job_direction", oneOf({"up", "down", "non-dbs"}).required(), stored,
                                         "must be part of a combination that GET …/links reports"),
          field<&BaseInfo::taskType>("task_type", oneOf({"FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS"}).required(),
                                     enacted),
          field<&BaseInfo::netType>("net_type", oneOf({"eip", "vpc", "vpn"}).required(), stored,
                                    "must be part of a combination that GET …/links reports; the host's routes decide"),
          field<&BaseInfo::chargingMode>("charging_mode", oneOf({"period", "on_demand"}).defaultsTo("on_demand"),
                                         stored, "nothing is billed"),
          field<&BaseInfo::enterpriseProjectId>("enterprise_project_id", text().defaultsTo("0"), enacted,
                                                "filters the list of jobs"),
          field<&BaseInfo::description>("description", text(0, 256).only(kDescriptionLetters), stored),
          field<&BaseInfo::startTime>("start_time", text(0, 13).shaped(kStartTime), enacted,
                                      "Unix time in milliseconds; absent, empty or past = at once"),
          field<&BaseInfo::expiredDays>("expired_days", numberText(14, 100).orNumber().defaultsTo("14"), enacted,
                                        "days after which an abnormal task ends by itself; kept and answered as text"),
          field<&BaseInfo::tags>("tags", elements(0, 20).whenLong(Msg::tooManyTags), stored),
          field<&BaseInfo::isOpenFastClean>("is_open_fast_clean", flag().defaultsTo("false"), enacted,
                                            "removes from the source's log what nobody needs any more"),
      }};
  return table;
}

template <>
const Table<Tag>& tableOf<Tag>() {
  static const Table<Tag> table{
      "Tag",
      6,
      {
          field<&Tag::key>("key", text(1, 36).only(kTagLetters).whenLong(Msg::tagTooLong), stored, "unique in the job"),
          field<&Tag::value>("value", text(0, 43).only(kTagLetters).whenLong(Msg::tagTooLong), stored),
      }};
  return table;
}

}  // namespace drs
