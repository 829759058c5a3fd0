#include "job/worker.h"

#include "base/error.h"
#include "crypto/master_key.h"
#include "job/job_service.h"
#include "support/store_fixture.h"
#include "unit/job/fake_bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace drs {
namespace {

using ::testing::HasSubstr;
using testing::Script;
using testing::specOf;

JobSpec plainSpec(const std::string& name, const std::string& taskType = "FULL_INCR_TRANS") {
  JobSpec spec = specOf(name, taskType, name);
  spec.sourceEndpoint[0].endpoint.dbPassword = Secret{"source-password", false};
  spec.targetEndpoint[0].endpoint.dbPassword = Secret{"target-password", false};
  return spec;
}

/// A service and a worker in real time on one store; the bodies are scripted.
class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : script(std::make_shared<Script>()) {
    settings.dataFolder = folder.path();
    settings.pollMillis = 10;
    settings.minFreeDiskBytes = 0;
    store = open();
    service = std::make_unique<JobService>(*store, sealer, settings);
  }

  [[nodiscard]] std::unique_ptr<Store> open() const {
    SqliteOptions options;
    options.path = folder.path("store.db");
    return std::make_unique<Store>(openSqlite(options));
  }
  std::unique_ptr<Worker> worker(Store& on, WorkerOptions options = {.exclusive = true, .crashedBefore = false}) const {
    auto out = std::make_unique<Worker>(on, sealer, registry, settings, testing::bodiesOf(script), Log(), options);
    out->start();
    return out;
  }
  /// Waits at most 20 s.
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 4000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  [[nodiscard]] bool reaches(const std::string& jobId, const std::string& status) const {
    const bool there = eventually([&] { return service->job(actor, jobId).status == status; });
    if (there) return true;
    const JobRecord job = service->job(actor, jobId);
    ADD_FAILURE() << "status " << job.status << " instead of " << status << (job.fault ? ": " + job.fault->text : "");
    return false;
  }
  /// Creates, waits for the validation and commits; returns the job's id.
  std::string run(const JobSpec& spec) const {
    const std::string batch = service->createBatch(actor, {spec}, std::nullopt);
    EXPECT_TRUE(eventually([&] { return service->batch(actor, batch).status != BatchStatus::validating; }));
    service->commitBatch(actor, batch);
    return service->batchJobs(actor, batch, {}).items.at(0).id;
  }

  testing::TempFolder folder;
  Settings settings;
  const Sealer sealer{MasterKey(std::string(32, 'k'))};
  const Registry registry;
  const Actor actor{"project", "acme", "ops"};
  std::shared_ptr<Script> script;
  std::unique_ptr<Store> store;
  std::unique_ptr<JobService> service;
};

TEST_F(WorkerTest, RunsAJobFromTheCommitToTheStreamAndEndsIt) {
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_EQ(script->count(TaskKind::copy), 3);
  EXPECT_EQ(script->count(TaskKind::finish), 1);
  EXPECT_TRUE(eventually([&] { return service->progress(actor, id).delayMillis == 0; }));
  const JobProgress progress = service->progress(actor, id);
  EXPECT_EQ(progress.percent, 100);
  EXPECT_EQ(progress.rowsDone, 30U);
  EXPECT_EQ(service->tableProgress(actor, id, "", {}).items.at(0).percent, 100);
  EXPECT_TRUE(eventually([&] { return w->load().streams == 1; }));
  service->end(actor, id, false);
  ASSERT_TRUE(reaches(id, "RELEASE_RESOURCE_COMPLETE"));
  service->remove(actor, id);
  EXPECT_EQ(service->job(actor, id).status, "DELETED");
  EXPECT_THROW(service->pause(actor, id), Error);
}

TEST_F(WorkerTest, OpensSecretsForBodiesOnly) {
  std::atomic<bool> right = false;
  script->set(TaskKind::plan, [&](TaskContext& context) {
    const Secret& secret = *context.engineJob.spec.targetEndpoint.at(0).endpoint.dbPassword;
    right =
        secret.sealed && context.engineJob.open(secret, "target_endpoint[0].endpoint.db_password") == "target-password";
    return TaskOutcome();
  });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_TRUE(right);
}

TEST_F(WorkerTest, AFullTransferIsCompleteBehindItsReplay) {
  const auto w = worker(*store);
  const std::string id = run(plainSpec("full", "FULL_TRANS"));
  ASSERT_TRUE(reaches(id, "FULL_TRANSFER_COMPLETE"));
  EXPECT_EQ(script->count(TaskKind::stream), 1);
  EXPECT_EQ(script->count(TaskKind::finish), 1);
}

TEST_F(WorkerTest, PausesResumesAndResets) {
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  ASSERT_TRUE(eventually([&] { return script->count(TaskKind::stream) == 1; }));
  service->pause(actor, id);
  ASSERT_TRUE(reaches(id, "PAUSING"));
  EXPECT_TRUE(eventually([&] { return w->load().streams == 0; }));
  service->resume(actor, id);
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_TRUE(eventually([&] { return script->count(TaskKind::stream) == 2; }));
  service->pause(actor, id);
  ASSERT_TRUE(reaches(id, "PAUSING"));
  const std::uint64_t plan = service->job(actor, id).plan;
  service->reset(actor, id);
  ASSERT_TRUE(eventually([&] { return script->count(TaskKind::plan) == 2; }));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_EQ(script->count(TaskKind::reset), 1);
  EXPECT_EQ(script->count(TaskKind::copy), 6);
  EXPECT_EQ(service->job(actor, id).plan, plan + 1);
}

TEST_F(WorkerTest, AFaultStopsTheJobUntilSomebodyResumesIt) {
  std::atomic<bool> bad = true;
  script->set(TaskKind::copy, [&](TaskContext&) -> TaskOutcome {
    if (bad) throw Error(Msg::conflict, {"shop.orders", "1", "differs"});
    return {};
  });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "FULL_TRANSFER_FAILED"));
  EXPECT_THAT(service->job(actor, id).fault->text, HasSubstr("shop.orders"));
  EXPECT_THAT(service->logs(actor, id, EventLevel::error, {}).items.at(0).message, HasSubstr("Conflict"));
  ASSERT_TRUE(eventually([&] { return service->job(actor, id).drained; }));
  bad = false;
  service->resume(actor, id);
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
}

TEST_F(WorkerTest, WhatMayPassPassesWithoutAFault) {
  std::atomic<int> failures = 1;
  script->set(TaskKind::plan, [&](TaskContext&) -> TaskOutcome {
    if (failures-- > 0) throw Error(Msg::cannotConnect, {"10.0.0.1", "refused"});
    return {};
  });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_THAT(service->logs(actor, id, EventLevel::warn, {}).items.at(0).message, HasSubstr("try 1"));
}

TEST_F(WorkerTest, AnUnknownExceptionIsAFaultNotAnEnd) {
  script->set(TaskKind::plan, [](TaskContext&) -> TaskOutcome { throw std::runtime_error("surprise"); });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "START_JOB_FAILED"));
  EXPECT_THAT(service->job(actor, id).fault->text, HasSubstr("surprise"));
  EXPECT_TRUE(w->health().ok);
}

TEST_F(WorkerTest, StopsWithinSecondsAndTheNextOneGoesOn) {
  auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  ASSERT_TRUE(eventually([&] { return script->count(TaskKind::stream) == 1; }));
  const auto before = std::chrono::steady_clock::now();
  w->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  for (const TaskRecord& task : store->view().tasks(id)) EXPECT_NE(task.state, TaskState::running);
  EXPECT_EQ(service->job(actor, id).status, "INCRE_TRANSFER_STARTED");
  w = worker(*store);
  EXPECT_TRUE(eventually([&] { return script->count(TaskKind::stream) == 2; }));
}

TEST_F(WorkerTest, TakesOverFromAPredecessorAtOnceWhenItIsAlone) {
  // A predecessor that was killed: its claim stands in the store.
  const std::string batch = service->createBatch(actor, {plainSpec("orders-sync")}, std::nullopt);
  store->write([](StoreTransaction& tx) { EXPECT_EQ(tx.claim("before", TaskClass::brief, 1, 3'600'000).size(), 1U); });
  const auto w = worker(*store);
  EXPECT_TRUE(eventually([&] { return service->batch(actor, batch).status == BatchStatus::validateSuccess; }));
}

TEST_F(WorkerTest, ACrashingTaskIsAFaultAfterThreeCrashes) {
  const std::string batch = service->createBatch(actor, {plainSpec("orders-sync")}, std::nullopt);
  {
    const auto w = worker(*store);
    ASSERT_TRUE(eventually([&] { return service->batch(actor, batch).status == BatchStatus::validateSuccess; }));
  }
  service->commitBatch(actor, batch);
  const std::string id = service->batchJobs(actor, batch, {}).items.at(0).id;
  for (int crash = 0; crash < 3; ++crash) {
    const std::string owner = "crashed-" + std::to_string(crash);
    store->write([&](StoreTransaction& tx) { EXPECT_EQ(tx.claim(owner, TaskClass::work, 1, 3'600'000).size(), 1U); });
    // A worker that never gets to run the task: it only takes over.
    settings.maxRunningTasks = 0;
    const auto w = worker(*store, {.exclusive = true, .crashedBefore = true});
    ASSERT_TRUE(eventually([&] { return store->view().runningTasks(id).empty(); }));
  }
  EXPECT_EQ(service->job(actor, id).status, "START_JOB_FAILED");
  EXPECT_EQ(service->job(actor, id).fault->symbol, "taskPoisonous");
  settings.maxRunningTasks = 8;
  const auto w = worker(*store);
  service->resume(actor, id);
  EXPECT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
}

TEST_F(WorkerTest, TwoNodesShareTheWork) {
  std::atomic<int> copies = 0;
  script->set(TaskKind::plan, [](TaskContext&) {
    TaskOutcome outcome;
    for (int i = 0; i < 40; ++i)
      outcome.newTasks.push_back({.kind = TaskKind::copy, .payload = "{}", .queryId = {}, .notBefore = 0});
    return outcome;
  });
  script->set(TaskKind::copy, [&](TaskContext& context) {
    ++copies;
    sleepFor(std::chrono::milliseconds(10), context.stop);
    return TaskOutcome();
  });
  settings.maxRunningTasks = 2;
  const auto other = open();
  const auto w1 = worker(*store, {.exclusive = false, .crashedBefore = false});
  const auto w2 = worker(*other, {.exclusive = false, .crashedBefore = false});
  std::vector<std::string> ids;
  for (const char* name : {"job-a", "job-b", "job-c"}) ids.push_back(run(plainSpec(name)));
  for (const std::string& id : ids) ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  EXPECT_EQ(copies, 120) << "each chunk exactly once";
}

TEST_F(WorkerTest, ManyIdleStreamsRunBesideTheWork) {
  settings.maxRunningTasks = 2;
  const auto w = worker(*store);
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(run(plainSpec("job-" + std::to_string(i), "INCR_TRANS")));
  EXPECT_TRUE(eventually([&] { return w->load().streams == 12; }));
  const std::string id = run(plainSpec("another"));
  EXPECT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
}

TEST_F(WorkerTest, TakesNoWorkWhenTheDiskIsNearlyFull) {
  settings.minFreeDiskBytes = std::size_t{1} << 62U;
  const auto w = worker(*store);
  const std::string batch = service->createBatch(actor, {plainSpec("orders-sync")}, std::nullopt);
  EXPECT_TRUE(eventually([&] { return !w->health().ok; }));
  EXPECT_THAT(w->health().reason, HasSubstr("nearly full"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(script->count(TaskKind::validate), 0);
  EXPECT_EQ(service->batch(actor, batch).status, BatchStatus::validating);
}

TEST_F(WorkerTest, QueriesAreAnswered) {
  script->set(TaskKind::position, [](TaskContext&) {
    TaskOutcome outcome;
    outcome.answer = "binlog.000007:4711";
    return outcome;
  });
  script->set(TaskKind::objects,
              [](TaskContext&) -> TaskOutcome { throw Error(Msg::accessDenied, {"10.0.0.1", "no"}); });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  const std::string position = service->collectPosition(actor, id);
  EXPECT_TRUE(eventually([&] { return service->answer(actor, id, position).record.state == QueryState::success; }));
  EXPECT_EQ(service->answer(actor, id, position).position, "binlog.000007:4711");
  const std::string objects = service->collectObjects(actor, id, {.type = "source", .databases = {}, .refresh = false});
  EXPECT_TRUE(eventually([&] { return service->answer(actor, id, objects).record.state == QueryState::failed; }));
  EXPECT_EQ(service->answer(actor, id, objects).record.fault->symbol, "accessDenied");
}

TEST_F(WorkerTest, AComparisonCanBeCancelledWhileItRuns) {
  std::atomic<bool> running = false;
  std::atomic<bool> stopped = false;
  script->set(TaskKind::compare, [&](TaskContext& context) {
    running = true;
    while (sleepFor(std::chrono::milliseconds(2), context.stop)) {
    }
    stopped = true;
    return TaskOutcome::stoppedEarly();
  });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  const std::string compare = service->createCompare(actor, id, {});
  EXPECT_THROW(service->createCompare(actor, id, {}), Error);
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  service->cancelCompare(actor, id, compare);
  EXPECT_TRUE(eventually([&] { return stopped.load(); }));
  EXPECT_EQ(service->compareResults(actor, id, compare).comparison.state, CompareState::cancelled);
  EXPECT_TRUE(eventually([&] { return !store->view().unfinished(id, TaskKind::compare); }));
  EXPECT_NE(service->createCompare(actor, id, {}), compare);
}

TEST_F(WorkerTest, ForceEndsWhatCannotBeCleaned) {
  script->set(TaskKind::end, [](TaskContext& context) -> TaskOutcome {
    if (context.task.payload.find("true") != std::string::npos) return {};
    throw Error(Msg::accessDenied, {"10.0.0.2", "no"});
  });
  const auto w = worker(*store);
  const std::string id = run(plainSpec("orders-sync"));
  ASSERT_TRUE(reaches(id, "INCRE_TRANSFER_STARTED"));
  service->end(actor, id, false);
  ASSERT_TRUE(reaches(id, "RELEASE_RESOURCE_FAILED"));
  service->end(actor, id, true);
  EXPECT_TRUE(reaches(id, "RELEASE_RESOURCE_COMPLETE"));
}

}  // namespace
}  // namespace drs
