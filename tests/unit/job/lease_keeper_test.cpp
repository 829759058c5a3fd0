#include "job/lease_keeper.h"

#include "base/error.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs {
namespace {

using testing::jobOf;

/// A database that can be told to fail.
class FlakyDatabase : public SqlDatabase {
 public:
  FlakyDatabase(std::unique_ptr<SqlDatabase> real, std::shared_ptr<std::atomic<bool>> down)
      : real_(std::move(real)), down_(std::move(down)) {}
  SqlResult query(std::string_view text, const SqlParams& params) override {
    check();
    return real_->query(text, params);
  }
  void transaction(const std::function<void(SqlSession&)>& body) override {
    check();
    real_->transaction(body);
  }

 private:
  void check() const {
    if (*down_) throw Error(Msg::storeFailed, {"the test says so"}, Origin::store);
  }
  std::unique_ptr<SqlDatabase> real_;
  std::shared_ptr<std::atomic<bool>> down_;
};

class Keeper : public testing::StoreTest {
 protected:
  Keeper() : down(std::make_shared<std::atomic<bool>>(false)) {
    SqliteOptions options;
    options.path = folder.path("store.db");
    options.clock = clock;
    flaky = std::make_unique<Store>(std::make_unique<FlakyDatabase>(openSqlite(options), down));
    keeper =
        std::make_unique<LeaseKeeper>(*flaky, "w", settings, *clock, Log(), [this](const Error&) { ++storeErrors; });
  }

  /// A stream of a new job, claimed and held.
  TaskRecord held(const std::string& name) {
    const JobRecord job = add(jobOf(name), Phase::streaming);
    addTask(job, TaskKind::stream);
    TaskRecord task = claim(*store, "w", TaskClass::stream, 1).at(0);
    keeper->hold(task, stops[task.id], clock->steady());
    return task;
  }
  [[nodiscard]] bool stopped(const TaskRecord& task) { return stops[task.id].stop_requested(); }
  [[nodiscard]] UnixMillis leaseLeft(const TaskRecord& task) const {
    return store->view().task(task.id)->leaseUntil - clock->now();
  }

  Settings settings;  // ttl 30 s, renewal every 10 s, margin 5 s
  std::shared_ptr<std::atomic<bool>> down;
  std::unique_ptr<Store> flaky;
  std::map<std::string, std::stop_source> stops;
  int storeErrors = 0;
  std::unique_ptr<LeaseKeeper> keeper;
};

TEST_F(Keeper, RenewsEveryTenSecondsForAllTasksTogether) {
  const TaskRecord a = held("a");
  const TaskRecord b = held("b");
  keeper->renewRound();  // the first round renews
  clock->advance(std::chrono::seconds(9));
  keeper->renewRound();
  EXPECT_EQ(leaseLeft(a), 21'000);
  clock->advance(std::chrono::seconds(1));
  keeper->renewRound();
  EXPECT_EQ(leaseLeft(a), 30'000);
  EXPECT_EQ(leaseLeft(b), 30'000);
  keeper->watchRound();
  EXPECT_FALSE(stopped(a));
}

TEST_F(Keeper, StopsATaskBeforeItsLeaseCanRunOutWhenTheStoreIsAway) {
  const TaskRecord task = held("a");
  keeper->renewRound();
  *down = true;
  clock->advance(std::chrono::milliseconds(24'999));
  keeper->renewRound();
  keeper->watchRound();
  EXPECT_GT(storeErrors, 0);
  EXPECT_FALSE(stopped(task));
  clock->advance(std::chrono::milliseconds(1));
  keeper->watchRound();
  EXPECT_TRUE(stopped(task)) << "5 s before another worker may take it";
  EXPECT_EQ(keeper->drop(leaseOf(task)), StopReason::lost);
}

TEST_F(Keeper, TheDeadlineCountsFromBeforeTheClaim) {
  const JobRecord job = add(jobOf("slow"), Phase::streaming);
  addTask(job, TaskKind::stream);
  const auto askedAt = clock->steady();
  clock->advance(std::chrono::seconds(20));  // the claim took that long to come back
  const TaskRecord task = claim(*store, "w", TaskClass::stream, 1).at(0);
  keeper->hold(task, stops[task.id], askedAt);
  clock->advance(std::chrono::seconds(5));
  keeper->watchRound();
  EXPECT_TRUE(stopped(task));
}

TEST_F(Keeper, SeesThatAnotherWorkerTookOver) {
  const TaskRecord lost = held("a");
  const TaskRecord kept = held("b");
  store->write([&](StoreTransaction& tx) {
    TaskRecord task = *tx.task(lost.id);
    task.state = TaskState::pending;
    EXPECT_TRUE(tx.update(task));
  });
  (void)claim(*store, "other", TaskClass::stream, 1);
  keeper->renewRound();
  EXPECT_TRUE(stopped(lost));
  EXPECT_FALSE(stopped(kept));
  EXPECT_EQ(keeper->reason(leaseOf(lost)), StopReason::lost);
}

TEST_F(Keeper, ATaskThatIsClaimedAgainDoesNotHideItsEarlierRun) {
  const TaskRecord first = held("a");
  std::stop_source firstStop = stops[first.id];
  store->write([&](StoreTransaction& tx) {  // its lease ran out while the process stood still
    TaskRecord task = *tx.task(first.id);
    task.state = TaskState::pending;
    EXPECT_TRUE(tx.update(task));
  });
  const TaskRecord second = claim(*store, "w", TaskClass::stream, 1).at(0);
  stops[second.id] = std::stop_source();
  keeper->hold(second, stops[second.id], clock->steady());
  keeper->renewRound();
  EXPECT_TRUE(firstStop.stop_requested());
  EXPECT_EQ(keeper->drop(leaseOf(first)), StopReason::lost);
  EXPECT_EQ(keeper->reason(leaseOf(second)), StopReason::none);
  keeper->stopAll();
  EXPECT_TRUE(stopped(second)) << "still looked after";
}

TEST_F(Keeper, ALeaseThatIsNotHeldAnyMoreRunsOut) {
  const TaskRecord ended = held("a");
  const TaskRecord kept = held("b");
  (void)keeper->drop(leaseOf(ended));  // its outcome could not be stored
  clock->advance(std::chrono::seconds(20));
  keeper->renewRound();
  EXPECT_EQ(leaseLeft(ended), 10'000);
  EXPECT_EQ(leaseLeft(kept), 30'000);
}

TEST_F(Keeper, SeesWithinAPollThatAJobIsPaused) {
  const TaskRecord paused = held("a");
  const TaskRecord other = held("b");
  keeper->renewRound();
  store->write([&](StoreTransaction& tx) {
    JobRecord job = *tx.job(paused.jobId);
    job.desired = Desired::pause;
    tx.update(job);
  });
  clock->advance(std::chrono::milliseconds(500));
  keeper->renewRound();
  EXPECT_TRUE(stopped(paused));
  EXPECT_EQ(keeper->reason(leaseOf(paused)), StopReason::unwanted);
  EXPECT_FALSE(stopped(other));
}

TEST_F(Keeper, ALostLeaseOverrulesAnEarlierReason) {
  const TaskRecord task = held("a");
  keeper->stopAll();
  EXPECT_EQ(keeper->reason(leaseOf(task)), StopReason::shutdown);
  clock->advance(std::chrono::seconds(26));
  keeper->watchRound();
  EXPECT_EQ(keeper->reason(leaseOf(task)), StopReason::lost);
}

TEST_F(Keeper, WritesFiguresOnceASecondAndOnlyWhenTheyChange) {
  const TaskRecord task = held("a");
  const auto stored = [&] { return store->view().task(task.id)->progress; };
  TaskProgress progress;
  progress.position = "p1";
  progress.delayMillis = 7;
  keeper->report(leaseOf(task), progress);
  EXPECT_EQ(stored().position, "");
  keeper->renewRound();
  EXPECT_EQ(stored().position, "p1");
  EXPECT_EQ(stored().delayMillis, 7);
  EXPECT_EQ(store->view().task(task.id)->place, "p1");
  const UnixMillis first = stored().updateMillis;
  EXPECT_EQ(first, clock->now());

  progress.position = "p2";
  keeper->report(leaseOf(task), progress);
  clock->advance(std::chrono::milliseconds(500));
  keeper->renewRound();
  EXPECT_EQ(stored().position, "p1") << "not yet";
  clock->advance(std::chrono::milliseconds(500));
  keeper->renewRound();
  EXPECT_EQ(stored().position, "p2");

  clock->advance(std::chrono::seconds(5));
  keeper->report(leaseOf(task), progress);
  keeper->renewRound();
  EXPECT_EQ(stored().updateMillis, first) << "nothing new";
  clock->advance(std::chrono::seconds(6));
  keeper->report(leaseOf(task), progress);
  keeper->renewRound();
  EXPECT_EQ(stored().updateMillis, clock->now()) << "but alive";
}

TEST_F(Keeper, ProgressForgivesFailedTries) {
  const JobRecord job = add(jobOf("a"), Phase::streaming);
  addTask(job, TaskKind::stream);
  TaskRecord task = claim(*store, "w", TaskClass::stream, 1).at(0);
  task.attempts = 4;
  task.progress.position = "p1";
  keeper->hold(task, stops[task.id], clock->steady());
  TaskProgress progress;
  progress.position = "p1";
  keeper->report(leaseOf(task), progress);
  EXPECT_EQ(keeper->attempts(leaseOf(task)), 4) << "where it was before";
  progress.position = "p2";
  keeper->report(leaseOf(task), progress);
  EXPECT_EQ(keeper->attempts(leaseOf(task)), 0);
}

TEST_F(Keeper, ALongLifeForgivesTheDeathsOfAStream) {
  const JobRecord job = add(jobOf("a"), Phase::streaming);
  addTask(job, TaskKind::stream);
  TaskRecord task = claim(*store, "w", TaskClass::stream, 1).at(0);
  task.deaths = 2;
  store->write([&](StoreTransaction& tx) { EXPECT_TRUE(tx.update(task)); });
  keeper->hold(task, stops[task.id], clock->steady());
  for (int second = 0; second < 300; second += 10) {
    keeper->renewRound();
    EXPECT_EQ(store->view().task(task.id)->deaths, 2);
    clock->advance(std::chrono::seconds(10));
  }
  clock->advance(std::chrono::seconds(1));
  keeper->renewRound();
  EXPECT_EQ(store->view().task(task.id)->deaths, 0);
}

TEST_F(Keeper, RunsByItself) {
  settings.pollMillis = 5;
  const TaskRecord task = held("a");
  keeper->start();
  store->write([&](StoreTransaction& tx) { tx.cancelTasks(task.jobId, {TaskKind::stream}); });
  for (int i = 0; i < 2000 && !stopped(task); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(stopped(task));
  keeper->stop();
}

}  // namespace
}  // namespace drs
