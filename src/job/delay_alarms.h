#pragma once

#include "store/store.h"

#include <cstddef>
#include <cstdint>
#include <optional>

// alarm_notify: delay_time, rpo_delay, rto_delay.

namespace drs {

/// The delays of a job in milliseconds; absent: not known, or not told of such a job.
struct Delays {
  std::optional<std::int64_t> total;  ///< from a commit at the source to the one at the target; 0 = caught up
  std::optional<std::int64_t> rpo;    ///< disaster recovery: until it is read from the source's log
  std::optional<std::int64_t> rto;    ///< disaster recovery: from there to the commit at the target
};

/// What the stream task has said last.
[[nodiscard]] Delays delaysOf(const JobRecord& job, const TaskProgress& progress);

/// Writes a line of the log of each job whose delay has stayed above one of its thresholds for six minutes, and another
/// one when it is back. What has to be caught up with when the incremental phase begins counts from the moment at which
/// the delay was within the threshold for the first time (not so for rto_delay). While the figures stay away, because
/// the source is not there, the delay to it grows with the clock. Returns how many jobs have such an alarm now.
/// Idempotent; to be called every few seconds, by every worker.
std::size_t watchDelays(StoreTransaction& tx);

}  // namespace drs
