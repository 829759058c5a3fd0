#include "base/error.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::jobOf;
using testing::specOf;

class Jobs : public testing::StoreTest {
 protected:
  [[nodiscard]] std::vector<std::string> names(const JobFilter& filter) const {
    std::vector<std::string> out;
    for (const JobRecord& job : store->view().jobs(filter).items) out.push_back(job.name);
    return out;
  }
  static JobFilter filter() {
    JobFilter out;
    out.projectId = "project";
    out.sort = JobFilter::Sort::name;
    out.descending = false;
    return out;
  }
};

TEST_F(Jobs, KeepEveryField) {
  JobRecord job = jobOf("orders-sync");
  job.phase = Phase::streaming;
  job.desired = Desired::pause;
  job.drained = false;
  job.fault = Fault{"conflict", "DRS.M00300", "Conflict in \xff", "Mend it", Action::ask_user, 99};
  job.status = "INCRE_TRANSFER_FAILED";
  job.validation = Validation::passed;
  job.networkResults = {{"10.0.0.1", true, "", ""}, {"10.0.0.2", false, "DRS.M00300", "refused"}};
  job.precheck.process = 100;
  job.precheck.items = {{"srcDbConnection", PrecheckRow::Result::failed, "connection", "why", "raw", true, true}};
  job.skippedItems = {"srcDbConnection"};
  job.skipReason = "known";
  job.startPosition = "mysql;gtid=;file=b.1;offset=4";
  job.compareAtEnd = false;
  job.plan = 3;
  job.epoch = 17;
  job.order = 2;
  job.createMillis = 1;
  job.startAtMillis = 2;
  job.startedMillis = 3;
  job.copyStartedMillis = 4;
  job.copyEndedMillis = 5;
  job.streamStartedMillis = 6;
  job.endedMillis = 7;
  job.updateMillis = 8;
  store->write([&](StoreTransaction& tx) { tx.insert(job); });

  const auto read = store->view().job(job.id);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->batchId, job.batchId);
  EXPECT_EQ(read->projectId, job.projectId);
  EXPECT_EQ(read->name, job.name);
  EXPECT_EQ(read->userName, job.userName);
  EXPECT_EQ(read->phase, job.phase);
  EXPECT_EQ(read->desired, job.desired);
  EXPECT_EQ(read->drained, job.drained);
  ASSERT_TRUE(read->fault);
  EXPECT_EQ(read->fault->symbol, "conflict");
  EXPECT_EQ(read->fault->text, "Conflict in \xEF\xBF\xBD");  // what is not UTF-8 is replaced
  EXPECT_EQ(read->fault->millis, 99);
  EXPECT_EQ(read->status, job.status);
  EXPECT_EQ(read->validation, job.validation);
  ASSERT_EQ(read->networkResults.size(), 2U);
  EXPECT_EQ(read->networkResults[1].errorMessage, "refused");
  ASSERT_EQ(read->precheck.items.size(), 1U);
  EXPECT_EQ(read->precheck.items[0].rawError, "raw");
  EXPECT_TRUE(read->precheck.mayStart());
  EXPECT_EQ(read->skippedItems, job.skippedItems);
  EXPECT_EQ(read->skipReason, job.skipReason);
  EXPECT_EQ(read->startPosition, job.startPosition);
  EXPECT_EQ(read->compareAtEnd, job.compareAtEnd);
  EXPECT_EQ(read->plan, job.plan);
  EXPECT_EQ(read->epoch, job.epoch);
  EXPECT_EQ(read->order, job.order);
  EXPECT_EQ(read->createMillis, 1);
  EXPECT_EQ(read->startAtMillis, 2);
  EXPECT_EQ(read->startedMillis, 3);
  EXPECT_EQ(read->copyStartedMillis, 4);
  EXPECT_EQ(read->copyEndedMillis, 5);
  EXPECT_EQ(read->streamStartedMillis, 6);
  EXPECT_EQ(read->endedMillis, 7);
  EXPECT_EQ(read->updateMillis, 8);
  EXPECT_EQ(read->spec->baseInfo.name, "orders-sync");
  EXPECT_EQ(read->spec->sourceEndpoint.at(0).endpoint.dbPassword->text, "sealed:secret");
}

TEST_F(Jobs, AreUpdatedOnlyFromTheNewestState) {
  const JobRecord job = add(jobOf("one"));
  JobRecord first = *store->view().job(job.id);
  JobRecord second = first;
  first.phase = Phase::finishing;
  store->write([&](StoreTransaction& tx) { tx.update(first); });
  second.phase = Phase::ending;
  EXPECT_THROW(store->write([&](StoreTransaction& tx) { tx.update(second); }), Error);
  EXPECT_EQ(store->view().job(job.id)->phase, Phase::finishing);
}

TEST_F(Jobs, UpdatesDoNotTouchTheEpoch) {
  const JobRecord job = add(jobOf("one"));
  JobRecord before = *store->view().job(job.id);
  addTask(job, TaskKind::copy);
  ASSERT_EQ(claim(*store, "w", TaskClass::work, 1).size(), 1U);
  store->write([&](StoreTransaction& tx) { tx.update(before); });
  EXPECT_EQ(store->view().job(job.id)->epoch, 1U);
}

TEST_F(Jobs, ANewSpecIsSeenAtOnceAndAnUndoneOneNever) {
  JobRecord job = add(jobOf("one"));
  EXPECT_EQ(store->view().job(job.id)->spec->baseInfo.name, "one");
  EXPECT_THROW(store->write([&](StoreTransaction& tx) {
    JobRecord inside = *tx.job(job.id);
    tx.updateSpec(inside, std::make_shared<const JobSpec>(specOf("undone")));
    EXPECT_EQ(tx.job(job.id)->spec->baseInfo.name, "undone");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(store->view().job(job.id)->spec->baseInfo.name, "one");
  store->write([&](StoreTransaction& tx) {
    JobRecord inside = *tx.job(job.id);
    tx.updateSpec(inside, std::make_shared<const JobSpec>(specOf("two")));
  });
  EXPECT_EQ(store->view().job(job.id)->spec->baseInfo.name, "two");
  EXPECT_EQ(store->view().job(job.id)->name, "two");
}

TEST_F(Jobs, ASecretThatIsNotSealedIsNotStored) {
  JobRecord job = jobOf("one");
  JobSpec spec = specOf("one");
  spec.sourceEndpoint[0].endpoint.dbPassword = Secret{"plain", false};
  job.spec = std::make_shared<const JobSpec>(spec);
  EXPECT_THROW(store->write([&](StoreTransaction& tx) { tx.insert(job); }), Error);
  EXPECT_FALSE(store->view().job(job.id));
}

TEST_F(Jobs, AreFilteredByWhatTheListAsksFor) {
  JobRecord a = jobOf("alpha_1");
  a.status = "CREATING";
  JobRecord b = jobOf("beta");
  b.status = "PAUSING";
  JobSpec spec = specOf("beta");
  spec.baseInfo.netType = "eip";
  spec.baseInfo.enterpriseProjectId = "ep";
  spec.targetEndpoint[0].endpoint.instanceId = "inst-1";
  spec.targetEndpoint[0].endpoint.ip = "192.168.7.9";
  b.spec = std::make_shared<const JobSpec>(spec);
  JobRecord other = jobOf("gamma");
  other.projectId = "other";
  for (const auto& job : {a, b, other}) add(job);
  add(jobOf("gone"), Phase::deleted);

  EXPECT_THAT(names(filter()), ElementsAre("alpha_1", "beta"));
  const auto with = [&](auto change) {
    JobFilter f = filter();
    change(f);
    return names(f);
  };
  EXPECT_THAT(with([](JobFilter& f) { f.statuses = {"PAUSING", "DELETED"}; }), ElementsAre("beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.jobType = "migration"; }), IsEmpty());
  EXPECT_THAT(with([](JobFilter& f) { f.jobType = "sync"; }), ElementsAre("alpha_1", "beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.engineType = "redis-to-gaussredis"; }), IsEmpty());
  EXPECT_THAT(with([](JobFilter& f) { f.netType = "eip"; }), ElementsAre("beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.enterpriseProjectId = "ep"; }), ElementsAre("beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.enterpriseProjectId = "0"; }), ElementsAre("alpha_1"));
  EXPECT_THAT(with([](JobFilter& f) { f.nameOrId = "ALPHA_"; }), ElementsAre("alpha_1"));
  EXPECT_THAT(with([](JobFilter& f) { f.nameOrId = "a%a"; }), IsEmpty());  // no pattern of the user's
  EXPECT_THAT(with([](JobFilter& f) { f.nameOrId = "a_p"; }), IsEmpty());
  EXPECT_THAT(with([&](JobFilter& f) { f.nameOrId = b.id; }), ElementsAre("beta"));
  EXPECT_THAT(with([&](JobFilter& f) { f.nameOrId = a.id + "," + b.id + "," + other.id; }),
              ElementsAre("alpha_1", "beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.instanceIds = {"inst-1", "inst-2"}; }), ElementsAre("beta"));
  EXPECT_THAT(with([](JobFilter& f) { f.instanceIds = {"inst"}; }), IsEmpty());
  EXPECT_THAT(with([](JobFilter& f) { f.instanceIp = "168.7"; }), ElementsAre("beta"));
}

TEST_F(Jobs, AreSortedAndPaged) {
  for (const char* name : {"b", "a", "c"}) {
    add(jobOf(name));
    clock->advance(std::chrono::seconds(1));
  }
  JobFilter f = filter();
  f.sort = JobFilter::Sort::createTime;
  f.descending = true;
  EXPECT_THAT(names(f), ElementsAre("c", "a", "b"));
  f.paging = {.offset = 1, .limit = 1};
  EXPECT_THAT(names(f), ElementsAre("a"));
  EXPECT_EQ(store->view().jobs(f).total, 3);
  f.paging = {.offset = 7, .limit = 1};
  EXPECT_THAT(names(f), IsEmpty());
}

TEST_F(Jobs, NamesAreTakenByCommittedJobsOfTheProjectOnly) {
  const JobRecord running = add(jobOf("Orders"), Phase::ended);
  add(jobOf("draft"), Phase::draft);
  add(jobOf("gone"), Phase::deleted);
  const StoreView view = store->view();
  EXPECT_TRUE(view.nameTaken("project", "orders", ""));
  EXPECT_FALSE(view.nameTaken("project", "orders", running.id));
  EXPECT_FALSE(view.nameTaken("other", "orders", ""));
  EXPECT_FALSE(view.nameTaken("project", "draft", ""));
  EXPECT_FALSE(view.nameTaken("project", "gone", ""));
}

TEST_F(Jobs, BatchesAreKeptFilteredAndPaged) {
  for (int i = 0; i < 3; ++i) {
    BatchRecord batch;
    batch.id = "batch-" + std::to_string(i);
    batch.projectId = i == 2 ? "other" : "project";
    batch.domainName = "acme";
    batch.userName = i == 0 ? "ops" : "dev";
    batch.createMillis = i;
    store->write([&](StoreTransaction& tx) { tx.insert(batch); });
  }
  BatchRecord changed = *store->view().batch("batch-1");
  changed.status = BatchStatus::committed;
  changed.commitMillis = 5;
  store->write([&](StoreTransaction& tx) { tx.update(changed); });

  BatchFilter f;
  f.projectId = "project";
  EXPECT_EQ(store->view().batches(f).total, 2);
  EXPECT_EQ(store->view().batches(f).items.at(0).id, "batch-1");
  f.status = BatchStatus::committed;
  EXPECT_EQ(store->view().batches(f).items.at(0).commitMillis, 5);
  f.userName = "ops";
  EXPECT_EQ(store->view().batches(f).total, 0);
  f.status.reset();
  EXPECT_EQ(store->view().batches(f).total, 1);
  EXPECT_FALSE(store->view().batch("batch-9"));
}

TEST_F(Jobs, AClientTokenIsRememberedForItsTime) {
  store->write([](StoreTransaction& tx) { tx.insertToken("project", "t", "batch"); });
  EXPECT_EQ(store->view().batchOfToken("project", "t", 1000), "batch");
  EXPECT_FALSE(store->view().batchOfToken("other", "t", 1000));
  clock->advance(std::chrono::seconds(2));
  EXPECT_FALSE(store->view().batchOfToken("project", "t", 1000));
  store->write([](StoreTransaction& tx) { tx.insertToken("project", "t", "later"); });
  EXPECT_EQ(store->view().batchOfToken("project", "t", 1000), "later");
}

}  // namespace
}  // namespace drs
