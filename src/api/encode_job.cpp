#include "api/encode_job.h"

#include "model/job_spec_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace drs::api {
namespace {

using nlohmann::ordered_json;

/// A text as it was sent, or what the API documents for its absence.
std::string orElse(const std::optional<std::string>& value, std::string_view fallback) {
  return value.value_or(std::string(fallback));
}

bool isMultiAz(const JobSpec& spec) {
  return spec.nodeInfo.baseInfo && spec.nodeInfo.baseInfo->instanceType == "ha";
}

}  // namespace

std::string isoTime(UnixMillis millis) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(millis)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

ordered_json encodeActions(const JobActions& actions) {
  return {{"available_actions", actions.available},
          {"unavailable_actions", actions.unavailable},
          {"current_action", actions.current}};
}

ordered_json encodeJobListItem(const JobRecord& job, ordered_json actions) {
  const BaseInfo& base = job.spec->baseInfo;
  return {
      {"id", job.id},
      {"name", job.name},
      {"status", job.status},
      {"description", orElse(base.description, "")},
      {"create_time", isoTime(job.createMillis)},
      {"engine_type", orElse(base.engineType, "")},
      {"net_type", orElse(base.netType, "")},
      {"charging_mode", orElse(base.chargingMode, "on_demand")},
      {"billing_tag", false},  // nothing is billed here
      {"job_direction", orElse(base.jobDirection, "")},
      {"job_type", orElse(base.jobType, "")},
      {"task_type", orElse(base.taskType, "")},
      {"enterprise_project_id", orElse(base.enterpriseProjectId, "0")},
      {"job_mode", "single"},
      {"job_mode_role", "master"},
      {"is_multi_az", isMultiAz(*job.spec)},
      {"node_role", "master"},
      {"node_new_framework", true},
      {"job_action", std::move(actions)},
      {"children", ordered_json::array()},
  };
}

ordered_json encodeJobDetail(const JobRecord& job) {
  ordered_json out = {{"id", job.id}, {"status", job.status}, {"create_time", isoTime(job.createMillis)}};
  auto blocks = encodeJob(*job.spec, EncodeFor::answer);  // named: items() only refers to it
  for (auto& [name, block] : blocks.items()) out[name] = std::move(block);
  const std::string direction = orElse(job.spec->baseInfo.jobDirection, "");
  if (job.spec->baseInfo.jobType == "cloudDataGuard" && (direction == "up" || direction == "down"))
    out["job_kernel_direction"] = (direction == "up") != job.reversed ? "up" : "down";
  return out;
}

ordered_json encodeBatchJob(const JobRecord& job) {
  ordered_json out = encodeJobDetail(job);
  if (!job.networkResults.empty()) out["network_results"] = encodeNetworkResults(job.networkResults);
  if (job.precheck.process > 0 || !job.precheck.items.empty()) out["precheck_result"] = encodePrecheck(job.precheck);
  return out;
}

ordered_json encodeNetworkResults(std::span<const NetworkRow> rows) {
  ordered_json out = ordered_json::array();
  for (const NetworkRow& row : rows) {
    ordered_json one = {{"ip", row.ip}, {"success", row.success}, {"status", row.success ? "success" : "failed"}};
    if (!row.success) {
      one["error_code"] = row.errorCode;
      one["error_msg"] = row.errorMessage;
    }
    out.push_back(std::move(one));
  }
  return out;
}

ordered_json encodePrecheck(const PrecheckReport& report) {
  ordered_json items = ordered_json::array();
  for (const PrecheckRow& row : report.items) {
    ordered_json one = {{"item", row.item}, {"result", toText(row.result)}, {"group", row.group}};
    if (!row.reason.empty()) one["failed_reason"] = row.reason;
    if (!row.rawError.empty()) one["raw_error_msg"] = row.rawError;
    one["is_support_skip"] = row.skippable;
    one["is_skipped"] = row.skipped;
    items.push_back(std::move(one));
  }
  return {{"result", report.mayStart()},
          {"process", fmt::format("{}%", report.process)},
          {"total_passed_rate", fmt::format("{}%", report.passedPercent())},
          {"precheck_results", std::move(items)}};
}

ordered_json encodeLogs(std::span<const EventRecord> events) {
  ordered_json out = ordered_json::array();
  for (const EventRecord& event : events) {
    out.push_back({{"level", toText(event.level)}, {"message", event.message}, {"create_time", isoTime(event.millis)}});
  }
  return out;
}

}  // namespace drs::api
