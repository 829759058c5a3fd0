#include "api/encode_progress.h"

#include "api/encode_job.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace drs::api {
namespace {

using nlohmann::ordered_json;

/// `seconds`: −1 = not known, or of no interest.
ordered_json part(int percent, std::int64_t seconds = -1) {
  ordered_json out = {{"completed", fmt::format("{}%", percent)}};
  if (seconds >= 0) out["remaining_time"] = std::to_string(seconds);
  return out;
}

bool hasFullPhase(const JobProgress& progress) {
  return progress.taskType != "INCR_TRANS";
}

std::string_view objectStatus(const JobRecord& job, int percent) {
  if (percent >= 100) return "COMPLETED";
  if (job.fault) return "FAILED";
  return percent > 0 || job.copyStartedMillis != 0 ? "TRANSFERING" : "NOT_START";
}

ordered_json overview(const JobRecord& job, const char* type, std::int64_t all, std::int64_t done, int percent) {
  return {{"type", type},
          {"src_count", std::to_string(all)},
          {"dst_count", std::to_string(done)},
          {"status", objectStatus(job, percent)}};
}

/// "VIEW" and so on. What waits for the task's end has a status of its own.
ordered_json overview(const JobRecord& job, const JobProgress::Objects& objects) {
  std::string type(toText(objects.kind));
  std::transform(type.begin(), type.end(), type.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  const bool done = objects.done == objects.all;
  ordered_json out = overview(job, type.c_str(), objects.all, objects.done, done ? 100 : 0);
  if (!done && isCreatedAtEnd(objects.kind) && !job.fault) out["status"] = "TRANSFER_WHEN_END";
  return out;
}

std::string_view shardStatus(const JobProgress& progress, const JobProgress::Shard& shard) {
  using State = JobProgress::Shard::State;
  if (shard.state == State::waiting) return "WAITING_FOR_START";
  if (shard.state == State::copying) return "FULL_TRANSFER_STARTED";
  return progress.taskType == "FULL_TRANS" ? "FULL_TRANSFER_COMPLETE" : "INCRE_TRANSFER_STARTED";
}

/// The API has a place for sub-tasks that are jobs of their own alone (children of a list): a member of ours.
ordered_json encodeShards(const JobProgress& progress) {
  ordered_json out = ordered_json::array();
  for (const JobProgress::Shard& shard : progress.shards) {
    ordered_json& one = out.emplace_back(ordered_json{{"name", shard.name},
                                                      {"sub_task", std::to_string(shard.subTask + 1)},
                                                      {"transfer_status", shardStatus(progress, shard)},
                                                      {"progress", std::to_string(shard.percent)}});
    if (!shard.position.empty()) one["position"] = shard.position;
    if (shard.delayMillis) one["incr_trans_delay_millis"] = std::to_string(*shard.delayMillis);
    if (shard.unreceivedBytes) one["receive_lag_bytes"] = std::to_string(*shard.unreceivedBytes);
    if (shard.unappliedBytes) one["apply_lag_bytes"] = std::to_string(*shard.unappliedBytes);
  }
  return out;
}

void addTime(ordered_json& out, const char* name, UnixMillis millis) {
  if (millis != 0) out[name] = isoTime(millis);
}

}  // namespace

ordered_json encodeProgress(const JobRecord& job, const JobProgress& progress) {
  const std::int64_t millis = progress.delayMillis ? std::max<std::int64_t>(*progress.delayMillis, 0) : -1;
  const std::int64_t seconds = millis < 0 ? -1 : millis / 1000;
  const UnixMillis taken = std::max(progress.updateMillis, job.updateMillis);
  ordered_json out = {
      {"progress", std::to_string(progress.percent)},
      {"incr_trans_delay", std::to_string(seconds)},
      {"incr_trans_delay_millis", std::to_string(millis)},
      {"task_mode", progress.taskType},
      {"transfer_status", progress.status},
      {"process_time", isoTime(taken != 0 ? taken : job.createMillis)},
      {"remaining_time", std::to_string(progress.percent >= 100 ? 0 : progress.remainingSeconds)},
  };
  if (progress.rpoMillis) out["rpo_delay"] = std::to_string(*progress.rpoMillis / 1000);
  if (progress.rtoMillis) out["rto_delay"] = std::to_string(*progress.rtoMillis / 1000);
  ordered_json map = ordered_json::object();
  if (hasFullPhase(progress)) {
    map["struct"] = part(progress.structPercent);
    map["data"] = part(progress.dataPercent, progress.dataSeconds);
    map["index"] = part(progress.indexPercent, progress.indexSeconds);
  }
  out["progress_map"] = std::move(map);
  if (!progress.shards.empty()) out["shards"] = encodeShards(progress);
  return out;
}

ordered_json encodeMetrics(const JobRecord& job, const JobProgress& progress, UnixMillis now) {
  ordered_json out = {{"job_id", job.id}, {"time_stamp", isoTime(now)}};
  const bool copies = job.status == "FULL_TRANSFER_STARTED" && progress.dataPercent < 100;
  if (!copies) return out;
  out["network_incoming_bytes_rate"] = std::to_string(progress.rate.bytes);
  out["apply_rows_rate"] = std::to_string(progress.rate.rows);
  return out;
}

ordered_json encodeObjectProgress(const JobRecord& job, const JobProgress& progress) {
  ordered_json overviews = ordered_json::array();
  if (hasFullPhase(progress) && progress.tables > 0) {
    const auto whole = [&](int percent) { return percent >= 100 ? progress.tables : 0; };
    overviews.push_back(
        overview(job, "TABLE_STRUCTURE", progress.tables, whole(progress.structPercent), progress.structPercent));
    overviews.push_back(overview(job, "TABLE", progress.tables, progress.tablesDone, progress.dataPercent));
    overviews.push_back(overview(job, "TABLE_INDEX", progress.tables, progress.tablesIndexed, progress.indexPercent));
  }
  for (const JobProgress::Objects& objects : progress.objects) overviews.push_back(overview(job, objects));
  ordered_json out = {{"migration_object_overview", std::move(overviews)}, {"create_time", isoTime(job.createMillis)}};
  addTime(out, "full_start_time", job.copyStartedMillis);
  addTime(out, "full_complete_time", job.copyEndedMillis);
  addTime(out, "incr_start_time", job.streamStartedMillis);
  addTime(out, "end_time", job.endedMillis);
  return out;
}

}  // namespace drs::api
