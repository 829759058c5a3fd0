#include "job/lifecycle.h"

#include "base/error.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace drs {
namespace {

using testing::jobOf;
using ::testing::SizeIs;

const std::vector<Phase> kPhases = {Phase::creating, Phase::draft,         Phase::scheduled, Phase::planning,
                                    Phase::copying,  Phase::finishing,     Phase::copied,    Phase::streaming,
                                    Phase::editing,  Phase::switchingOver, Phase::ending,    Phase::ended,
                                    Phase::deleted};

// ---- status: the table of docs/architecture.md, cell by cell ----

struct StatusCase {
  Phase phase;
  const char *running, *draining, *paused, *faulted, *faultedAndPaused;
};

TEST(Status, IsTheTableOfTheArchitecture) {
  const std::vector<StatusCase> table = {
      {Phase::creating, "CREATING", "CREATING", "CREATING", "CREATE_FAILED", "CREATE_FAILED"},
      {Phase::draft, "CONFIGURATION", "CONFIGURATION", "CONFIGURATION", "CONFIGURATION", "CONFIGURATION"},
      {Phase::scheduled, "WAITING_FOR_START", "WAITING_FOR_START", "WAITING_FOR_START", "WAITING_FOR_START",
       "WAITING_FOR_START"},
      {Phase::planning, "STARTJOBING", "STARTJOBING", "PAUSING", "START_JOB_FAILED", "START_JOB_FAILED"},
      {Phase::copying, "FULL_TRANSFER_STARTED", "FULL_TRANSFER_STARTED", "PAUSING", "FULL_TRANSFER_FAILED",
       "FULL_TRANSFER_FAILED"},
      {Phase::finishing, "FULL_TRANSFER_COMPLETE", "FULL_TRANSFER_COMPLETE", "PAUSING", "FULL_TRANSFER_FAILED",
       "FULL_TRANSFER_FAILED"},
      {Phase::copied, "FULL_TRANSFER_COMPLETE", "FULL_TRANSFER_COMPLETE", "PAUSING", "FULL_TRANSFER_FAILED",
       "FULL_TRANSFER_FAILED"},
      {Phase::streaming, "INCRE_TRANSFER_STARTED", "INCRE_TRANSFER_STARTED", "PAUSING", "INCRE_TRANSFER_FAILED",
       "INCRE_TRANSFER_FAILED"},
      {Phase::editing, "CHANGE_JOB_STARTED", "CHANGE_JOB_STARTED", "CHANGE_JOB_STARTED", "CHANGE_JOB_FAILED",
       "CHANGE_JOB_FAILED"},
      {Phase::switchingOver, "INCRE_TRANSFER_STARTED", "INCRE_TRANSFER_STARTED", "PAUSING", "INCRE_TRANSFER_FAILED",
       "INCRE_TRANSFER_FAILED"},
      {Phase::ending, "RELEASE_RESOURCE_STARTED", "RELEASE_RESOURCE_STARTED", "RELEASE_RESOURCE_STARTED",
       "RELEASE_RESOURCE_FAILED", "RELEASE_RESOURCE_FAILED"},
      {Phase::ended, "RELEASE_RESOURCE_COMPLETE", "RELEASE_RESOURCE_COMPLETE", "RELEASE_RESOURCE_COMPLETE",
       "RELEASE_RESOURCE_COMPLETE", "RELEASE_RESOURCE_COMPLETE"},
      {Phase::deleted, "DELETED", "DELETED", "DELETED", "DELETED", "DELETED"},
  };
  ASSERT_EQ(table.size(), kPhases.size());
  for (const StatusCase& row : table) {
    SCOPED_TRACE(toText(row.phase));
    for (const bool drained : {false, true}) {
      EXPECT_EQ(apiStatus(row.phase, Desired::run, false, drained), row.running);
      EXPECT_EQ(apiStatus(row.phase, Desired::end, false, drained), row.running);
      EXPECT_EQ(apiStatus(row.phase, Desired::run, true, drained), row.faulted);
      EXPECT_EQ(apiStatus(row.phase, Desired::end, true, drained), row.faulted);
      EXPECT_EQ(apiStatus(row.phase, Desired::pause, true, drained), row.faultedAndPaused);
    }
    EXPECT_EQ(apiStatus(row.phase, Desired::pause, false, false), row.draining);
    EXPECT_EQ(apiStatus(row.phase, Desired::pause, false, true), row.paused);
  }
}

TEST(Status, ListsEveryStatusOnce) {
  std::set<std::string_view> produced;
  for (const Phase phase : kPhases) {
    for (const Desired desired : {Desired::run, Desired::pause, Desired::end}) {
      for (const bool fault : {false, true}) {
        for (const bool drained : {false, true}) produced.insert(apiStatus(phase, desired, fault, drained));
      }
    }
  }
  const std::set<std::string_view> listed(apiStatuses().begin(), apiStatuses().end());
  EXPECT_EQ(listed, produced);
  EXPECT_EQ(listed.size(), apiStatuses().size());
}

// ---- actions: every state of a job against every action ----

/// The states that differ for an action, by name.
struct State {
  std::string name;
  JobRecord job;
};

std::vector<State> allStates() {
  std::vector<State> out;
  for (const Phase phase : kPhases) {
    for (const Validation validation : {Validation::running, Validation::failed, Validation::passed}) {
      for (const bool paused : {false, true}) {
        for (const bool fault : {false, true}) {
          for (const bool drained : {false, true}) {
            JobRecord job;
            job.id = "job";
            job.phase = phase;
            job.validation = validation;
            job.desired = paused ? Desired::pause : Desired::run;
            if (fault) job.fault = Fault{};
            job.drained = drained;
            job.status = apiStatus(phase, job.desired, fault, drained);
            std::ostringstream name;
            name << toText(phase) << " " << toText(validation) << (paused ? " paused" : "") << (fault ? " fault" : "")
                 << (drained ? " drained" : "");
            out.push_back({name.str(), job});
          }
        }
      }
    }
  }
  return out;
}

bool works(Phase phase) {
  static const std::set<Phase> working = {Phase::planning,  Phase::copying, Phase::finishing,    Phase::copied,
                                          Phase::streaming, Phase::editing, Phase::switchingOver};
  return working.contains(phase);
}

/// What the documents say, in words: "no", "busy" or the phase behind the action. Written apart from decide().
std::string expected(JobAction action, const JobRecord& job) {
  const bool draft = job.phase == Phase::draft;
  const bool paused = job.desired == Desired::pause;
  const bool stopped = paused || job.fault;
  const std::string same(toText(job.phase));
  const bool alive = draft || job.phase == Phase::scheduled || works(job.phase);
  const bool cutsOver = job.phase == Phase::switchingOver;
  switch (action) {
    case JobAction::edit:
      return draft ? "draft" : "no";
    case JobAction::commit:
      return draft && job.validation == Validation::passed ? "creating" : "no";
    case JobAction::skipPrecheck:
      return !draft ? "no" : job.validation == Validation::running ? "busy" : "draft";
    case JobAction::start:
      if (draft) return job.validation == Validation::passed ? "creating" : "no";
      return job.phase == Phase::scheduled ? "planning" : "no";
    case JobAction::pause:
      if (cutsOver) return "busy";
      if (!works(job.phase)) return "no";
      if (paused && !job.fault) return job.drained ? "no" : "busy";
      return same;
    case JobAction::resume:
      if (cutsOver) return "busy";
      return works(job.phase) && stopped ? same : "no";
    case JobAction::reset:
      if (cutsOver) return "busy";
      if (!works(job.phase) || !stopped) return "no";
      return job.drained ? "planning" : "busy";
    case JobAction::end:
    case JobAction::forceEnd:
      if (cutsOver) return action == JobAction::forceEnd ? "ending" : "busy";
      if (draft || job.phase == Phase::scheduled) return "ended";
      if (job.phase == Phase::creating) return job.fault ? "ended" : "no";
      if (job.phase == Phase::ending) return job.fault || action == JobAction::forceEnd ? "ending" : "busy";
      return works(job.phase) ? "ending" : "no";
    case JobAction::remove:
      return draft || job.phase == Phase::ended || (job.phase == Phase::creating && job.fault) ? "deleted" : "no";
    case JobAction::precheck:
      if (draft && job.validation == Validation::running) return "busy";
      return alive ? same : "no";
    case JobAction::testNetwork:
    case JobAction::collectPosition:
    case JobAction::collectObjects:
    case JobAction::limitSpeed:
      return alive ? same : "no";
    case JobAction::setStartPosition:
      if (draft || job.phase == Phase::scheduled) return same;
      if (job.phase != Phase::planning || !stopped) return "no";
      return job.drained ? same : "busy";
    case JobAction::createCompare:
      return job.phase == Phase::copied || job.phase == Phase::streaming ? same : "no";
    case JobAction::cutOver:
      if (cutsOver) return "busy";
      return job.phase == Phase::streaming && !stopped ? "switchingOver" : "no";
    case JobAction::cancelCutover:
      return cutsOver ? same : "no";
  }
  return "?";
}

TEST(Decisions, AreMadeForEveryActionInEveryState) {
  std::size_t checked = 0;
  for (const State& state : allStates()) {
    for (const JobAction action : allJobActions()) {
      SCOPED_TRACE(std::string(toText(action)) + " in " + state.name);
      const Decision decision = decide(action, state.job);
      std::string actual = "no";
      if (decision.kind == Decision::Kind::busy) actual = "busy";
      if (decision.kind == Decision::Kind::allowed) actual = toText(decision.next);
      EXPECT_EQ(actual, expected(action, state.job));
      ++checked;
    }
  }
  EXPECT_EQ(checked, kPhases.size() * 3 * 2 * 2 * 2 * 19);
}

// The states in which real clients send their actions (v5-endpoints.md 2.6).
TEST(Decisions, AllowWhatRealClientsDo) {
  const std::map<JobAction, std::set<std::string>> sent = {
      {JobAction::start, {"CONFIGURATION", "WAITING_FOR_START"}},
      {JobAction::pause,
       {"FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "INCRE_TRANSFER_STARTED", "FULL_TRANSFER_FAILED",
        "INCRE_TRANSFER_FAILED"}},
      {JobAction::resume, {"PAUSING", "FULL_TRANSFER_FAILED", "INCRE_TRANSFER_FAILED", "START_JOB_FAILED"}},
      {JobAction::reset, {"FULL_TRANSFER_FAILED", "INCRE_TRANSFER_FAILED"}},
      {JobAction::remove, {"RELEASE_RESOURCE_COMPLETE"}},
  };
  for (const State& state : allStates()) {
    if (state.job.validation != Validation::passed || !state.job.drained) continue;
    if (state.job.phase == Phase::switchingOver) continue;  // its own time: others wait
    if (state.job.phase == Phase::draft && (state.job.fault || state.job.desired == Desired::pause))
      continue;  // does not occur
    for (const auto& [action, statuses] : sent) {
      if (!statuses.contains(state.job.status)) continue;
      EXPECT_EQ(decide(action, state.job).kind, Decision::Kind::allowed) << toText(action) << " in " << state.name;
    }
  }
}

TEST(Decisions, AreRefusedByCodeAndReason) {
  JobRecord job;
  job.id = "job-1";
  job.phase = Phase::streaming;
  job.status = "INCRE_TRANSFER_STARTED";
  try {
    (void)require(JobAction::resume, job);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::wrongState);
    EXPECT_EQ(error.text(), "resuming is not possible while the status is INCRE_TRANSFER_STARTED");
  }
  job.desired = Desired::pause;
  job.drained = false;
  try {
    (void)require(JobAction::pause, job);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::busy);
  }
  EXPECT_EQ(require(JobAction::end, job), Phase::ending);
}

// ---- steps ----

TEST(Steps, FollowTheTaskType) {
  struct Case {
    TaskKind done;
    const char* type;
    bool open;
    std::optional<Phase> phase;
    std::optional<TaskKind> task;
  };
  const std::vector<Case> cases = {
      {TaskKind::plan, "FULL_INCR_TRANS", true, Phase::copying, std::nullopt},
      {TaskKind::plan, "FULL_INCR_TRANS", false, Phase::finishing, TaskKind::finish},
      {TaskKind::plan, "FULL_TRANS", true, Phase::copying, std::nullopt},
      {TaskKind::plan, "FULL_TRANS", false, Phase::copying, TaskKind::stream},
      {TaskKind::plan, "INCR_TRANS", false, Phase::streaming, TaskKind::stream},
      {TaskKind::copy, "FULL_INCR_TRANS", true, std::nullopt, std::nullopt},
      {TaskKind::copy, "FULL_INCR_TRANS", false, Phase::finishing, TaskKind::finish},
      {TaskKind::copy, "FULL_TRANS", true, std::nullopt, std::nullopt},
      {TaskKind::copy, "FULL_TRANS", false, std::nullopt, TaskKind::stream},
      {TaskKind::finish, "FULL_INCR_TRANS", false, Phase::streaming, TaskKind::stream},
      {TaskKind::finish, "FULL_TRANS", false, Phase::copied, std::nullopt},
      {TaskKind::stream, "FULL_INCR_TRANS", false, std::nullopt, std::nullopt},
      {TaskKind::stream, "INCR_TRANS", false, std::nullopt, std::nullopt},
      {TaskKind::stream, "FULL_TRANS", false, std::nullopt, TaskKind::finish},
      {TaskKind::lane, "FULL_TRANS", true, std::nullopt, std::nullopt},
      {TaskKind::lane, "FULL_TRANS", false, Phase::copied, std::nullopt},
      {TaskKind::reset, "FULL_INCR_TRANS", false, std::nullopt, TaskKind::plan},
      {TaskKind::end, "FULL_INCR_TRANS", false, Phase::ended, std::nullopt},
      {TaskKind::network, "FULL_INCR_TRANS", false, std::nullopt, std::nullopt},
      {TaskKind::compare, "FULL_INCR_TRANS", false, std::nullopt, std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(toText(c.done)) + " " + c.type + (c.open ? " open" : ""));
    const Step step = nextStep(c.done, c.type, c.open);
    EXPECT_EQ(step.phase, c.phase);
    EXPECT_EQ(step.task, c.task);
  }
}

// ---- moves ----

class Moves : public testing::StoreTest {
 protected:
  [[nodiscard]] JobRecord read(const JobRecord& job) const { return *store->view().job(job.id); }
  void with(const JobRecord& job, const std::function<void(Lifecycle&, JobRecord&)>& body) const {
    store->write([&](StoreTransaction& tx) {
      JobRecord record = *tx.job(job.id);
      Lifecycle life(tx);
      body(life, record);
    });
  }
};

TEST_F(Moves, SetStatusTimesAndALogLine) {
  const JobRecord job = add(jobOf("one"), Phase::planning);
  clock->advance(std::chrono::seconds(3));
  with(job, [](Lifecycle& life, JobRecord& record) { life.move(record, Phase::copying, "ops"); });
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_STARTED");
  EXPECT_EQ(read(job).copyStartedMillis, clock->now());
  EXPECT_EQ(read(job).updateMillis, clock->now());
  const auto events = store->view().events(job.id, std::nullopt, {});
  ASSERT_EQ(events.total, 1);
  EXPECT_EQ(events.items[0].message, "The full copy begins (FULL_TRANSFER_STARTED)");
  EXPECT_EQ(events.items[0].userName, "ops");
  clock->advance(std::chrono::seconds(3));
  with(job, [](Lifecycle& life, JobRecord& record) { life.move(record, Phase::streaming); });
  EXPECT_EQ(read(job).copyEndedMillis, clock->now());
  EXPECT_EQ(read(job).streamStartedMillis, clock->now());
  EXPECT_EQ(read(job).copyStartedMillis, clock->now() - 3000);
}

TEST_F(Moves, APauseIsCompleteWhenTheLastTaskHasDrained) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  addTask(job, TaskKind::copy);
  TaskRecord task = claim(*store, "w", TaskClass::work, 1).at(0);
  with(job, [](Lifecycle& life, JobRecord& record) { life.want(record, Desired::pause); });
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_STARTED");
  with(job, [](Lifecycle& life, JobRecord& record) { life.noteDrained(record); });
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_STARTED");
  task.state = TaskState::pending;
  store->write([&](StoreTransaction& tx) { EXPECT_TRUE(tx.update(task)); });
  with(job, [](Lifecycle& life, JobRecord& record) { life.noteDrained(record); });
  EXPECT_EQ(read(job).status, "PAUSING");
  with(job, [](Lifecycle& life, JobRecord& record) { life.want(record, Desired::run); });
  EXPECT_EQ(read(job).status, "FULL_TRANSFER_STARTED");
}

TEST_F(Moves, APauseWithoutRunningTasksIsCompleteAtOnce) {
  const JobRecord job = add(jobOf("one"), Phase::copied);
  with(job, [](Lifecycle& life, JobRecord& record) { life.want(record, Desired::pause); });
  EXPECT_EQ(read(job).status, "PAUSING");
}

TEST_F(Moves, AFaultIsLoggedWithRemedyAndCode) {
  const JobRecord job = add(jobOf("one"), Phase::streaming);
  with(job, [](Lifecycle& life, JobRecord& record) {
    life.fault(record, faultOf(Error(Msg::logPurged, {"b.1", "gone"}), 5));
  });
  EXPECT_EQ(read(job).status, "INCRE_TRANSFER_FAILED");
  EXPECT_EQ(read(job).fault->symbol, "logPurged");
  const auto events = store->view().events(job.id, EventLevel::error, {});
  ASSERT_EQ(events.total, 1);
  EXPECT_THAT(events.items[0].message, ::testing::HasSubstr("Reset the task"));
  with(job, [](Lifecycle& life, JobRecord& record) { life.clearFault(record); });
  EXPECT_EQ(read(job).status, "INCRE_TRANSFER_STARTED");
}

TEST_F(Moves, EveryPlanHasANumberOfItsOwn) {
  const JobRecord job = add(jobOf("one"), Phase::scheduled);
  with(job, [](Lifecycle& life, JobRecord& record) { life.begin(record); });
  EXPECT_EQ(read(job).plan, 1U);
  EXPECT_EQ(read(job).phase, Phase::planning);
  with(job, [](Lifecycle& life, JobRecord& record) {
    life.create(record, {.kind = TaskKind::plan, .payload = "{}", .queryId = {}, .notBefore = 0});
  });
  EXPECT_EQ(read(job).plan, 2U);
  with(job, [](Lifecycle& life, JobRecord& record) {
    life.create(record, {.kind = TaskKind::stream, .payload = "{}", .queryId = {}, .notBefore = 0});
  });
  EXPECT_EQ(read(job).plan, 2U);
}

TEST_F(Moves, EndingCancelsEverythingElse) {
  const JobRecord job = add(jobOf("one"), Phase::copying);
  addTask(job, TaskKind::copy);
  addTask(job, TaskKind::copy);
  const TaskRecord running = claim(*store, "w", TaskClass::work, 1).at(0);
  with(job, [](Lifecycle& life, JobRecord& record) { life.end(record, true); });
  EXPECT_EQ(read(job).status, "RELEASE_RESOURCE_STARTED");
  EXPECT_TRUE(store->view().task(running.id)->cancel);
  int pending = 0;
  for (const TaskRecord& task : store->view().tasks(job.id)) {
    if (task.state != TaskState::pending) continue;
    ++pending;
    EXPECT_EQ(task.kind, TaskKind::end);
    EXPECT_EQ(task.payload, R"({"force":true})");
  }
  EXPECT_EQ(pending, 1);
}

TEST_F(Moves, ADraftEndsWithoutATask) {
  const JobRecord job = add(jobOf("one"), Phase::draft);
  with(job, [](Lifecycle& life, JobRecord& record) { life.end(record, false); });
  EXPECT_EQ(read(job).status, "RELEASE_RESOURCE_COMPLETE");
  EXPECT_TRUE(store->view().tasks(job.id).empty());
}

TEST_F(Moves, TheStatusOfABatchFollowsItsJobs) {
  BatchRecord batch;
  batch.id = "batch";
  store->write([&](StoreTransaction& tx) { tx.insert(batch); });
  const JobRecord a = add(jobOf("a"), Phase::draft);
  const JobRecord b = add(jobOf("b"), Phase::draft);
  const auto status = [&] { return store->view().batch("batch")->status; };
  const auto validated = [&](const JobRecord& job, Validation result) {
    with(job, [&](Lifecycle& life, JobRecord& record) {
      life.validated(record, result, result == Validation::failed ? std::optional(Fault{}) : std::nullopt);
    });
  };
  validated(a, Validation::failed);
  EXPECT_EQ(status(), BatchStatus::validating);
  EXPECT_EQ(read(a).status, "CONFIGURATION");
  EXPECT_TRUE(read(a).fault);
  validated(b, Validation::passed);
  EXPECT_EQ(status(), BatchStatus::validateFailed);
  validated(a, Validation::passed);
  EXPECT_EQ(status(), BatchStatus::validateSuccess);
  EXPECT_FALSE(read(a).fault);
  batch.status = BatchStatus::committed;
  store->write([&](StoreTransaction& tx) { tx.update(batch); });
  validated(a, Validation::failed);
  EXPECT_EQ(status(), BatchStatus::committed);
}

}  // namespace
}  // namespace drs
