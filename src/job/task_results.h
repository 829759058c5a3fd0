#pragma once

#include "base/error.h"
#include "job/settings.h"
#include "job/task_body.h"
#include "store/store.h"

#include <cstdint>
#include <optional>
#include <string>

// What becomes of a task when its run is over, each inside the caller's transaction: the one place where the outcome of
// a task moves a job. All of them change nothing and return false if the task's lease is no longer this claim's.

namespace drs {

/// The run came to its end: results, new tasks and the step of the life cycle. Throws Error(targetTaken) if a plan
/// wants tables that another job writes; then nothing may be committed.
[[nodiscard]] bool completeTask(StoreTransaction& tx, const TaskRecord& task, const TaskOutcome& outcome,
                                const Settings& settings);

/// The run was stopped, or wants to go on later: the lease is given back.
[[nodiscard]] bool releaseTask(StoreTransaction& tx, const TaskRecord& task, UnixMillis notBefore);

/// The run failed: tried again later, or a fault.
[[nodiscard]] bool failTask(StoreTransaction& tx, const TaskRecord& task, const Error& error, const Settings& settings);

/// How the holder of an expired lease came to its end.
enum class WorkerEnd {
  alive,    ///< it is this very process: the store did not answer in time
  unknown,  ///< killed from outside, power lost, or another node
  crashed,  ///< it ended itself: a broken invariant, a bad access
};
/// The lease ran out: the task becomes claimable again, or a fault if it kills its workers. Deaths count in a row
/// without progress: `settings.poisonLimit` crashes, or five times as many unexplained ends (a node may be switched off
/// often).
void reapTask(StoreTransaction& tx, const TaskRecord& task, WorkerEnd end, const Settings& settings);

/// Why a draft is not valid: an address that did not answer, a pre-check item that failed and was not skipped.
[[nodiscard]] std::optional<Error> whyNotValid(const JobRecord& job);

/// Pause before try number `attempts` + 1: doubles from 1 s up to `mostSeconds`, ± 20 % by chance.
[[nodiscard]] UnixMillis retryDelay(int attempts, int mostSeconds, std::uint64_t chance);

}  // namespace drs
