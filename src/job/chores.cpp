#include "job/chores.h"

#include "job/lifecycle.h"

#include <charconv>

namespace drs {
namespace {

constexpr UnixMillis kDay = 24LL * 3600 * 1000;
constexpr UnixMillis kKeepComparisons = 60 * kDay;  // as the vendor's service does
constexpr UnixMillis kKeepDeleted = 7 * kDay;
constexpr std::int64_t kDefaultExpiredDays = 14;  // API page, table 5

UnixMillis expiryOf(const JobRecord& job) {
  std::int64_t days = kDefaultExpiredDays;
  const std::string text = job.spec->baseInfo.expiredDays.value_or("");
  std::from_chars(text.data(), text.data() + text.size(), days);
  return job.fault->millis + days * kDay;
}

}  // namespace

void startDueJobs(StoreTransaction& tx) {
  for (JobRecord& job : tx.jobsInPhases({Phase::scheduled})) {
    if (job.startAtMillis <= tx.now()) Lifecycle(tx).begin(job);
  }
}

bool isLogCleaned(const JobRecord& job) {
  return job.phase == Phase::streaming && job.desired == Desired::run && !job.fault &&
         job.spec->baseInfo.isOpenFastClean.value_or(false);
}

void watchSourceLogs(StoreTransaction& tx) {
  for (const JobRecord& job : tx.jobsInPhases({Phase::copying, Phase::finishing, Phase::streaming})) {
    if (!isLogUnread(job) && !isLogCleaned(job)) continue;
    if (tx.unfinished(job.id, TaskKind::sourceLog)) continue;
    tx.insert(job.id, {.kind = TaskKind::sourceLog, .payload = "{}", .queryId = {}, .notBefore = 0});
  }
}

void endExpiredJobs(StoreTransaction& tx) {
  const UnixMillis now = tx.now();
  for (JobRecord& job :
       tx.jobsInPhases({Phase::planning, Phase::copying, Phase::finishing, Phase::copied, Phase::streaming})) {
    if (!job.fault || expiryOf(job) > now) continue;
    Lifecycle life(tx);
    life.log(job, EventLevel::warn, "The task has stood with a fault for as long as it is kept; it ends by itself");
    life.end(job, false);
  }
}

void removeOldRows(StoreTransaction& tx) {
  const UnixMillis now = tx.now();
  tx.eraseOld(now - kDay, now - kKeepComparisons);
  for (const JobRecord& job : tx.jobsInPhases({Phase::deleted})) {
    if (job.updateMillis < now - kKeepDeleted) tx.eraseJob(job.id);
  }
}

}  // namespace drs
