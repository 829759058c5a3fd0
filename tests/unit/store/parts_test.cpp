#include "base/error.h"
#include "store/records_json.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What belongs to a job: log lines, queries, tables, documents, target tables, comparisons.

namespace drs {
namespace {

using ::testing::ElementsAre;
using testing::jobOf;
using ::testing::SizeIs;

class Parts : public testing::StoreTest {
 protected:
  Parts() : job(add(jobOf("one"))) {}
  void append(EventLevel level, const std::string& message) const {
    store->write([&](StoreTransaction& tx) { tx.append({job.id, 0, 0, level, message, "ops"}); });
  }
  const JobRecord job;
};

TEST_F(Parts, EventsAreNumberedAndReadNewestFirst) {
  append(EventLevel::info, "a");
  clock->advance(std::chrono::milliseconds(5));
  append(EventLevel::error, "b");
  append(EventLevel::info, "c");
  const auto all = store->view().events(job.id, std::nullopt, {0, 2});
  EXPECT_EQ(all.total, 3);
  ASSERT_THAT(all.items, SizeIs(2));
  EXPECT_EQ(all.items[0].message, "c");
  EXPECT_EQ(all.items[0].number, 3);
  EXPECT_EQ(all.items[1].millis, clock->now());
  EXPECT_EQ(all.items[1].userName, "ops");
  const auto errors = store->view().events(job.id, EventLevel::error, {});
  EXPECT_EQ(errors.total, 1);
  EXPECT_EQ(errors.items.at(0).message, "b");
  EXPECT_EQ(store->view().events("other", std::nullopt, {}).total, 0);
}

TEST_F(Parts, ConflictsAreKeptOnceAndTheOldestGo) {
  const auto row = [](std::uint64_t number) {
    return ConflictRow{number,
                       static_cast<UnixMillis>(number * 10),
                       "0-1-5",
                       "shop",
                       "item",
                       "insert_found",
                       number % 2 == 0,
                       3,
                       "(1)",
                       "",
                       R"({"id": "1"})",
                       "found"};
  };
  EXPECT_EQ(store->view().lastConflict(job.id), 0U);
  store->write([&](StoreTransaction& tx) { tx.addConflicts(job.id, {row(1), row(2), row(3)}, 4); });
  store->write([&](StoreTransaction& tx) { tx.addConflicts(job.id, {row(3), row(4), row(5)}, 4); });
  EXPECT_EQ(store->view().lastConflict(job.id), 5U);
  const auto all = store->view().conflicts(job.id, {});
  EXPECT_EQ(all.total, 4);
  ASSERT_THAT(all.items, SizeIs(4));
  EXPECT_EQ(all.items[0].number, 5U);
  EXPECT_EQ(all.items[3].number, 2U);
  EXPECT_TRUE(all.items[3].kept);
  EXPECT_FALSE(all.items[0].kept);
  EXPECT_EQ(all.items[0].after, R"({"id": "1"})");
  EXPECT_EQ(all.items[0].gaveWay, 3U);
  const auto some = store->view().conflicts(job.id, {30, 40, {1, 5}});
  EXPECT_EQ(some.total, 2);
  ASSERT_THAT(some.items, SizeIs(1));
  EXPECT_EQ(some.items[0].number, 3U);
  EXPECT_EQ(store->view().conflicts("other", {}).total, 0);
  store->write([&](StoreTransaction& tx) { tx.eraseConflicts(job.id); });
  EXPECT_EQ(store->view().lastConflict(job.id), 0U);
}

TEST_F(Parts, QueriesAreAnsweredOnce) {
  QueryRecord query;
  query.id = "q";
  query.jobId = job.id;
  query.kind = TaskKind::position;
  store->write([&](StoreTransaction& tx) { tx.insert(query); });
  EXPECT_EQ(store->view().query("q")->state, QueryState::pending);
  store->write([&](StoreTransaction& tx) {
    tx.finishQuery("q", QueryState::failed, "text", Fault{"s", "c", "t", "r", Action::retry, 1});
  });
  const auto read = store->view().query("q");
  EXPECT_EQ(read->state, QueryState::failed);
  EXPECT_EQ(read->result, "text");
  EXPECT_EQ(read->fault->action, Action::retry);
  EXPECT_FALSE(store->view().query("other"));
}

TEST_F(Parts, TablesCountRowsAndChunks) {
  std::vector<TableRecord> tables(2);
  tables[0] = {0, "shop", "orders", "shop_copy", "orders", 100, 1000, 0, 0, 2, 0};
  tables[1] = {1, "shop", "50%_off", "shop_copy", "offers", 10, 100, 0, 0, 1, 0};
  store->write([&](StoreTransaction& tx) {
    tx.replaceTables(job.id, tables);
    tx.addRows(job.id, {{0, 60, 600}, {1, 10, 100}});
    tx.addRows(job.id, {{0, 40, 400}});
  });
  const StoreView view = store->view();
  const auto read = view.tables(job.id, "", {});
  EXPECT_EQ(read.total, 2);
  EXPECT_EQ(read.items.at(0).rows, 100U);
  EXPECT_EQ(read.items.at(0).chunksDone, 2);
  EXPECT_EQ(read.items.at(1).bytes, 100U);
  EXPECT_EQ(view.tables(job.id, "%_", {}).total, 1);
  EXPECT_EQ(view.tables(job.id, "offers", {}).items.at(0).sourceTable, "50%_off");
  EXPECT_EQ(view.tables(job.id, "nothing", {}).total, 0);
  const TableTotals totals = view.tableTotals(job.id);
  EXPECT_EQ(totals.tables, 2);
  EXPECT_EQ(totals.done, 2);
  EXPECT_EQ(totals.rows, 110U);
  EXPECT_EQ(totals.estimatedBytes, 1100U);
  EXPECT_EQ(view.tableTotals("other").tables, 0);
}

TEST_F(Parts, DocumentsAreReplacedAndDropped) {
  store->write([&](StoreTransaction& tx) {
    tx.setDocument(job.id, "plan", "1");
    tx.setDocument(job.id, "plan", "2");
  });
  EXPECT_EQ(store->view().document(job.id, "plan"), "2");
  store->write([&](StoreTransaction& tx) { tx.dropDocuments(job.id); });
  EXPECT_FALSE(store->view().document(job.id, "plan"));
}

TEST_F(Parts, TargetTablesKnowTheirHolders) {
  store->write([&](StoreTransaction& tx) {
    tx.holdTargets(job.id, {"h:1/a.b", "h:1/a.c"});
    tx.holdTargets("other", {"h:1/a.c"});
  });
  EXPECT_TRUE(store->view().targetHolders(job.id, {"h:1/a.b"}).empty());
  const auto holders = store->view().targetHolders("third", {"h:1/a.b", "h:1/a.c"});
  ASSERT_THAT(holders, SizeIs(2));
  EXPECT_EQ(holders[0].jobId, job.id);
  EXPECT_EQ(holders[0].key, "h:1/a.b");
  store->write([&](StoreTransaction& tx) { tx.releaseTargets(job.id); });
  EXPECT_THAT(store->view().targetHolders("third", {"h:1/a.b", "h:1/a.c"}), SizeIs(1));
}

TEST_F(Parts, ComparisonsKeepTheirTables) {
  CompareRecord comparison;
  comparison.id = "c";
  comparison.jobId = job.id;
  comparison.type = CompareType::lines;
  store->write([&](StoreTransaction& tx) {
    tx.insert(comparison);
    comparison.state = CompareState::running;
    comparison.startMillis = 5;
    tx.update(comparison);
    CompareTableRecord table;
    table.compareId = "c";
    table.number = 1;
    table.sourceTable = "orders";
    tx.put(table);
    table.sourceRows = 7;
    table.result = CompareResult::inconsistent;
    table.listed = R"([{"key":["1"]}])";
    tx.put(table);
  });
  const auto read = store->view().comparison("c");
  EXPECT_EQ(read->type, CompareType::lines);
  EXPECT_EQ(read->state, CompareState::running);
  EXPECT_EQ(read->startMillis, 5);
  const auto tables = store->view().comparedTables("c");
  ASSERT_THAT(tables, SizeIs(1));
  EXPECT_EQ(tables[0].sourceRows, 7U);
  EXPECT_EQ(tables[0].result, CompareResult::inconsistent);
  EXPECT_EQ(tables[0].listed, R"([{"key":["1"]}])");
  EXPECT_EQ(store->view().comparisons(job.id, {}).total, 1);
}

TEST_F(Parts, OldRowsGo) {
  QueryRecord query;
  query.id = "old";
  query.jobId = job.id;
  query.createMillis = clock->now();
  CompareRecord comparison;
  comparison.id = "c";
  comparison.jobId = job.id;
  comparison.createMillis = clock->now();
  store->write([&](StoreTransaction& tx) {
    tx.insert(query);
    tx.insert(comparison);
    CompareTableRecord table;
    table.compareId = "c";
    tx.put(table);
    tx.eraseOld(clock->now(), clock->now());
  });
  EXPECT_TRUE(store->view().query("old"));
  EXPECT_THAT(store->view().comparedTables("c"), SizeIs(1));
  store->write([&](StoreTransaction& tx) { tx.eraseOld(clock->now() + 1, clock->now() + 1); });
  EXPECT_FALSE(store->view().query("old"));
  EXPECT_FALSE(store->view().comparison("c"));
  EXPECT_THAT(store->view().comparedTables("c"), SizeIs(0));
}

TEST_F(Parts, AnErasedJobLeavesNothing) {
  append(EventLevel::info, "a");
  addTask(job, TaskKind::copy);
  store->write([&](StoreTransaction& tx) { tx.eraseJob(job.id); });
  EXPECT_FALSE(store->view().job(job.id));
  EXPECT_EQ(store->view().events(job.id, std::nullopt, {}).total, 0);
  EXPECT_TRUE(store->view().tasks(job.id).empty());
}

TEST_F(Parts, ValuesAreKept) {
  EXPECT_FALSE(store->view().value("k"));
  store->write([](StoreTransaction& tx) {
    tx.setValue("k", "1");
    tx.setValue("k", "2");
  });
  EXPECT_EQ(store->view().value("k"), "2");
}

TEST(RecordsJson, ProgressSurvives) {
  TaskProgress progress;
  progress.tables = {{3, 10, 100}, {4, 1, 2}};
  progress.position = "p";
  progress.lastCommitMillis = 6;
  progress.transactions = 7;
  progress.rows = 8;
  progress.conflictsKept = 9;
  progress.conflictsOverwritten = 10;
  progress.percent = 11;
  progress.updateMillis = 12;
  TaskProgress read = decodeProgress(encodeProgress(progress));
  EXPECT_FALSE(read.delayMillis);
  ASSERT_THAT(read.tables, SizeIs(2));
  EXPECT_EQ(read.tables[0].plan, 3U);
  EXPECT_EQ(read.tables[1].bytes, 2U);
  EXPECT_EQ(read.position, "p");
  EXPECT_EQ(read.lastCommitMillis, 6);
  EXPECT_EQ(read.transactions, 7U);
  EXPECT_EQ(read.rows, 8U);
  EXPECT_EQ(read.conflictsKept, 9U);
  EXPECT_EQ(read.conflictsOverwritten, 10U);
  EXPECT_EQ(read.percent, 11);
  EXPECT_EQ(read.updateMillis, 12);
  progress.delayMillis = 0;
  EXPECT_EQ(decodeProgress(encodeProgress(progress)).delayMillis, 0);
}

TEST(RecordsJson, WhatIsNotReadableIsDamage) {
  for (const auto& call : std::vector<std::function<void()>>{
           [] { (void)decodeNetwork("{"); }, [] { (void)decodePrecheck("[]"); }, [] { (void)decodeFault("{}"); },
           [] { (void)decodeStrings("7"); }, [] { (void)decodeProgress(R"({"tables":7})"); }}) {
    try {
      call();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.msg(), Msg::storeDamaged);
    }
  }
}

}  // namespace
}  // namespace drs
