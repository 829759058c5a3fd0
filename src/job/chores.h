#pragma once

#include "store/store.h"

// What has to happen by the clock. Every worker does it; each chore is idempotent.

namespace drs {

/// Starts scheduled jobs whose time has come.
void startDueJobs(StoreTransaction& tx);

/// Begins to ask the source how long it keeps its log, for jobs whose log nobody reads (TaskKind::sourceLog).
void watchUnreadLogs(StoreTransaction& tx);

/// Ends jobs that have stood with a fault longer than their expired_days.
void endExpiredJobs(StoreTransaction& tx);

/// Removes answers to queries and client tokens after a day, comparisons after 60 days, deleted jobs after a week.
void removeOldRows(StoreTransaction& tx);

}  // namespace drs
