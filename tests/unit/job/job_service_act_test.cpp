#include "job/object_store.h"
#include "job/plan_store.h"
#include "job/remaining.h"
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

/// A piece that reads the first table.
std::string firstTable() {
  return encodeChunk({.number = 1, .plans = {0}, .exact = false, .after = {}, .upTo = {}});
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
  addTask(service.job(actor, id), TaskKind::copy, firstTable());
  TaskRecord task = claim(*store, "w", TaskClass::work, 9).back();
  ASSERT_EQ(task.kind, TaskKind::copy);
  task.progress.tables = {{0, 10, 100}};
  task.progress.rate = {.rows = 2, .bytes = 20, .unlimited = 0, .limit = 0};
  task.progress.updateMillis = task.claimMillis;
  store->saveProgress({task});
  const JobProgress progress = service.progress(actor, id);
  EXPECT_EQ(progress.rowsDone, 60U);
  EXPECT_EQ(progress.percent, 30);
  EXPECT_EQ(progress.dataPercent, 30);
  EXPECT_EQ(progress.structPercent, 100);
  EXPECT_EQ(progress.indexPercent, 0);
  EXPECT_EQ(progress.bytesDone, 600U);
  EXPECT_EQ(progress.bytesExpected, 2000U);
  EXPECT_EQ(progress.remainingSeconds, 70);
  EXPECT_FALSE(progress.delayMillis);
  clock->advance(std::chrono::milliseconds(1500));
  EXPECT_EQ(service.progress(actor, id).remainingSeconds, 69) << "what came since the figures were taken is assumed";
  const auto tables = service.tableProgress(actor, id, "", {}).items;
  EXPECT_EQ(tables.at(0).percent, 60);
  EXPECT_EQ(tables.at(1).percent, 0);
  store->write([&](StoreTransaction& tx) { tx.addRows(id, {{1, 20, 1}}); });
  EXPECT_EQ(service.tableProgress(actor, id, "b", {}).items.at(0).percent, 100) << "the estimate was too high";
}

TEST_F(JobServiceTest, APauseTakesNothingFromTheRemainingTime) {
  const std::string id = jobIn(Phase::copying);
  store->write([&](StoreTransaction& tx) {
    tx.replaceTables(id, {{0, "shop", "a", "copy", "a", 100, 1000, 0, 0, 2, 0}});
    tx.addRows(id, {{0, 50, 500}});
  });
  EXPECT_EQ(service.progress(actor, id).remainingSeconds, -1) << "no rate is known";
  addTask(service.job(actor, id), TaskKind::copy, firstTable());
  TaskRecord task = claim(*store, "w", TaskClass::work, 9).back();
  task.progress.tables = {{0, 10, 100}};
  task.progress.rate = {.rows = 1, .bytes = 10, .unlimited = 0, .limit = 0};
  task.progress.updateMillis = task.claimMillis;
  store->saveProgress({task});
  EXPECT_EQ(service.progress(actor, id).remainingSeconds, 40);
  service.pause(actor, id);
  store->write([&](StoreTransaction& tx) { ASSERT_TRUE(releaseTask(tx, task, 0)); });
  clock->advance(std::chrono::hours(2));
  EXPECT_EQ(service.progress(actor, id).remainingSeconds, 50) << "what was not committed is copied again";
  service.resume(actor, id);
  const TaskRecord again = claim(*store, "w", TaskClass::work, 9).back();
  EXPECT_EQ(again.id, task.id);
  const JobProgress progress = service.progress(actor, id);
  EXPECT_EQ(progress.rowsDone, 50U) << "its figures are those of the run before";
  EXPECT_EQ(progress.remainingSeconds, 50);
}

TEST_F(JobServiceTest, IndexesHaveAProgressAndATimeOfTheirOwn) {
  const std::string id = jobIn(Phase::copying);
  store->write([&](StoreTransaction& tx) {
    tx.replaceTables(id, {{0, "shop", "a", "copy", "a", 100, 1000, 0, 0, 1, 0},
                          {1, "shop", "b", "copy", "b", 100, 1000, 0, 0, 1, 0},
                          {2, "shop", "c", "copy", "c", 100, 1000, 0, 0, 1, 0}});
    tx.setDocument(id, kIndexDocument, encodeIndexWork({{0, 6'000'000'000}, {1, 2'000'000'000}}));
    JobRecord job = *tx.job(id);
    Lifecycle(tx).move(job, Phase::finishing);
  });
  addTask(service.job(actor, id), TaskKind::finish);
  JobProgress progress = service.progress(actor, id);
  EXPECT_EQ(progress.dataSeconds, 0);
  EXPECT_EQ(progress.indexSeconds, 80) << "at the usual rate";
  EXPECT_EQ(progress.percent, 99);
  EXPECT_EQ(progress.tablesIndexed, 1) << "one has none";
  TaskRecord task = claim(*store, "w", TaskClass::work, 9).back();
  ASSERT_EQ(task.kind, TaskKind::finish);
  task.progress.tables = {{1, 0, 2'000'000'000}};
  task.progress.rate.bytes = 200'000'000;
  task.progress.updateMillis = task.claimMillis;
  store->saveProgress({task});
  progress = service.progress(actor, id);
  EXPECT_EQ(progress.indexPercent, 25);
  EXPECT_EQ(progress.indexSeconds, 30);
  EXPECT_EQ(progress.remainingSeconds, 30);
  EXPECT_EQ(progress.tablesIndexed, 2);
  clock->advance(std::chrono::seconds(10));
  EXPECT_EQ(service.progress(actor, id).indexSeconds, 20) << "the server says nothing while it works";
  const auto tables = service.tableProgress(actor, id, "", {}).items;
  EXPECT_EQ(tables.at(0).indexPercent, 0);
  EXPECT_EQ(tables.at(1).indexPercent, 100);
  EXPECT_EQ(tables.at(2).indexPercent, 100);
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
