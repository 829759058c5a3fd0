#include "job_service_fixture.h"
#include "store/records_json.h"

#include <nlohmann/json.hpp>

namespace drs {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::specOf;

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

}  // namespace
}  // namespace drs
