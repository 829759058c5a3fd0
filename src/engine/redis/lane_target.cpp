#include "engine/redis/lane_target.h"

#include <utility>

namespace drs::redis {

std::unique_ptr<TargetWriter> takeOverTarget(const EngineJob& job, const LaneContext& context,
                                             const ConnectOptions& target, const Scope& scope,
                                             const std::vector<SlotRange>* clusterSlots, const std::stop_token& stop) {
  TargetWriter::Options options;
  options.target = target;
  options.jobId = job.id;
  options.lane = context.lane.number;
  options.fence = context.fence;
  options.databases = scope.targets();
  options.answerTimeout = std::chrono::seconds(job.limits.networkTimeoutSeconds);
  if (clusterSlots != nullptr) {
    options.cluster = [&job](const ClusterMap* known, const std::stop_token& token) {
      return readTargetMap(job, known, token);
    };
    options.slots = *clusterSlots;
  }
  return TargetWriter::takeOver(std::move(options), stop);
}

}  // namespace drs::redis
