#include "job/left_spools.h"

#include "engine/spool_remains.h"
#include "job/lane_record.h"

#include <algorithm>

namespace drs {
namespace {

bool runsElsewhere(const TaskRecord& task, const std::string& lane, const std::string& owner, UnixMillis now) {
  return task.kind == TaskKind::lane && task.state == TaskState::running && task.owner != owner &&
         task.leaseUntil > now && std::to_string(decodeLane(task.payload).lane.number) == lane;
}

}  // namespace

void removeLeftSpools(const StoreView& view, const std::string& dataFolder, const std::string& owner, const Log& log) {
  const UnixMillis now = view.now();
  const auto isNeeded = [&](const std::string& jobId, const std::string& lane) {
    const auto job = view.job(jobId);
    if (!job || job->phase == Phase::ended || job->phase == Phase::deleted) return false;
    const auto running = view.runningTasks(jobId);
    return std::ranges::none_of(running, [&](const TaskRecord& task) { return runsElsewhere(task, lane, owner, now); });
  };
  for (const std::string& folder : removeSpoolRemains(dataFolder + "/spool", isNeeded))
    log.info("removed what a task that is over has left: {}", folder);
}

}  // namespace drs
