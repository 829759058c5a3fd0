#include "job/task_results.h"

#include "job/lifecycle.h"
#include "job/tasks_common.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs {
namespace {

using ::testing::HasSubstr;
using testing::jobOf;
using testing::specOf;

class TaskResults : public testing::StoreTest {
 protected:
  [[nodiscard]] JobRecord read(const JobRecord& job) const { return *store->view().job(job.id); }
  [[nodiscard]] TaskRecord read(const TaskRecord& task) const { return *store->view().task(task.id); }

  TaskRecord running(const JobRecord& job, TaskKind kind, const std::string& owner = "w") const {
    addTask(job, kind);
    return claimed(kind, owner);
  }
  TaskRecord claimed(TaskKind kind, const std::string& owner = "w") const {
    TaskClass taskClass = TaskClass::brief;
    if (kind == TaskKind::stream) taskClass = TaskClass::stream;
    if (kind == TaskKind::plan || kind == TaskKind::copy || kind == TaskKind::finish || kind == TaskKind::compare)
      taskClass = TaskClass::work;
    return claim(*store, owner, taskClass, 1).at(0);
  }
  bool complete(const TaskRecord& task, const TaskOutcome& outcome = {}) const {
    bool done = false;
    store->write([&](StoreTransaction& tx) { done = completeTask(tx, task, outcome, settings); });
    return done;
  }
  bool fail(const TaskRecord& task, const Error& error) const {
    bool done = false;
    store->write([&](StoreTransaction& tx) { done = failTask(tx, task, error, settings); });
    return done;
  }
  void reap(const TaskRecord& task, WorkerEnd end) const {
    store->write([&](StoreTransaction& tx) { reapTask(tx, *tx.task(task.id), end, settings); });
  }
  void cancel(const JobRecord& job, TaskKind kind) const {
    store->write([&](StoreTransaction& tx) { tx.cancelTasks(job.id, {kind}); });
  }

  Settings settings;
  const Error passing{Msg::connectionLost, {"10.0.0.1", "gone"}};
  const Error final{Msg::conflict, {"shop.orders", "1", "differs"}};
};

TEST_F(TaskResults, APlanBringsItsTasksAndThePhase) {
  const JobRecord job = add(jobOf("one"), Phase::planning);
  const TaskRecord plan = running(job, TaskKind::plan);
  TaskOutcome outcome;
  outcome.newTasks = {{.kind = TaskKind::copy, .payload = "1", .queryId = {}, .notBefore = 0},
                      {.kind = TaskKind::copy, .payload = "2", .queryId = {}, .notBefore = 0}};
  outcome.also = [](StoreTransaction& tx, JobRecord& record) { tx.setDocument(record.id, "plan", "text"); };
  ASSERT_TRUE(complete(plan, outcome));
  EXPECT_EQ(read(plan).state, TaskState::done);
  EXPECT_EQ(read(job).phase, Phase::copying);
  EXPECT_EQ(store->view().document(job.id, "plan"), "text");
  EXPECT_TRUE(store->view().unfinished(job.id, TaskKind::copy));
}

TEST_F(TaskResults, TheLastCopyBringsTheFinishAndThatTheStream) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  addTask(job, TaskKind::copy);
  addTask(job, TaskKind::copy);
  ASSERT_TRUE(complete(claimed(TaskKind::copy)));
  EXPECT_EQ(read(job).phase, Phase::copying);
  EXPECT_FALSE(store->view().unfinished(job.id, TaskKind::finish));
  TaskOutcome outcome;
  outcome.nextPayload = R"({"x":1})";
  ASSERT_TRUE(complete(claimed(TaskKind::copy), outcome));
  EXPECT_EQ(read(job).phase, Phase::finishing);
  const TaskRecord finish = claimed(TaskKind::finish);
  EXPECT_EQ(finish.payload, R"({"x":1})");
  ASSERT_TRUE(complete(finish));
  EXPECT_EQ(read(job).phase, Phase::streaming);
  EXPECT_EQ(claimed(TaskKind::stream).kind, TaskKind::stream);
}

TEST_F(TaskResults, AFullTransferReplaysThenFinishes) {
  const JobRecord job = add(jobOf("one", "batch", "FULL_TRANS"), Phase::copying);
  ASSERT_TRUE(complete(running(job, TaskKind::copy)));
  EXPECT_EQ(read(job).phase, Phase::copying);
  ASSERT_TRUE(complete(claimed(TaskKind::stream)));
  EXPECT_EQ(read(job).phase, Phase::copying);
  ASSERT_TRUE(complete(claimed(TaskKind::finish)));
  EXPECT_EQ(read(job).phase, Phase::copied);
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_COMPLETE");
}

TEST_F(TaskResults, AFullTransferIsComparedWhenItIsComplete) {
  for (const bool wanted : {true, false}) {
    JobRecord job = jobOf(wanted ? "compared" : "not-compared", "batch", "FULL_TRANS");
    job.compareAtEnd = wanted;
    job = add(job, Phase::copying);
    addTask(job, TaskKind::finish);
    const TaskRecord task = claim(*store, "w", TaskClass::work, 1).at(0);
    store->write([&](StoreTransaction& tx) { EXPECT_TRUE(completeTask(tx, task, {}, settings)); });
    EXPECT_EQ(store->view().job(job.id)->status, "FULL_TRANSFER_COMPLETE");
    const auto comparisons = store->view().comparisons(job.id, {});
    EXPECT_EQ(comparisons.total, wanted ? 1 : 0);
    EXPECT_EQ(store->view().unfinished(job.id, TaskKind::compare), wanted);
    for (const CompareRecord& comparison : comparisons.items) EXPECT_EQ(comparison.type, CompareType::lines);
    store->write([&](StoreTransaction& tx) { tx.cancelTasks(job.id, {TaskKind::compare}); });
  }
}

TEST_F(TaskResults, AConnectionThatFailedIsNamedOnce) {
  JobRecord job = jobOf("one");
  job.networkResults = {{"10.0.0.1", false, "DRS.M00300", "No connection to source 10.0.0.1:3306: refused"}};
  EXPECT_EQ(whyNotValid(job)->text(),
            "The pre-check failed: connection test: No connection to source 10.0.0.1:3306: refused");
}

TEST_F(TaskResults, NobodyFinishesWhatAnotherOwns) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  const TaskRecord mine = running(job, TaskKind::copy);
  reap(mine, WorkerEnd::unknown);
  const TaskRecord theirs = claimed(TaskKind::copy, "other");
  TaskOutcome outcome;
  outcome.also = [](StoreTransaction& tx, JobRecord& record) { tx.setDocument(record.id, "x", "y"); };
  EXPECT_FALSE(complete(mine, outcome));
  EXPECT_FALSE(fail(mine, final));
  EXPECT_FALSE(store->view().document(job.id, "x"));
  EXPECT_FALSE(read(job).fault);
  EXPECT_EQ(read(theirs).owner, "other");
  EXPECT_TRUE(complete(theirs));
}

TEST_F(TaskResults, ACancelledTaskHasNoResult) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  for (int way = 0; way < 4; ++way) {
    const TaskRecord task = running(job, TaskKind::copy);
    cancel(job, TaskKind::copy);
    TaskOutcome outcome;
    outcome.also = [](StoreTransaction& tx, JobRecord& record) { tx.setDocument(record.id, "x", "y"); };
    if (way == 0) {
      EXPECT_TRUE(complete(task, outcome));
    }
    if (way == 1) {
      EXPECT_TRUE(fail(task, final));
    }
    if (way == 2) store->write([&](StoreTransaction& tx) { EXPECT_TRUE(releaseTask(tx, task, 0)); });
    if (way == 3) reap(task, WorkerEnd::crashed);
    EXPECT_EQ(read(task).state, TaskState::cancelled) << way;
  }
  EXPECT_FALSE(store->view().document(job.id, "x"));
  EXPECT_EQ(read(job).phase, Phase::copying);
  EXPECT_FALSE(read(job).fault);
}

TEST_F(TaskResults, WhatMayPassIsTriedAgainLaterAndLater) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  settings.retryLimit = 3;
  TaskRecord task = running(job, TaskKind::stream);
  UnixMillis before = 0;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(fail(task, passing));
    EXPECT_EQ(read(task).state, TaskState::pending);
    EXPECT_EQ(read(task).attempts, attempt);
    const UnixMillis pause = read(task).notBefore - clock->now();
    EXPECT_GT(pause, before);
    before = pause;
    EXPECT_FALSE(read(job).fault);
    clock->advance(std::chrono::milliseconds(pause));
    task = claimed(TaskKind::stream);
  }
  ASSERT_TRUE(fail(task, passing));
  EXPECT_EQ(read(job).status, "INCRE_TRANSFER_FAILED");
  EXPECT_EQ(read(job).fault->symbol, "connectionLost");
  EXPECT_TRUE(claim(*store, "w", TaskClass::stream, 1).empty());
  EXPECT_EQ(store->view().events(job.id, EventLevel::warn, {}).total, 3);
}

TEST_F(TaskResults, WhatNeedsSomebodyIsAFaultAtOnce) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  const TaskRecord task = running(job, TaskKind::stream);
  ASSERT_TRUE(fail(task, final));
  EXPECT_EQ(read(job).fault->symbol, "conflict");
  EXPECT_TRUE(read(job).drained);
  EXPECT_EQ(read(task).state, TaskState::pending) << "a resume goes on with it";
}

TEST_F(TaskResults, TheFirstFaultStands) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  const TaskRecord a = running(job, TaskKind::copy);
  const TaskRecord b = running(job, TaskKind::copy);
  ASSERT_TRUE(fail(a, final));
  EXPECT_FALSE(read(job).drained) << "the other one still runs";
  ASSERT_TRUE(fail(b, Error(Msg::accessDenied, {"10.0.0.1", "no"})));
  EXPECT_EQ(read(job).fault->symbol, "conflict");
  EXPECT_TRUE(read(job).drained);
}

TEST_F(TaskResults, AFencedRunIsOnlyALostLease) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  const TaskRecord task = running(job, TaskKind::stream);
  ASSERT_TRUE(fail(task, Error(Msg::fenced, {"the job"})));
  EXPECT_FALSE(read(job).fault);
  EXPECT_EQ(read(task).state, TaskState::pending);
  EXPECT_EQ(store->view().events(job.id, std::nullopt, {}).total, 0);
  clock->advance(std::chrono::seconds(1));
  TaskRecord again = claimed(TaskKind::stream);
  again.attempts = settings.retryLimit;
  ASSERT_TRUE(fail(again, Error(Msg::fenced, {"the job"})));
  EXPECT_EQ(read(job).fault->symbol, "fenced") << "but not for ever";
}

TEST_F(TaskResults, AQueryAnswersItsFailure) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  QueryRecord query;
  query.id = "q";
  query.jobId = job.id;
  store->write([&](StoreTransaction& tx) {
    tx.insert(query);
    tx.insert(job.id, {.kind = TaskKind::position, .payload = "{}", .queryId = "q", .notBefore = 0});
  });
  ASSERT_TRUE(fail(claimed(TaskKind::position), passing));
  EXPECT_EQ(store->view().query("q")->state, QueryState::failed);
  EXPECT_EQ(store->view().query("q")->fault->symbol, "connectionLost");
  EXPECT_FALSE(read(job).fault);
  EXPECT_TRUE(claim(*store, "w", TaskClass::brief, 1).empty());
}

TEST_F(TaskResults, AFailedComparisonIsNoFaultOfTheJob) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  CompareRecord comparison;
  comparison.id = "c";
  comparison.jobId = job.id;
  store->write([&](StoreTransaction& tx) {
    tx.insert(comparison);
    tx.insert(job.id, {.kind = TaskKind::compare, .payload = "{}", .queryId = "c", .notBefore = 0});
  });
  ASSERT_TRUE(fail(claimed(TaskKind::compare), final));
  EXPECT_EQ(store->view().comparison("c")->state, CompareState::failed);
  EXPECT_THAT(store->view().comparison("c")->error, HasSubstr("Conflict"));
  EXPECT_FALSE(read(job).fault);
}

// ---- validation ----

PrecheckRow item(const std::string& name, PrecheckRow::Result result, bool skippable = false) {
  return {.item = name,
          .result = result,
          .group = "g",
          .reason = "because",
          .rawError = "",
          .skippable = skippable,
          .skipped = false};
}

TaskOutcome validated(std::vector<NetworkRow> network, std::vector<PrecheckRow> items) {
  TaskOutcome outcome;
  outcome.also = [network, items](StoreTransaction&, JobRecord& job) {
    job.networkResults = network;
    job.precheck = {.process = 100, .items = items};
  };
  return outcome;
}

TEST_F(TaskResults, ADraftIsValidWhenAllAnsweredAndNothingFailed) {
  const JobRecord job = add(jobOf("one"), Phase::draft);
  ASSERT_TRUE(complete(running(job, TaskKind::validate),
                       validated({{"10.0.0.1", true, "", ""}}, {item("a", PrecheckRow::Result::alarm)})));
  EXPECT_EQ(read(job).validation, Validation::passed);
  EXPECT_FALSE(read(job).fault);

  ASSERT_TRUE(
      complete(running(job, TaskKind::validate), validated({{"10.0.0.1", false, "DRS.M00300", "refused"}}, {})));
  EXPECT_EQ(read(job).validation, Validation::failed);
  EXPECT_THAT(read(job).fault->text, HasSubstr("10.0.0.1"));

  ASSERT_TRUE(complete(running(job, TaskKind::validate),
                       validated({}, {item("srcDbBinlogIsOff", PrecheckRow::Result::failed, true)})));
  EXPECT_EQ(read(job).validation, Validation::failed);
  EXPECT_THAT(read(job).fault->text, HasSubstr("srcDbBinlogIsOff: because"));
}

TEST_F(TaskResults, SkippedItemsStaySkippedWhenTheCheckRunsAgain) {
  JobRecord record = jobOf("one");
  record.skippedItems = {"soft", "hard"};
  const JobRecord job = add(record, Phase::draft);
  ASSERT_TRUE(
      complete(running(job, TaskKind::validate), validated({}, {item("soft", PrecheckRow::Result::failed, true)})));
  EXPECT_EQ(read(job).validation, Validation::passed);
  EXPECT_TRUE(read(job).precheck.items.at(0).skipped);
  ASSERT_TRUE(
      complete(running(job, TaskKind::validate), validated({}, {item("hard", PrecheckRow::Result::failed, false)})));
  EXPECT_EQ(read(job).validation, Validation::failed) << "what must not be skipped is not";
}

TEST_F(TaskResults, AnErrorOfTheValidationFailsTheDraft) {
  const JobRecord job = add(jobOf("one"), Phase::draft);
  ASSERT_TRUE(fail(running(job, TaskKind::validate), Error(Msg::unknownInstance, {"inst-1"})));
  EXPECT_EQ(read(job).validation, Validation::failed);
  EXPECT_EQ(read(job).fault->symbol, "unknownInstance");
  EXPECT_EQ(read(job).status, "CONFIGURATION");
}

// ---- deaths ----

TEST_F(TaskResults, ATaskThatCrashesItsWorkerThreeTimesIsAFault) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  TaskRecord task = running(job, TaskKind::copy);
  for (int death = 1; death < settings.poisonLimit; ++death) {
    reap(task, WorkerEnd::crashed);
    EXPECT_FALSE(read(job).fault) << death;
    EXPECT_EQ(read(task).deaths, death);
    task = claimed(TaskKind::copy);
  }
  reap(task, WorkerEnd::crashed);
  EXPECT_EQ(read(job).fault->symbol, "taskPoisonous");
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_FAILED");
  EXPECT_THAT(read(job).fault->text, HasSubstr("3 times"));
  EXPECT_TRUE(claim(*store, "w", TaskClass::work, 1).empty()) << "no fourth try";
  store->write([&](StoreTransaction& tx) {
    JobRecord record = *tx.job(job.id);
    tx.forgetFailures(job.id);
    Lifecycle(tx).clearFault(record);
  });
  EXPECT_EQ(claimed(TaskKind::copy).deaths, 0) << "a resume gives it all its tries";
}

TEST_F(TaskResults, AWorkerThatIsKilledFromOutsideIsNotTheTasksFault) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  TaskRecord task = running(job, TaskKind::copy);
  for (int death = 1; death < 5 * settings.poisonLimit; ++death) {
    reap(task, WorkerEnd::unknown);
    ASSERT_FALSE(read(job).fault) << death;
    task = claimed(TaskKind::copy);
  }
  reap(task, WorkerEnd::unknown);
  EXPECT_EQ(read(job).fault->symbol, "taskPoisonous") << "but not for ever";
}

TEST_F(TaskResults, ProgressBetweenDeathsClearsTheTask) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  TaskRecord task = running(job, TaskKind::stream);
  for (int death = 0; death < 10; ++death) {
    task.place = "p" + std::to_string(death / 2);
    store->saveProgress({task});
    reap(task, WorkerEnd::crashed);
    ASSERT_FALSE(read(job).fault) << death;
    task = claimed(TaskKind::stream);
  }
}

TEST_F(TaskResults, ALeaseThatWasLostByALivingWorkerIsNoDeath) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  const TaskRecord task = running(job, TaskKind::copy);
  reap(task, WorkerEnd::alive);
  EXPECT_EQ(read(task).deaths, 0);
  EXPECT_EQ(read(task).state, TaskState::pending);
}

TEST_F(TaskResults, AFinishedRunForgetsTheDeaths) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  TaskRecord task = running(job, TaskKind::copy);
  reap(task, WorkerEnd::crashed);
  task = claimed(TaskKind::copy);
  store->write([&](StoreTransaction& tx) { EXPECT_TRUE(releaseTask(tx, task, 0)); });
  EXPECT_EQ(read(task).deaths, 0);
}

TEST_F(TaskResults, TheDeathOfTheLastRunnerCompletesAPause) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  const TaskRecord task = running(job, TaskKind::copy);
  store->write([&](StoreTransaction& tx) {
    JobRecord record = *tx.job(job.id);
    Lifecycle(tx).want(record, Desired::pause);
  });
  reap(task, WorkerEnd::unknown);
  EXPECT_EQ(read(job).status, "PAUSING");
}

// ---- target tables ----

TaskOutcome planOf(const std::string& database, const std::string& table) {
  TaskOutcome outcome;
  outcome.also = [=](StoreTransaction& tx, JobRecord& job) {
    tx.replaceTables(job.id, {{0, "shop", table, database, table, 0, 0, 0, 0, 1, 0}});
  };
  outcome.newTasks = {{.kind = TaskKind::copy, .payload = "{}", .queryId = {}, .notBefore = 0}};
  return outcome;
}

TEST_F(TaskResults, TwoJobsDoNotPlanOneTargetTable) {
  const JobRecord a = add(jobOf("a"), Phase::planning);
  const JobRecord b = add(jobOf("b"), Phase::planning);
  ASSERT_TRUE(complete(running(a, TaskKind::plan), planOf("copy", "orders")));
  const TaskRecord plan = running(b, TaskKind::plan);
  try {
    (void)complete(plan, planOf("copy", "Orders"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::targetTaken);
    EXPECT_THAT(error.text(), HasSubstr("copy.orders"));
    EXPECT_THAT(error.text(), HasSubstr("task a"));
  }
  EXPECT_EQ(store->view().tables(b.id, "", {}).total, 0) << "nothing of the refused plan is stored";
  EXPECT_TRUE(complete(plan, planOf("copy", "customers")));
}

TEST_F(TaskResults, ManyToOneJobsMayShareATable) {
  const auto shared = [&](const std::string& name) {
    JobRecord job = jobOf(name);
    JobSpec spec = specOf(name);
    spec.policyConfig.dataSyncTopologyType = "many2one";
    job.spec = std::make_shared<const JobSpec>(spec);
    return add(job, Phase::planning);
  };
  EXPECT_TRUE(complete(running(shared("a"), TaskKind::plan), planOf("copy", "orders")));
  EXPECT_TRUE(complete(running(shared("b"), TaskKind::plan), planOf("copy", "orders")));
}

TEST_F(TaskResults, AnEndedJobFreesItsTables) {
  const JobRecord a = add(jobOf("a"), Phase::planning);
  ASSERT_TRUE(complete(running(a, TaskKind::plan), planOf("copy", "orders")));
  store->write([&](StoreTransaction& tx) {
    JobRecord record = *tx.job(a.id);
    Lifecycle(tx).end(record, false);
  });
  ASSERT_TRUE(complete(claimed(TaskKind::end)));
  EXPECT_EQ(read(a).status, "RELEASE_RESOURCE_COMPLETE");
  EXPECT_TRUE(store->view().tasks(a.id).empty());
  const JobRecord b = add(jobOf("b"), Phase::planning);
  EXPECT_TRUE(complete(running(b, TaskKind::plan), planOf("copy", "orders")));
}

TEST(RetryDelay, DoublesUpToTheMostAndVaries) {
  EXPECT_EQ(retryDelay(0, 60, 200), 1000);
  EXPECT_EQ(retryDelay(0, 60, 0), 800);
  EXPECT_EQ(retryDelay(0, 60, 400), 1200);
  EXPECT_EQ(retryDelay(3, 60, 1600), 8000);
  EXPECT_LE(retryDelay(19, 60, 987654321), 72'000);
  EXPECT_GE(retryDelay(1000, 60, 5), 48'000);
}

}  // namespace
}  // namespace drs
