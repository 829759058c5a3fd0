#include "job/job_service.h"

#include "base/error.h"
#include "crypto/master_key.h"
#include "job/object_store.h"
#include "job/task_results.h"
#include "store/records_json.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::specOf;

JobSpec plainSpec(const std::string& name, const std::string& taskType = "FULL_INCR_TRANS") {
  JobSpec spec = specOf(name, taskType, name);
  spec.sourceEndpoint[0].endpoint.dbPassword = Secret{"source-password", false};
  spec.targetEndpoint[0].endpoint.dbPassword = Secret{"target-password", false};
  return spec;
}

/// The service without a worker: tasks end when the test says so.
class JobServiceTest : public testing::StoreTest {
 protected:
  JobServiceTest() : service(*store, sealer, settings) {}

  /// Lets the oldest pending task of the kind be claimed and end well.
  void finish(TaskKind kind, const TaskOutcome& outcome = {}) {
    for (const TaskClass taskClass : {TaskClass::brief, TaskClass::stream, TaskClass::work}) {
      for (const TaskRecord& task : claim(*store, "w", taskClass, 100)) {
        store->write([&](StoreTransaction& tx) {
          if (task.kind == kind) {
            EXPECT_TRUE(completeTask(tx, task, outcome, settings));
          } else {
            EXPECT_TRUE(releaseTask(tx, task, 0));
          }
        });
      }
    }
  }
  void validate(const std::string& failed = "", bool skippable = false) {
    TaskOutcome outcome;
    outcome.also = [=](StoreTransaction&, JobRecord& job) {
      job.networkResults = {{"10.0.0.1", true, "", ""}};
      job.precheck = {.process = 100, .items = {}};
      if (!failed.empty()) {
        job.precheck.items = {{.item = failed,
                               .result = PrecheckRow::Result::failed,
                               .group = "",
                               .reason = "why",
                               .rawError = "",
                               .skippable = skippable,
                               .skipped = false}};
      }
    };
    finish(TaskKind::validate, outcome);
  }
  std::string create(const std::vector<JobSpec>& specs) { return service.createBatch(actor, specs, std::nullopt); }
  [[nodiscard]] std::vector<std::string> idsOf(const std::string& batch) {
    std::vector<std::string> ids;
    for (const JobRecord& job : service.batchJobs(actor, batch, {}).items) ids.push_back(job.id);
    return ids;
  }
  [[nodiscard]] std::string status(const std::string& jobId) { return service.job(actor, jobId).status; }
  /// A committed job that stands in a phase, and its id.
  std::string jobIn(Phase phase, const std::string& name = "orders-sync",
                    const std::string& taskType = "FULL_INCR_TRANS") {
    const std::string batch = create({plainSpec(name, taskType)});
    validate();
    if (phase != Phase::draft) service.commitBatch(actor, batch);
    const std::string id = idsOf(batch).at(0);
    if (phase == Phase::draft || phase == Phase::planning) return id;
    store->write([&](StoreTransaction& tx) {
      JobRecord job = *tx.job(id);
      Lifecycle(tx).move(job, phase);
    });
    return id;
  }
  static std::pair<Msg, std::string> refusal(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return {error.msg(), error.text()};
    }
    ADD_FAILURE() << "no error";
    return {Msg::internal, ""};
  }

  Settings settings;
  const Sealer sealer{MasterKey(std::string(32, 'k'))};
  const Actor actor{"project", "acme", "ops"};
  const Actor stranger{"other", "acme", "eve"};
  JobService service;
};

// ---- batches ----

TEST_F(JobServiceTest, ABatchIsStoredSealedAndValidated) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validating);
  const auto jobs = service.batchJobs(actor, batch, {}).items;
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].name, "job-a");
  EXPECT_EQ(jobs[0].status, "CONFIGURATION");
  EXPECT_EQ(jobs[0].userName, "ops");
  EXPECT_FALSE(jobs[0].spec->sourceEndpoint.at(0).endpoint.id->empty());
  const Secret& secret = *jobs[0].spec->sourceEndpoint.at(0).endpoint.dbPassword;
  EXPECT_TRUE(secret.sealed);
  EXPECT_THAT(secret.text, Not(HasSubstr("source-password")));
  EXPECT_EQ(sealer.open(secret.text, jobs[0].id, "source_endpoint[0].endpoint.db_password"), "source-password");
  EXPECT_THROW((void)sealer.open(secret.text, jobs[1].id, "source_endpoint[0].endpoint.db_password"), Error);
  validate();
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
  EXPECT_EQ(service.listBatches(actor, {}).total, 1);
  EXPECT_EQ(service.listBatches(stranger, {}).total, 0);
}

TEST_F(JobServiceTest, ARepeatedTokenReturnsTheFirstAnswerForADay) {
  const std::string first = service.createBatch(actor, {plainSpec("job-a")}, "token");
  EXPECT_EQ(service.createBatch(actor, {plainSpec("job-b")}, "token"), first);
  EXPECT_EQ(service.listBatches(actor, {}).total, 1);
  EXPECT_NE(service.createBatch(stranger, {plainSpec("job-a")}, "token"), first);
  EXPECT_NE(service.createBatch(actor, {plainSpec("job-a")}, std::nullopt), first);
  clock->advance(std::chrono::hours(24));
  EXPECT_NE(service.createBatch(actor, {plainSpec("job-a")}, "token"), first);
}

TEST_F(JobServiceTest, ACommitStartsAllJobsOfTheBatch) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  EXPECT_EQ(refusal([&] { service.commitBatch(actor, batch); }).first, Msg::wrongState);
  validate();
  const auto committed = service.commitBatch(actor, batch);
  EXPECT_EQ(committed.jobs, 2U);
  EXPECT_EQ(committed.batch.status, BatchStatus::committed);
  for (const std::string& id : idsOf(batch)) {
    EXPECT_EQ(status(id), "STARTJOBING");
    EXPECT_EQ(service.job(actor, id).plan, 1U);
    EXPECT_TRUE(store->view().unfinished(id, TaskKind::plan));
  }
  EXPECT_THAT(refusal([&] { service.commitBatch(actor, batch); }).second, HasSubstr("committed already"));
  EXPECT_EQ(refusal([&] { service.commitBatch(stranger, batch); }).first, Msg::unknownBatch);
}

TEST_F(JobServiceTest, AFailedJobKeepsTheBatchFromBeingCommitted) {
  const std::string batch = create({plainSpec("job-a")});
  validate("srcDbBinlogIsOff");
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateFailed);
  EXPECT_EQ(refusal([&] { service.commitBatch(actor, batch); }).first, Msg::wrongState);
  EXPECT_EQ(service.job(actor, idsOf(batch).at(0)).fault->symbol, "precheckFailed");
}

TEST_F(JobServiceTest, AStartTimeIsWaitedFor) {
  JobSpec spec = plainSpec("job-a");
  spec.baseInfo.startTime = std::to_string(clock->now() + 600'000);
  const std::string batch = create({spec});
  validate();
  service.commitBatch(actor, batch);
  const std::string id = idsOf(batch).at(0);
  EXPECT_EQ(status(id), "WAITING_FOR_START");
  service.start(actor, id, {.startAtMillis = clock->now() + 900'000, .compareAtEnd = false});
  EXPECT_EQ(status(id), "WAITING_FOR_START");
  EXPECT_EQ(service.job(actor, id).startAtMillis, clock->now() + 900'000);
  service.start(actor, id, {});
  EXPECT_EQ(status(id), "STARTJOBING");
}

TEST_F(JobServiceTest, ADraftCanBeStartedAlone) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const auto ids = idsOf(batch);
  EXPECT_EQ(refusal([&] { service.start(actor, ids[0], {}); }).first, Msg::wrongState);
  validate();
  service.start(actor, ids[0], {});
  EXPECT_EQ(status(ids[0]), "STARTJOBING");
  EXPECT_EQ(service.commitBatch(actor, batch).jobs, 1U);
}

TEST_F(JobServiceTest, NamesAreUniqueAmongCommittedJobs) {
  const std::string first = jobIn(Phase::streaming, "orders-sync");
  JobSpec spec = plainSpec("ORDERS-sync");
  spec.dbObject.objectInfo->at("shop").name = "elsewhere";
  const std::string second = create({spec});  // a draft may repeat the name
  validate();
  EXPECT_EQ(refusal([&] { service.commitBatch(actor, second); }).first, Msg::nameTaken);
  EXPECT_EQ(status(idsOf(second).at(0)), "CONFIGURATION");
  EXPECT_EQ(service.batch(actor, second).status, BatchStatus::validateSuccess) << "all or nothing";
  service.end(actor, first, true);
  finish(TaskKind::end);
  service.remove(actor, first);
  EXPECT_EQ(service.commitBatch(actor, second).jobs, 1U);
}

TEST_F(JobServiceTest, TwoJobsOnOneTargetAreRefusedByName) {
  JobSpec spec = plainSpec("job-b");
  spec.dbObject.objectInfo->at("shop").name = "job-a";
  const std::string together = create({plainSpec("job-a"), spec});
  validate();
  const auto inOneBatch = refusal([&] { service.commitBatch(actor, together); });
  EXPECT_EQ(inOneBatch.first, Msg::targetTaken);
  EXPECT_THAT(inOneBatch.second, HasSubstr("job-a.*"));
  EXPECT_EQ(status(idsOf(together).at(0)), "CONFIGURATION");

  jobIn(Phase::streaming, "job-c");
  spec = plainSpec("job-d");
  spec.dbObject.objectInfo->at("shop").name = "job-c";
  const std::string later = create({spec});
  validate();
  EXPECT_THAT(refusal([&] { service.commitBatch(actor, later); }).second, HasSubstr("task job-c"));
}

// ---- updates ----

TEST_F(JobServiceTest, AnUpdateChangesSealsAndValidatesAgain) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  validate("srcDbConnection");
  const auto ids = idsOf(batch);
  const json params =
      json::parse(R"({"source_endpoint":[{"db_type":"mysql","endpoint_type":"offline","endpoint_role":"so",
    "endpoint":{"endpoint_name":"mysql","ip":"10.9.9.9","db_port":"3306","db_user":"repl","db_password":"new-password"}}]})");
  const json bad = json::parse(R"({"base_info":{"task_type":"SOMETHING"}})");
  const auto results = service.updateBatch(
      actor, batch, {{"endpoint", ids[1], &params}, {"all", ids[0], &bad}, {"all", "unknown", &params}});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_FALSE(results[0].error) << results[0].error->text();
  EXPECT_EQ(results[0].name, "job-b");
  ASSERT_TRUE(results[1].error);
  EXPECT_EQ(results[1].id, ids[0]);
  EXPECT_THAT(results[1].error->text(), HasSubstr("task_type"));
  EXPECT_EQ(results[2].error->msg(), Msg::unknownJob);

  const JobRecord changed = service.job(actor, ids[1]);
  EXPECT_EQ(changed.spec->sourceEndpoint.at(0).endpoint.ip, "10.9.9.9");
  const auto opened = [&](const std::optional<Secret>& secret, const std::string& path) {
    return sealer.open(secret->text, changed.id, path);
  };
  EXPECT_EQ(opened(changed.spec->sourceEndpoint.at(0).endpoint.dbPassword, "source_endpoint[0].endpoint.db_password"),
            "new-password");
  EXPECT_EQ(opened(changed.spec->targetEndpoint.at(0).endpoint.dbPassword, "target_endpoint[0].endpoint.db_password"),
            "target-password");
  EXPECT_EQ(changed.validation, Validation::running);
  EXPECT_FALSE(changed.fault);
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validating);
  validate();
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateFailed) << "the other one still is what it was";
  EXPECT_FALSE(service.updateBatch(actor, batch, {{"precheck", "", nullptr}}).at(0).error);
  validate();
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
}

TEST_F(JobServiceTest, AnUpdateNamesAllItsProblems) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const json bad = json::parse(
      R"({"base_info":{"task_type":"SOMETHING","description":"a<b","name":"JOB-b"},"policy_config":{"conflict_policy":"x"}})");
  const ItemResult result = service.updateBatch(actor, batch, {{"all", "", &bad}}).at(0);
  std::vector<std::string> paths;
  for (const Problem& problem : result.problems) paths.push_back(problem.path);
  EXPECT_THAT(paths, ElementsAre("jobs[0].params.base_info.task_type", "jobs[0].params.base_info.description",
                                 "jobs[0].params.policy_config.conflict_policy", "jobs[0].params.base_info.name"));
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->msg(), Msg::valueNotAllowed);
  EXPECT_THAT(result.error->text(), HasSubstr("task_type"));
  EXPECT_EQ(service.job(actor, result.id).name, "job-a");
}

TEST_F(JobServiceTest, ADraftThatWasEndedDoesNotHoldItsBatch) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const auto ids = idsOf(batch);
  finish(TaskKind::network);  // nothing but the validations is there
  service.end(actor, ids[0], false);
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validating) << "of the other one";
  validate();
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);

  const std::string failing = create({plainSpec("job-c"), plainSpec("job-d")});
  validate("srcDbBinlogIsOff");
  EXPECT_EQ(service.batch(actor, failing).status, BatchStatus::validateFailed);
  for (const std::string& id : idsOf(failing)) service.end(actor, id, false);
  EXPECT_EQ(service.batch(actor, failing).status, BatchStatus::validateSuccess) << "nothing is left that failed";
  EXPECT_EQ(service.commitBatch(actor, batch).jobs, 1U);
}

TEST_F(JobServiceTest, ABatchOfWhichNothingIsLeftIsNotCommitted) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const auto ids = idsOf(batch);
  validate();
  service.start(actor, ids[0], {});
  service.remove(actor, ids[1]);
  const auto refused = refusal([&] { service.commitBatch(actor, batch); });
  EXPECT_EQ(refused.first, Msg::wrongState);
  EXPECT_THAT(refused.second, HasSubstr("no job"));
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
}

TEST_F(JobServiceTest, AnUpdateDuringTheValidationStartsItAgain) {
  const std::string batch = create({plainSpec("job-a")});
  const TaskRecord old = claim(*store, "w", TaskClass::brief, 1).at(0);
  EXPECT_FALSE(service.updateBatch(actor, batch, {{"precheck", "", nullptr}}).at(0).error);
  TaskOutcome outcome;
  outcome.also = [](StoreTransaction&, JobRecord& job) { job.precheck.process = 100; };
  store->write([&](StoreTransaction& tx) { EXPECT_TRUE(completeTask(tx, old, outcome, settings)); });
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validating) << "the old one does not count";
  validate();
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
}

TEST_F(JobServiceTest, OnlyDraftsAreUpdatedAndNamesStayUnique) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const json rename = json::parse(R"({"base_info":{"name":"JOB-A"}})");
  EXPECT_EQ(service.updateBatch(actor, batch, {{"all", idsOf(batch)[1], &rename}}).at(0).error->msg(), Msg::duplicate);
  validate();
  service.commitBatch(actor, batch);
  EXPECT_EQ(service.updateBatch(actor, batch, {{"precheck", "", nullptr}}).at(0).error->msg(), Msg::wrongState);
  EXPECT_EQ(refusal([&] { (void)service.updateBatch(stranger, batch, {}); }).first, Msg::unknownBatch);
}

// ---- actions ----

TEST_F(JobServiceTest, SkippedItemsMakeADraftValid) {
  const std::string batch = create({plainSpec("job-a")});
  validate("checkEmptyDstDb", true);
  const std::string id = idsOf(batch).at(0);
  EXPECT_EQ(refusal([&] { service.skipPrecheck(actor, id, {"srcDbConnection"}, "why not"); }).first,
            Msg::valueNotAllowed);
  service.skipPrecheck(actor, id, {"checkEmptyDstDb"}, "known");
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
  EXPECT_TRUE(service.job(actor, id).precheck.items.at(0).skipped);
  EXPECT_EQ(service.job(actor, id).skipReason, "known");
}

TEST_F(JobServiceTest, ItemsThatGuardTheDataCannotBeSkipped) {
  const std::string batch = create({plainSpec("job-a")});
  validate("srcBinlogFormatCheck", false);
  EXPECT_EQ(refusal([&] { service.skipPrecheck(actor, idsOf(batch).at(0), {"srcBinlogFormatCheck"}, "please"); }).first,
            Msg::valueNotAllowed);
}

TEST_F(JobServiceTest, APrecheckOfADraftValidatesItAgain) {
  const std::string batch = create({plainSpec("job-a")});
  validate("srcDbConnection");
  const std::string id = idsOf(batch).at(0);
  const std::string query = service.precheck(actor, id, "forStartJob");
  EXPECT_EQ(service.answer(actor, id, query).record.state, QueryState::pending);
  EXPECT_EQ(refusal([&] { (void)service.precheck(actor, id, "forStartJob"); }).first, Msg::busy);
  validate();
  const QueryAnswer answer = service.answer(actor, id, query);
  EXPECT_EQ(answer.record.state, QueryState::success);
  ASSERT_TRUE(answer.precheck);
  EXPECT_TRUE(answer.precheck->mayStart());
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateSuccess);
}

TEST_F(JobServiceTest, APrecheckOfARunningJobIsAQuery) {
  const std::string id = jobIn(Phase::streaming);
  const std::string query = service.precheck(actor, id, "forRetryJob");
  TaskOutcome outcome;
  outcome.answer = encodePrecheck({.process = 100, .items = {}});
  finish(TaskKind::precheck, outcome);
  EXPECT_EQ(service.answer(actor, id, query).precheck->process, 100);
  EXPECT_EQ(status(id), "INCRE_TRANSFER_STARTED");
}

TEST_F(JobServiceTest, AConnectionTestMayUseOtherEndpoints) {
  const std::string id = jobIn(Phase::draft);
  EndpointInfo source = plainSpec("x").sourceEndpoint.at(0);
  source.endpoint.ip = "10.7.7.7";
  source.endpoint.dbPassword = Secret{"third-password", false};
  const std::string query = service.testNetwork(actor, id, {source});
  const TaskRecord task = claim(*store, "w", TaskClass::brief, 1).at(0);
  EXPECT_EQ(task.queryId, query);
  EXPECT_THAT(task.payload, HasSubstr("10.7.7.7"));
  EXPECT_THAT(task.payload, Not(HasSubstr("password\":\"third")));
  EXPECT_THAT(task.payload, Not(HasSubstr("third-password")));
  TaskOutcome outcome;
  outcome.answer = encodeNetwork({{"10.7.7.7", false, "DRS.M00300", "refused"}});
  store->write([&](StoreTransaction& tx) { EXPECT_TRUE(completeTask(tx, task, outcome, settings)); });
  EXPECT_EQ(service.answer(actor, id, query).network.at(0).errorMessage, "refused");
  EXPECT_EQ(refusal([&] { (void)service.answer(actor, id, "other"); }).first, Msg::unknownQuery);
}

TEST_F(JobServiceTest, AStartPositionIsForIncrementalTasks) {
  const std::string full = jobIn(Phase::draft, "full-job");
  EXPECT_EQ(refusal([&] { service.setStartPosition(actor, full, "mysql-bin.000277:805", ""); }).first, Msg::crossField);
  const std::string id = jobIn(Phase::draft, "incr-job", "INCR_TRANS");
  service.setStartPosition(actor, id, "mysql-bin.000277:805", "");
  EXPECT_THAT(service.job(actor, id).startPosition, HasSubstr("mysql-bin.000277"));
  EXPECT_EQ(refusal([&] { service.setStartPosition(actor, id, "nonsense", ""); }).first, Msg::valueNotAllowed);
  service.start(actor, id, {});
  EXPECT_EQ(refusal([&] { service.setStartPosition(actor, id, "mysql-bin.000278:4", ""); }).first, Msg::wrongState);
  store->write([&](StoreTransaction& tx) {
    JobRecord job = *tx.job(id);
    Lifecycle(tx).fault(job, faultOf(Error(Msg::logPurged, {"x", "y"}), 1));
  });
  service.setStartPosition(actor, id, "mysql-bin.000278:4", "");
  EXPECT_EQ(service.job(actor, id).plan, 2U) << "a plan at the new position";
}

TEST_F(JobServiceTest, PausingAFaultedJobPutsItToRest) {
  const std::string id = jobIn(Phase::streaming);
  store->write([&](StoreTransaction& tx) {
    JobRecord job = *tx.job(id);
    Lifecycle(tx).fault(job, faultOf(Error(Msg::conflict, {"a", "b", "c"}), 1));
  });
  EXPECT_EQ(status(id), "INCRE_TRANSFER_FAILED");
  service.pause(actor, id);
  EXPECT_EQ(status(id), "PAUSING");
  service.resume(actor, id);
  EXPECT_EQ(status(id), "INCRE_TRANSFER_STARTED");
}

TEST_F(JobServiceTest, ADeletedJobKeepsNoSecrets) {
  const std::string id = jobIn(Phase::draft);
  EXPECT_EQ(refusal([&] { service.remove(stranger, id); }).first, Msg::unknownJob);
  service.remove(actor, id);
  const JobRecord job = service.job(actor, id);
  EXPECT_EQ(job.status, "DELETED");
  EXPECT_EQ(sealer.open(job.spec->sourceEndpoint.at(0).endpoint.dbPassword->text, id,
                        "source_endpoint[0].endpoint.db_password"),
            "");
  EXPECT_EQ(refusal([&] { service.start(actor, id, {}); }).first, Msg::unknownJob);
  EXPECT_EQ(service.listJobs(actor, {}).total, 0);
  const std::string running = jobIn(Phase::streaming, "other-job");
  EXPECT_EQ(refusal([&] { service.remove(actor, running); }).first, Msg::wrongState);
}

TEST_F(JobServiceTest, ADeletedDraftFreesItsBatch) {
  const std::string batch = create({plainSpec("job-a"), plainSpec("job-b")});
  const auto ids = idsOf(batch);
  // One fails, the other one succeeds.
  int n = 0;
  TaskOutcome outcome;
  outcome.also = [&n](StoreTransaction&, JobRecord& job) { job.precheck.process = n++ == 0 ? 50 : 100; };
  finish(TaskKind::validate, outcome);
  EXPECT_EQ(service.batch(actor, batch).status, BatchStatus::validateFailed);
  for (const std::string& id : ids) {
    if (service.job(actor, id).validation == Validation::failed) service.remove(actor, id);
  }
  EXPECT_EQ(service.commitBatch(actor, batch).jobs, 1U);
}

TEST_F(JobServiceTest, ActionsFollowTheState) {
  const std::string id = jobIn(Phase::streaming);
  JobActions actions = service.actions(actor, id);
  EXPECT_THAT(actions.available, Contains("PAUSE"));
  EXPECT_THAT(actions.available, Contains("FREE_RESOURCE"));
  EXPECT_THAT(actions.unavailable, Contains("START"));
  EXPECT_THAT(actions.unavailable, Contains("CONTINUE_JOB"));
  EXPECT_EQ(actions.current, "START");
  service.pause(actor, id);
  actions = service.actions(actor, id);
  EXPECT_THAT(actions.available, Contains("CONTINUE_JOB"));
  EXPECT_THAT(actions.available, Contains("RESET"));
  EXPECT_THAT(actions.unavailable, Contains("RETRY"));
  EXPECT_EQ(actions.current, "PAUSE");
}

// ---- reading ----

TEST_F(JobServiceTest, StrangersSeeNothing) {
  const std::string id = jobIn(Phase::streaming);
  const std::vector<std::function<void()>> calls = {
      [&] { (void)service.job(stranger, id); },
      [&] { (void)service.progress(stranger, id); },
      [&] { (void)service.tableProgress(stranger, id, "", {}); },
      [&] { (void)service.logs(stranger, id, std::nullopt, {}); },
      [&] { (void)service.answer(stranger, id, "q"); },
      [&] { (void)service.comparisons(stranger, id, {}); },
      [&] { (void)service.selectedObjects(stranger, id, {}); },
      [&] { service.pause(stranger, id); },
      [&] { service.end(stranger, id, true); },
      [&] { (void)service.collectPosition(stranger, id); },
      [&] { (void)service.createCompare(stranger, id, {}); },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(refusal(calls[i]).first, Msg::unknownJob) << i;
  EXPECT_EQ(service.listJobs(stranger, {}).total, 0);
  EXPECT_EQ(service.listJobs(actor, {}).total, 1);
}

TEST_F(JobServiceTest, ProgressCountsWhatIsCommittedAndWhatIsUnderWay) {
  const std::string id = jobIn(Phase::copying);
  store->write([&](StoreTransaction& tx) {
    tx.replaceTables(id, {{0, "shop", "a", "copy", "a", 100, 1000, 0, 0, 2, 0},
                          {1, "shop", "b", "copy", "b", 100, 1000, 0, 0, 1, 0}});
    tx.addRows(id, {{0, 50, 500}});
  });
  addTask(service.job(actor, id), TaskKind::copy);
  TaskRecord task = claim(*store, "w", TaskClass::work, 9).back();
  ASSERT_EQ(task.kind, TaskKind::copy);
  task.progress.tables = {{0, 10, 100}};
  store->saveProgress({task});
  clock->advance(std::chrono::seconds(30));
  const JobProgress progress = service.progress(actor, id);
  EXPECT_EQ(progress.rowsDone, 60U);
  EXPECT_EQ(progress.percent, 30);
  EXPECT_EQ(progress.dataPercent, 30);
  EXPECT_EQ(progress.structPercent, 100);
  EXPECT_EQ(progress.indexPercent, 0);
  EXPECT_EQ(progress.remainingSeconds, 70);
  EXPECT_FALSE(progress.delayMillis);
  const auto tables = service.tableProgress(actor, id, "", {}).items;
  EXPECT_EQ(tables.at(0).percent, 60);
  EXPECT_EQ(tables.at(1).percent, 0);
  store->write([&](StoreTransaction& tx) { tx.addRows(id, {{1, 20, 1}}); });
  EXPECT_EQ(service.tableProgress(actor, id, "b", {}).items.at(0).percent, 100) << "the estimate was too high";
}

TEST_F(JobServiceTest, ObjectsBesideTablesHaveAProgress) {
  const std::string id = jobIn(Phase::streaming);
  EXPECT_EQ(service.objectProgress(actor, id, ObjectKind::view, "", {}).total, 0);
  StoredObjects stored;
  for (const char* name : {"a_view", "b_view", "c_view"}) {
    ObjectPlan& object = stored.objects.emplace_back();
    object.source = {"shop", name};
    object.target = {"shop_c", name};
    object.done = true;
  }
  stored.objects.emplace_back().kind = ObjectKind::trigger;
  store->write([&](StoreTransaction& tx) { tx.setDocument(id, kObjectsDocument, encodeObjects(stored)); });
  const auto page = service.objectProgress(actor, id, ObjectKind::view, "", {1, 1});
  EXPECT_EQ(page.total, 3);
  ASSERT_THAT(page.items, ::testing::SizeIs(1));
  EXPECT_EQ(page.items[0].source.table, "b_view");
  EXPECT_EQ(service.objectProgress(actor, id, ObjectKind::view, "c_v", {}).total, 1);
  EXPECT_EQ(service.objectProgress(actor, id, ObjectKind::view, "none", {}).total, 0);
  const auto totals = service.progress(actor, id).objects;
  ASSERT_THAT(totals, ::testing::SizeIs(2));
  EXPECT_EQ(totals[0].kind, ObjectKind::view);
  EXPECT_EQ(totals[0].done, 3);
  EXPECT_EQ(totals[1].all, 1);
  EXPECT_EQ(totals[1].done, 0);
}

TEST_F(JobServiceTest, ObjectsAreSelectedThenSent) {
  const std::string id = jobIn(Phase::draft);
  EXPECT_THAT(*service.selectedObjects(actor, id, {"modified", {}, false}).objectInfo, ::testing::SizeIs(1));
  EXPECT_THAT(*service.selectedObjects(actor, id, {"modified", {"nothing"}, false}).objectInfo, ::testing::IsEmpty());
  EXPECT_THAT(*service.selectedObjects(actor, id, {"synchronized", {}, false}).objectInfo, ::testing::IsEmpty());
  const std::string sent = jobIn(Phase::copying, "sent-job");
  EXPECT_EQ(service.selectedObjects(actor, sent, {"synchronized", {}, false}).objectInfo->at("shop").isSynchronized,
            true);
  const std::string query = service.collectObjects(actor, sent, {"modified", {}, false});
  EXPECT_EQ(service.answer(actor, sent, query).objects->objectInfo->at("shop").name, "sent-job");
}

TEST_F(JobServiceTest, ComparisonsNeedSomethingToCompare) {
  const std::string early = jobIn(Phase::copying);
  EXPECT_EQ(refusal([&] { (void)service.createCompare(actor, early, {}); }).first, Msg::wrongState);
  const std::string id = jobIn(Phase::streaming, "other-job");
  CompareRequest request;
  request.type = CompareType::lines;
  request.objects.emplace();
  request.objects->objectScope = "all";
  const std::string compare = service.createCompare(actor, id, request);
  EXPECT_THAT(service.compareResults(actor, id, compare).comparison.options, HasSubstr("db_object"));
  EXPECT_EQ(service.comparisons(actor, id, {}).total, 1);
  EXPECT_EQ(refusal([&] { (void)service.compareResults(actor, early, compare); }).first, Msg::unknownQuery);
  service.cancelCompare(actor, id, compare);
  EXPECT_EQ(refusal([&] { service.cancelCompare(actor, id, compare); }).first, Msg::wrongState);
}

TEST_F(JobServiceTest, TheSpeedLimitOfARunningJobIsReplaced) {
  const std::string id = jobIn(Phase::copying, "orders-sync");
  const std::vector<SpeedWindow> windows{{"01:00", "02:59", "10"}};
  service.limitSpeed(actor, id, windows);
  EXPECT_EQ(service.job(actor, id).spec->speedLimit, windows);
  EXPECT_TRUE(service.job(actor, id).spec->sourceEndpoint.at(0).endpoint.dbPassword->sealed);
  EXPECT_THAT(service.logs(actor, id, std::nullopt, {}).items.at(0).message, HasSubstr("10 MB/s from 01:00 to 02:59"));
  service.limitSpeed(actor, id, {});
  EXPECT_TRUE(service.job(actor, id).spec->speedLimit->empty());
  EXPECT_EQ(status(id), "FULL_TRANSFER_STARTED");
  EXPECT_EQ(refusal([&] { service.limitSpeed(stranger, id, {}); }).first, Msg::unknownJob);
  service.end(actor, id, true);
  EXPECT_EQ(refusal([&] { service.limitSpeed(actor, id, windows); }).first, Msg::wrongState);
  const std::string incremental = jobIn(Phase::streaming, "log-only", "INCR_TRANS");
  EXPECT_EQ(refusal([&] { service.limitSpeed(actor, incremental, windows); }).first, Msg::noFlowControl);
}

TEST_F(JobServiceTest, WhatWasSentStaysSentWhenTheJobHasEnded) {
  const std::string id = jobIn(Phase::copying, "orders-sync");
  EXPECT_TRUE(service.selectedObjects(actor, id, {"synchronized", {}}).objectInfo->at("shop").isSynchronized.value());
  service.end(actor, id, true);
  finish(TaskKind::end);
  EXPECT_EQ(status(id), "RELEASE_RESOURCE_COMPLETE");
  EXPECT_TRUE(service.selectedObjects(actor, id, {"synchronized", {}}).objectInfo->contains("shop"));
  const std::string never = jobIn(Phase::planning, "other-sync");
  service.end(actor, never, true);
  EXPECT_TRUE(service.selectedObjects(actor, never, {"synchronized", {}}).objectInfo->empty());
}

TEST_F(JobServiceTest, ASelectionOfEverythingHasSentThePlannedDatabases) {
  JobSpec spec = plainSpec("all-of-it");
  spec.dbObject = {};
  spec.dbObject.objectScope = "all";
  const std::string batch = create({spec});
  validate();
  service.commitBatch(actor, batch);
  const std::string id = idsOf(batch).at(0);
  EXPECT_TRUE(service.selectedObjects(actor, id, {"synchronized", {}}).objectInfo->empty());
  store->write([&](StoreTransaction& tx) {
    TableRecord orders;
    orders.sourceDatabase = orders.targetDatabase = "shop";
    orders.sourceTable = orders.targetTable = "orders";
    TableRecord users = orders;
    users.plan = 1;
    users.sourceDatabase = users.targetDatabase = "crm";
    tx.replaceTables(id, {orders, users});
    JobRecord job = *tx.job(id);
    Lifecycle(tx).move(job, Phase::copying);
  });
  const DbObject sent = service.selectedObjects(actor, id, {"synchronized", {}});
  EXPECT_EQ(sent.objectInfo->size(), 2U);
  EXPECT_TRUE(sent.objectInfo->at("crm").isSynchronized.value());
  EXPECT_EQ(service.selectedObjects(actor, id, {"synchronized", {"shop"}}).objectInfo->size(), 1U);
  EXPECT_FALSE(service.selectedObjects(actor, id, {"modified", {}}).objectInfo);
}

}  // namespace
}  // namespace drs
