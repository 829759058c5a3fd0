#include "job/chores.h"

#include "base/error.h"
#include "job/memory_budget.h"
#include "support/store_fixture.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

using testing::jobOf;
using testing::specOf;

class Chores : public testing::StoreTest {
 protected:
  [[nodiscard]] Phase phaseOf(const JobRecord& job) const { return store->view().job(job.id)->phase; }
};

TEST_F(Chores, AScheduledJobStartsAtItsTime) {
  JobRecord record = jobOf("one");
  record.startAtMillis = clock->now() + 1000;
  const JobRecord job = add(record, Phase::scheduled);
  clock->advance(std::chrono::milliseconds(999));
  store->write(startDueJobs);
  EXPECT_EQ(phaseOf(job), Phase::scheduled);
  clock->advance(std::chrono::milliseconds(1));
  store->write(startDueJobs);
  EXPECT_EQ(phaseOf(job), Phase::planning);
  EXPECT_TRUE(store->view().unfinished(job.id, TaskKind::plan));
}

TEST_F(Chores, AFaultedJobEndsAfterItsExpiredDays) {
  JobRecord record = jobOf("one");
  JobSpec spec = specOf("one");
  spec.baseInfo.expiredDays = "20";
  record.spec = std::make_shared<const JobSpec>(spec);
  record.fault = faultOf(Error(Msg::conflict, {"a", "b", "c"}), clock->now());
  const JobRecord faulted = add(record, Phase::streaming);
  JobRecord other = jobOf("two");
  other.fault = record.fault;
  const JobRecord byDefault = add(other, Phase::copying);
  const JobRecord sound = add(jobOf("three"), Phase::streaming);
  clock->advance(std::chrono::hours(24 * 14) - std::chrono::milliseconds(1));
  store->write(endExpiredJobs);
  EXPECT_EQ(phaseOf(byDefault), Phase::copying);
  clock->advance(std::chrono::milliseconds(1));
  store->write(endExpiredJobs);
  EXPECT_EQ(phaseOf(byDefault), Phase::ending);
  EXPECT_EQ(phaseOf(faulted), Phase::streaming);
  clock->advance(std::chrono::hours(24 * 6));
  store->write(endExpiredJobs);
  EXPECT_EQ(phaseOf(faulted), Phase::ending);
  EXPECT_EQ(phaseOf(sound), Phase::streaming);
}

TEST_F(Chores, ALogThatNobodyReadsIsWatched) {
  const auto watched = [&](const JobRecord& job) { return store->view().unfinished(job.id, TaskKind::sourceLog); };
  JobRecord paused = jobOf("paused"), faulted = jobOf("faulted");
  paused.desired = Desired::pause;
  faulted.fault = faultOf(Error(Msg::conflict, {"a", "b", "c"}), clock->now());
  paused = add(paused, Phase::streaming);
  faulted = add(faulted, Phase::streaming);
  const JobRecord copying = add(jobOf("copying"), Phase::copying);
  const JobRecord streaming = add(jobOf("streaming"), Phase::streaming);
  const JobRecord copied = add(jobOf("copied"), Phase::copied);
  store->write(watchSourceLogs);
  store->write(watchSourceLogs);
  for (const JobRecord& job : {paused, faulted, copying}) {
    EXPECT_TRUE(watched(job)) << job.name;
    EXPECT_EQ(store->view().tasks(job.id).size(), 1) << job.name;
  }
  for (const JobRecord& job : {streaming, copied}) EXPECT_FALSE(watched(job)) << job.name;
}

TEST_F(Chores, DeletedJobsGoAfterAWeek) {
  JobRecord record = jobOf("one");
  record.updateMillis = clock->now();
  const JobRecord job = add(record, Phase::deleted);
  clock->advance(std::chrono::hours(24 * 7));
  store->write(removeOldRows);
  EXPECT_TRUE(store->view().job(job.id));
  clock->advance(std::chrono::milliseconds(1));
  store->write(removeOldRows);
  EXPECT_FALSE(store->view().job(job.id));
}

TEST(MemoryBudget, IsDividedAndGivenBack) {
  constexpr std::size_t kMiB = std::size_t{1} << 20U;
  MemoryBudget budget(128 * kMiB);
  std::size_t sum = 0;
  std::vector<std::size_t> shares;
  for (int i = 0; i < 100; ++i) {
    shares.push_back(budget.take());
    sum += shares.back();
    EXPECT_GE(shares.back(), kMiB);
    EXPECT_LE(shares.back(), 32 * kMiB);
  }
  EXPECT_EQ(shares.front(), 16 * kMiB);
  EXPECT_LE(sum, (128 + 100) * kMiB);
  for (const std::size_t share : shares) budget.give(share);
  EXPECT_EQ(budget.take(), 16 * kMiB);
}

}  // namespace
}  // namespace drs
