#pragma once

#include "store/store.h"

// What has to happen by the clock. Every worker does it; each chore is idempotent.

namespace drs {

/// Starts scheduled jobs whose time has come.
void startDueJobs(StoreTransaction& tx);

/// is_open_fast_clean: what the replay does not need any more is removed from the source's log.
[[nodiscard]] bool isLogCleaned(const JobRecord& job);

/// Looks after the source's log, for jobs whose log nobody reads or is to be cleaned (TaskKind::sourceLog).
void watchSourceLogs(StoreTransaction& tx);

/// Ends jobs that have stood with a fault longer than their expired_days.
void endExpiredJobs(StoreTransaction& tx);

/// Removes answers to queries and client tokens after a day, comparisons after 60 days, deleted jobs after a week.
void removeOldRows(StoreTransaction& tx);

}  // namespace drs
