#pragma once

#include "pipeline/lane.h"
#include "store/records.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drs {

/// What a lane task keeps in its payload.
struct StoredLane {
  Lane lane;
  bool loaded = false;        ///< its snapshot is in the target
  std::uint32_t subTask = 0;  ///< which of the job's sub-tasks copies it
  std::uint32_t turn = 0;     ///< its place among the lanes of the sub-task, from 0
};
[[nodiscard]] std::string encodeLane(const StoredLane& stored);
/// Throws Error(storeDamaged).
[[nodiscard]] StoredLane decodeLane(const std::string& text);

/// So many lanes of a sub-task load their snapshots at a time: each makes its server fork, and sends all it has.
inline constexpr std::size_t kLoadsOfSubTask = 2;

/// Deals the lanes to sub-tasks (node_num): those with most memory first, each to the sub-task that has least so far.
/// `wanted`: 0 = one for four lanes, rounded up. Sets subTask and turn; the order of the lanes stays.
void dealLanes(std::vector<StoredLane>& lanes, std::uint32_t wanted);

/// The lanes of a job, of those of its tasks that are not cancelled.
[[nodiscard]] std::vector<StoredLane> lanesOf(const std::vector<TaskRecord>& tasks);

/// May the lane load its snapshot now? Not while so many lanes of its sub-task that come before it are not loaded that
/// their loads are as many as may run at a time. A loaded one always may run. `lanes`: of the job.
[[nodiscard]] bool mayLoad(const StoredLane& lane, const std::vector<StoredLane>& lanes);

}  // namespace drs
