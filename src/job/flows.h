#pragma once

#include "base/clock.h"
#include "job/pace.h"
#include "job/task_body.h"
#include "model/job_spec.h"
#include "pipeline/throttle.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace drs {

/// What all copies of a job on this node share.
struct Flow {
  explicit Flow(const Clock& clock) : throttle(clock), pace(clock), usedAt(clock.steady()) {}
  Throttle throttle;
  Pace pace;
  std::chrono::steady_clock::time_point usedAt;  ///< the last copy began; of Flows
};

/// Keeps each job's flow for some minutes after its last copy, so that it goes on from one piece to the next. Threads:
/// any.
class Flows {
 public:
  /// The job's flow, with the speed limits of `spec`.
  [[nodiscard]] std::shared_ptr<Flow> get(const std::string& jobId, const JobSpec& spec);

 private:
  const Clock clock_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Flow>> flows_;
};

/// Keeps a flow's speed limit as the user sets it while the copy runs. Threads: any.
class SpeedWatch {
 public:
  SpeedWatch(const TaskContext& context, Flow& flow) : context_(context), flow_(flow) {}
  /// Reads the speed limit anew if the last time is some seconds ago.
  void refresh();

 private:
  const TaskContext& context_;
  Flow& flow_;
  std::mutex mutex_;  ///< guards refreshedAt_
  std::chrono::steady_clock::time_point refreshedAt_ = std::chrono::steady_clock::now();
};

}  // namespace drs
