#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace drs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::jobOf;
using ::testing::SizeIs;

class Leases : public testing::StoreTest {
 protected:
  [[nodiscard]] std::vector<std::string> claimIds(const std::string& owner, TaskClass taskClass,
                                                  std::int64_t limit) const {
    std::vector<std::string> ids;
    for (const TaskRecord& task : claim(*store, owner, taskClass, limit)) ids.push_back(task.id);
    return ids;
  }
  void change(const JobRecord& job, const std::function<void(JobRecord&)>& body) const {
    store->write([&](StoreTransaction& tx) {
      JobRecord record = *tx.job(job.id);
      body(record);
      tx.update(record);
    });
  }
  [[nodiscard]] bool settle(TaskRecord task, TaskState state) const {
    bool stored = false;
    task.state = state;
    store->write([&](StoreTransaction& tx) { stored = tx.update(task); });
    return stored;
  }
};

TEST_F(Leases, NoJobHasMoreRunningTasksThanItMay) {
  const JobRecord one = add(jobOf("one"));
  const JobRecord other = add(jobOf("other"));
  for (int i = 0; i < 4; ++i) addTask(one, TaskKind::copy);
  addTask(other, TaskKind::copy);
  const auto claimAtMost = [&](std::int64_t perJob) {
    std::multiset<std::string> jobs;
    store->write([&](StoreTransaction& tx) {
      for (const TaskRecord& task : tx.claim("w", TaskClass::work, 100, 30'000, perJob)) jobs.insert(task.jobId);
    });
    return jobs;
  };
  EXPECT_EQ(claimAtMost(2), (std::multiset<std::string>{one.id, one.id, other.id}));
  EXPECT_THAT(claimAtMost(2), IsEmpty());
  EXPECT_THAT(claimAtMost(3), SizeIs(1));
}

TEST_F(Leases, ATaskIsClaimedOnceWithAGrowingEpoch) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy, R"({"chunk":1})");
  const auto first = claim(*store, "w1", TaskClass::work, 5);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].state, TaskState::running);
  EXPECT_EQ(first[0].owner, "w1");
  EXPECT_EQ(first[0].epoch, 1U);
  EXPECT_EQ(first[0].leaseUntil, clock->now() + 30'000);
  EXPECT_EQ(first[0].payload, R"({"chunk":1})");
  EXPECT_THAT(claim(*store, "w2", TaskClass::work, 5), IsEmpty());
  ASSERT_TRUE(settle(first[0], TaskState::pending));
  const auto second = claim(*store, "w2", TaskClass::work, 5);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].epoch, 2U);
  EXPECT_FALSE(settle(first[0], TaskState::done)) << "the first claim must not finish what the second owns";
  EXPECT_TRUE(settle(second[0], TaskState::done));
  EXPECT_FALSE(settle(second[0], TaskState::done));
}

TEST_F(Leases, EpochsGrowOverAllTasksOfAJob) {
  const JobRecord job = add(jobOf("one"));
  for (int i = 0; i < 4; ++i) addTask(job, TaskKind::copy);
  std::set<std::uint64_t> epochs;
  for (const TaskRecord& task : claim(*store, "w", TaskClass::work, 4)) epochs.insert(task.epoch);
  EXPECT_THAT(epochs, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(store->view().job(job.id)->epoch, 4U);
  addTask(job, TaskKind::stream);
  EXPECT_EQ(claim(*store, "w", TaskClass::stream, 1).at(0).epoch, 5U);
}

TEST_F(Leases, JobsTakeTurns) {
  const JobRecord a = add(jobOf("a"));
  for (int i = 0; i < 20; ++i) addTask(a, TaskKind::copy);
  ASSERT_THAT(claim(*store, "w", TaskClass::work, 3), SizeIs(3));
  const JobRecord b = add(jobOf("b"));
  for (int i = 0; i < 20; ++i) addTask(b, TaskKind::copy);
  std::map<std::string, int> count;
  for (int i = 0; i < 5; ++i) ++count[claim(*store, "w", TaskClass::work, 1).at(0).jobId];
  EXPECT_EQ(count[b.id], 4) << "b catches up with the three that run for a, then they alternate";
  for (const TaskRecord& task : claim(*store, "w", TaskClass::work, 8)) ++count[task.jobId];
  EXPECT_EQ(count[a.id], 5);
  EXPECT_EQ(count[b.id], 8);
}

TEST_F(Leases, PlansAndFinishesComeBeforeCopiesAndCopiesInOrder) {
  const JobRecord job = add(jobOf("one"));
  const std::string first = addTask(job, TaskKind::copy);
  const std::string second = addTask(job, TaskKind::copy);
  const std::string compare = addTask(job, TaskKind::compare);
  const std::string finish = addTask(job, TaskKind::finish);
  const std::string plan = addTask(job, TaskKind::plan);
  EXPECT_THAT(claimIds("w", TaskClass::work, 9), ElementsAre(plan, finish, first, second, compare));
}

TEST_F(Leases, ClassesHaveTheirOwnTasks) {
  const JobRecord job = add(jobOf("one"));
  const std::string stream = addTask(job, TaskKind::stream);
  const std::string validate = addTask(job, TaskKind::validate);
  EXPECT_THAT(claim(*store, "w", TaskClass::work, 9), IsEmpty());
  EXPECT_THAT(claimIds("w", TaskClass::brief, 9), ElementsAre(validate));
  EXPECT_THAT(claimIds("w", TaskClass::stream, 9), ElementsAre(stream));
}

TEST_F(Leases, ATaskWaitsForItsTime) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy, "{}", clock->now() + 100);
  EXPECT_THAT(claim(*store, "w", TaskClass::work, 1), IsEmpty());
  clock->advance(std::chrono::milliseconds(100));
  EXPECT_THAT(claim(*store, "w", TaskClass::work, 1), SizeIs(1));
}

TEST_F(Leases, NothingOfThePhasesIsClaimedWhileTheJobIsNotWanted) {
  const JobRecord paused = add(jobOf("paused"));
  const JobRecord faulted = add(jobOf("faulted"));
  const JobRecord ended = add(jobOf("ended"), Phase::ended);
  change(paused, [](JobRecord& job) { job.desired = Desired::pause; });
  change(faulted, [](JobRecord& job) { job.fault = Fault{}; });
  for (const TaskKind kind : {TaskKind::plan, TaskKind::copy, TaskKind::finish, TaskKind::stream, TaskKind::reset}) {
    for (const JobRecord& job : {paused, faulted, ended}) addTask(job, kind);
  }
  addTask(faulted, TaskKind::end);
  const std::string network = addTask(paused, TaskKind::network);
  EXPECT_THAT(claim(*store, "w", TaskClass::work, 99), IsEmpty());
  EXPECT_THAT(claim(*store, "w", TaskClass::stream, 99), IsEmpty());
  EXPECT_THAT(claimIds("w", TaskClass::brief, 99), ElementsAre(network));
  change(paused, [](JobRecord& job) { job.desired = Desired::run; });
  EXPECT_THAT(claim(*store, "w", TaskClass::work, 99), SizeIs(3));
}

TEST_F(Leases, EndAndResetWaitUntilTheyAreAlone) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy);
  const TaskRecord copy = claim(*store, "w", TaskClass::work, 1).at(0);
  addTask(job, TaskKind::reset);
  EXPECT_THAT(claim(*store, "w", TaskClass::brief, 9), IsEmpty());
  ASSERT_TRUE(settle(copy, TaskState::cancelled));
  const auto reset = claim(*store, "w", TaskClass::brief, 9);
  ASSERT_THAT(reset, SizeIs(1));
  addTask(job, TaskKind::end);
  EXPECT_THAT(claim(*store, "w", TaskClass::brief, 9), IsEmpty());
  ASSERT_TRUE(settle(reset[0], TaskState::cancelled));
  EXPECT_THAT(claim(*store, "w", TaskClass::brief, 9), SizeIs(1));
}

TEST_F(Leases, RenewingTellsWhatIsStillHeldAndWanted) {
  const JobRecord a = add(jobOf("a"));
  const JobRecord b = add(jobOf("b"));
  addTask(a, TaskKind::stream);
  addTask(b, TaskKind::stream);
  addTask(b, TaskKind::compare);
  const auto streams = claim(*store, "w", TaskClass::stream, 9);
  const auto compares = claim(*store, "w", TaskClass::work, 9);
  clock->advance(std::chrono::seconds(10));
  change(b, [](JobRecord& job) { job.desired = Desired::pause; });

  const auto check = [&](const std::vector<RenewedLease>& leases) {
    ASSERT_THAT(leases, SizeIs(3));
    for (const RenewedLease& lease : leases) {
      const TaskRecord task = *store->view().task(lease.id.taskId);
      EXPECT_EQ(lease.id.epoch, task.epoch);
      EXPECT_EQ(lease.wanted, task.jobId == a.id || task.kind == TaskKind::compare) << toText(task.kind);
    }
  };
  check(store->leases("w"));
  EXPECT_EQ(store->view().task(streams[0].id)->leaseUntil, clock->now() + 20'000) << "looking renews nothing";
  const std::vector<LeaseId> held = {leaseOf(streams[0]), leaseOf(streams[1]), leaseOf(compares[0])};
  check(store->renew("w", held, 30'000));
  EXPECT_EQ(store->view().task(streams[0].id)->leaseUntil, clock->now() + 30'000);
  EXPECT_THAT(store->renew("other", held, 30'000), IsEmpty());
  store->write([&](StoreTransaction& tx) { tx.cancelTasks(b.id, {TaskKind::compare}); });
  for (const RenewedLease& lease : store->leases("w"))
    EXPECT_EQ(lease.wanted, lease.id.taskId != compares[0].id && store->view().task(lease.id.taskId)->jobId == a.id);
}

TEST_F(Leases, ExpiredLeasesAreSeenFromAnotherProcess) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy);
  const auto other = open();
  const TaskRecord mine = claim(*store, "w1", TaskClass::work, 1).at(0);
  const auto expired = [&] {
    std::vector<TaskRecord> out;
    other->write([&](StoreTransaction& tx) { out = tx.expired(); });
    return out;
  };
  clock->advance(std::chrono::seconds(30));
  EXPECT_THAT(expired(), IsEmpty()) << "to the last millisecond it is ours";
  clock->advance(std::chrono::milliseconds(1));
  ASSERT_THAT(expired(), SizeIs(1));
  TaskRecord dead = expired()[0];
  dead.state = TaskState::pending;
  other->write([&](StoreTransaction& tx) { EXPECT_TRUE(tx.update(dead)); });
  const TaskRecord theirs = claim(*other, "w2", TaskClass::work, 1).at(0);
  EXPECT_GT(theirs.epoch, mine.epoch);
  EXPECT_FALSE(settle(mine, TaskState::done));
  EXPECT_THAT(store->renew("w1", {leaseOf(mine)}, 30'000), IsEmpty());
}

TEST_F(Leases, AnExclusiveStartEndsTheLeasesOfOthersAtOnce) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy);
  addTask(job, TaskKind::copy);
  (void)claim(*store, "before", TaskClass::work, 1);
  const auto own = claim(*store, "now", TaskClass::work, 1);
  store->expireForeignLeases("now");
  store->write([&](StoreTransaction& tx) {
    const auto expired = tx.expired();
    ASSERT_THAT(expired, SizeIs(1));
    EXPECT_EQ(expired[0].owner, "before");
  });
}

TEST_F(Leases, ProgressIsSavedOnlyByTheHolder) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::stream);
  TaskRecord task = claim(*store, "w", TaskClass::stream, 1).at(0);
  task.progress.position = "p1";
  task.place = "p1";
  store->saveProgress({task});
  EXPECT_EQ(store->view().task(task.id)->progress.position, "p1");
  TaskRecord stale = task;
  stale.epoch = 0;
  stale.progress.position = "old";
  store->saveProgress({stale});
  EXPECT_EQ(store->view().task(task.id)->progress.position, "p1");
  ASSERT_TRUE(settle(task, TaskState::pending));
  const TaskRecord again = claim(*store, "w", TaskClass::stream, 1).at(0);
  EXPECT_EQ(again.progress.position, "p1") << "what an earlier run said stays known";
  EXPECT_EQ(again.place, "") << "the new run has come nowhere yet";
}

TEST_F(Leases, PayloadsAreSavedOnlyByTheHolder) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::plan);
  const TaskRecord task = claim(*store, "w", TaskClass::work, 1).at(0);
  store->write([&](StoreTransaction& tx) {
    EXPECT_TRUE(tx.savePayload(task.id, task.epoch, R"({"a":1})"));
    EXPECT_FALSE(tx.savePayload(task.id, task.epoch + 1, R"({"a":2})"));
  });
  EXPECT_EQ(store->view().task(task.id)->payload, R"({"a":1})");
}

TEST_F(Leases, CancellingEndsWaitersAndMarksRunners) {
  const JobRecord job = add(jobOf("one"));
  addTask(job, TaskKind::copy);
  addTask(job, TaskKind::copy);
  QueryRecord query;
  query.id = "q";
  query.jobId = job.id;
  query.kind = TaskKind::network;
  CompareRecord comparison;
  comparison.id = "c";
  comparison.jobId = job.id;
  const TaskRecord running = claim(*store, "w", TaskClass::work, 1).at(0);
  store->write([&](StoreTransaction& tx) {
    tx.insert(query);
    tx.insert(comparison);
    tx.insert(job.id, {.kind = TaskKind::network, .payload = "{}", .queryId = "q", .notBefore = 0});
    tx.insert(job.id, {.kind = TaskKind::compare, .payload = "{}", .queryId = "c", .notBefore = 0});
    tx.cancelTasks(job.id, {TaskKind::copy, TaskKind::network, TaskKind::compare});
  });
  EXPECT_TRUE(store->view().task(running.id)->cancel);
  EXPECT_EQ(store->view().task(running.id)->state, TaskState::running);
  EXPECT_TRUE(store->view().unfinished(job.id, TaskKind::copy));
  EXPECT_EQ(store->view().query("q")->state, QueryState::failed);
  EXPECT_EQ(store->view().comparison("c")->state, CompareState::cancelled);
  ASSERT_TRUE(settle(running, TaskState::cancelled));
  EXPECT_FALSE(store->view().unfinished(job.id, TaskKind::copy));
}

// Several workers, each with connections of its own, share what there is; nothing is handed out twice.
TEST_F(Leases, ManyWorkersShareTheTasksExactlyOnce) {
  constexpr int kTasks = 120;
  constexpr int kWorkers = 4;
  const JobRecord a = add(jobOf("a"));
  const JobRecord b = add(jobOf("b"));
  store->write([&](StoreTransaction& tx) {
    for (int i = 0; i < kTasks; ++i)
      tx.insert(i % 2 == 0 ? a.id : b.id, {.kind = TaskKind::copy, .payload = "{}", .queryId = {}, .notBefore = 0});
  });
  std::vector<std::vector<std::string>> done(kWorkers);
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int w = 0; w < kWorkers; ++w) {
    threads.emplace_back([&, w] {
      const auto own = w % 2 == 0 ? nullptr : open();  // half of them in the same process, half as if in others
      Store& from = own ? *own : *store;
      for (;;) {
        const auto tasks = claim(from, "w" + std::to_string(w), TaskClass::work, 3);
        if (tasks.empty()) return;
        for (TaskRecord task : tasks) {
          task.state = TaskState::done;
          bool stored = false;
          from.write([&](StoreTransaction& tx) { stored = tx.update(task); });
          if (stored) done[static_cast<std::size_t>(w)].push_back(task.id);
          if (!stored) ++refused;
          (void)from.view().job(task.jobId);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  std::size_t total = 0;
  for (const auto& ids : done) {
    total += ids.size();
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(total, static_cast<std::size_t>(kTasks));
  EXPECT_THAT(all, SizeIs(kTasks));
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace drs
