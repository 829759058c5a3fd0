#include "job/in_force.h"

#include <string_view>
#include <utility>

namespace drs {
namespace {

constexpr std::string_view kSource = "source_endpoint", kTarget = "target_endpoint";

void exchange(JobSpec& spec) {
  std::swap(spec.sourceEndpoint, spec.targetEndpoint);
  for (EndpointInfo& info : spec.sourceEndpoint) info.endpointRole = "so";
  for (EndpointInfo& info : spec.targetEndpoint) info.endpointRole = "ta";
  spec.baseInfo.taskType = "INCR_TRANS";
  spec.dbParam.reset();  // of the side that was the target at first
}

std::string exchanged(const std::string& path) {
  if (path.starts_with(kSource)) return std::string(kTarget) + path.substr(kSource.size());
  if (path.starts_with(kTarget)) return std::string(kSource) + path.substr(kTarget.size());
  return path;
}

}  // namespace

bool isSingleActive(const JobSpec& spec) {
  return spec.baseInfo.jobType == "cloudDataGuard" && !spec.baseInfo.multiWrite.value_or(false);
}

std::string taskTypeInForce(const JobRecord& job) {
  if (isSingleActive(*job.spec) && !job.startPosition.empty()) return "INCR_TRANS";
  return job.spec->baseInfo.taskType.value_or("FULL_INCR_TRANS");
}

JobSpec specInForce(const JobRecord& job) {
  JobSpec spec = *job.spec;
  if (job.reversed) exchange(spec);
  spec.baseInfo.taskType = taskTypeInForce(job);
  return spec;
}

EngineJob reversed(EngineJob job) {
  exchange(job.spec);
  job.startPosition.reset();  // a place in the other log
  if (job.open)
    job.open = [open = std::move(job.open)](const Secret& secret, const std::string& path) {
      return open(secret, exchanged(path));
    };
  return job;
}

}  // namespace drs
