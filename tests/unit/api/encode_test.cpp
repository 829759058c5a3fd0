#include "api/encode_compare.h"
#include "api/encode_job.h"
#include "api/encode_progress.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

JobRecord someJob() {
  JobSpec spec;
  spec.baseInfo.name = "orders-sync";
  spec.baseInfo.jobType = "sync";
  spec.baseInfo.taskType = "FULL_INCR_TRANS";
  spec.nodeInfo.baseInfo = NodeBaseInfo{"ha", "x86", "a,b", std::nullopt, std::nullopt};
  JobRecord job;
  job.id = "0f5e7b0a-51f1-4a3c-8d21-90c6f3bjb21a";
  job.name = "orders-sync";
  job.status = "FULL_TRANSFER_STARTED";
  job.createMillis = 1767601812999;
  job.spec = std::make_shared<const JobSpec>(std::move(spec));
  return job;
}

TEST(IsoTime, IsUtcToSeconds) {
  EXPECT_EQ(isoTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(isoTime(1767601812999), "2026-01-05T08:30:12Z");
  EXPECT_EQ(isoTime(951782400000), "2000-02-29T00:00:00Z");
}

TEST(JobList, HasEveryMandatoryMemberWithItsDefault) {
  const ordered_json item = encodeJobListItem(someJob(), ordered_json::object());
  EXPECT_EQ(item["charging_mode"], "on_demand");
  EXPECT_EQ(item["enterprise_project_id"], "0");
  EXPECT_EQ(item["description"], "");
  EXPECT_EQ(item["is_multi_az"], true);
  EXPECT_EQ(item["create_time"], "2026-01-05T08:30:12Z");
  EXPECT_EQ(item["children"], ordered_json::array());
}

TEST(Progress, NumbersAreTextAndNoDelayIsMinusOne) {
  JobProgress progress;
  progress.taskType = "FULL_INCR_TRANS";
  progress.percent = 42;
  progress.dataPercent = 40;
  const ordered_json out = encodeProgress(someJob(), progress);
  EXPECT_EQ(out["progress"], "42");
  EXPECT_EQ(out["incr_trans_delay"], "-1");
  EXPECT_EQ(out["incr_trans_delay_millis"], "-1");
  EXPECT_EQ(out["remaining_time"], "-1");
  EXPECT_EQ(out["progress_map"]["data"]["completed"], "40%");
}

TEST(Progress, RowsAndIndexesHaveRemainingTimesOfTheirOwn) {
  JobProgress progress;
  progress.remainingSeconds = 70;
  progress.dataSeconds = 60;
  progress.indexSeconds = 10;
  const ordered_json out = encodeProgress(someJob(), progress);
  EXPECT_EQ(out["remaining_time"], "70");
  EXPECT_EQ(out["progress_map"]["data"]["remaining_time"], "60");
  EXPECT_EQ(out["progress_map"]["index"]["remaining_time"], "10");
  EXPECT_FALSE(out["progress_map"]["struct"].contains("remaining_time"));
}

TEST(Progress, MetricsHaveRatesWhileRowsAreCopied) {
  JobRecord job = someJob();
  JobProgress progress;
  progress.rate = {.rows = 7, .bytes = 700, .unlimited = 0, .limit = 0};
  job.status = "PAUSING";
  EXPECT_FALSE(encodeMetrics(job, progress, 0).contains("apply_rows_rate"));
  job.status = "FULL_TRANSFER_STARTED";
  const ordered_json out = encodeMetrics(job, progress, 0);
  EXPECT_EQ(out["job_id"], job.id);
  EXPECT_EQ(out["time_stamp"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(out["network_incoming_bytes_rate"], "700");
  EXPECT_EQ(out["apply_rows_rate"], "7");
  progress.dataPercent = 100;
  EXPECT_FALSE(encodeMetrics(job, progress, 0).contains("apply_rows_rate"));
}

TEST(Progress, DelayIsInWholeSecondsAndInMilliseconds) {
  JobProgress progress;
  progress.delayMillis = 1999;
  EXPECT_EQ(encodeProgress(someJob(), progress)["incr_trans_delay"], "1");
  EXPECT_EQ(encodeProgress(someJob(), progress)["incr_trans_delay_millis"], "1999");
  progress.delayMillis = -5;  // clocks differ
  EXPECT_EQ(encodeProgress(someJob(), progress)["incr_trans_delay"], "0");
}

TEST(Progress, AnIncrementalOnlyJobHasNoFullPhase) {
  JobProgress progress;
  progress.taskType = "INCR_TRANS";
  progress.tables = 3;
  EXPECT_EQ(encodeProgress(someJob(), progress)["progress_map"], ordered_json::object());
  EXPECT_TRUE(encodeObjectProgress(someJob(), progress)["migration_object_overview"].empty());
}

TEST(Precheck, SkippedItemsAreShownAsSuch) {
  PrecheckReport report;
  report.process = 100;
  report.items = {{"srcDbConnection", PrecheckRow::Result::passed, "connection", "", "", false, false},
                  {"checkEmptyDstDb", PrecheckRow::Result::failed, "objects", "shop.orders", "", true, true}};
  const ordered_json out = encodePrecheck(report);
  EXPECT_EQ(out["process"], "100%");
  EXPECT_EQ(out["result"], true);
  EXPECT_EQ(out["precheck_results"][1]["result"], "FAILED");
  EXPECT_EQ(out["precheck_results"][1]["is_skipped"], true);
  EXPECT_FALSE(out["precheck_results"][0].contains("failed_reason"));
}

CompareTableRecord table(const char* database, CompareResult result, std::uint64_t sourceRows,
                         std::uint64_t targetRows) {
  CompareTableRecord one;
  one.sourceDatabase = database;
  one.targetDatabase = std::string(database) + "_c";
  one.sourceTable = one.targetTable = "t";
  one.result = result;
  one.sourceRows = sourceRows;
  one.targetRows = targetRows;
  return one;
}

TEST(Compare, ADatabaseIsOpenWhileATableIs) {
  const auto one = [](CompareResult a, CompareResult b) {
    const std::vector<CompareTableRecord> tables{table("d", a, 1, 1), table("d", b, 1, 1)};
    return summarise(tables).front().contents;
  };
  using enum CompareResult;
  EXPECT_EQ(one(consistent, consistent), consistent);
  EXPECT_EQ(one(consistent, inconsistent), inconsistent);
  EXPECT_EQ(one(inconsistent, failed), failed);
  EXPECT_EQ(one(failed, comparing), comparing);
  EXPECT_EQ(one(consistent, waiting), comparing);
  EXPECT_EQ(one(waiting, waiting), waiting);
}

TEST(Compare, EqualCountsAreNotEqualRows) {
  const std::vector<CompareTableRecord> tables{table("d", CompareResult::inconsistent, 7, 7)};
  const ComparedDatabase database = summarise(tables).front();
  EXPECT_EQ(encodeLineOverview(database)["status"], "CONSISTENT");
  EXPECT_EQ(encodeContentOverview(database, CompareState::successful)["status"], "INCONSISTENT");
  EXPECT_EQ(encodeContentDetail(tables[0])["line_compare_result"], true);
  EXPECT_EQ(encodeContentDetail(tables[0])["content_compare_result"], false);
  EXPECT_EQ(encodeLineDetail(table("d", CompareResult::inconsistent, 7, 9))["difference_row_num"], "2");
}

TEST(Compare, WhatACancelledRunDidNotReachIsCancelled) {
  const std::vector<CompareTableRecord> tables{table("d", CompareResult::waiting, 0, 0)};
  const ComparedDatabase database = summarise(tables).front();
  EXPECT_EQ(encodeContentOverview(database, CompareState::cancelled)["status"], "CANCELED");
  EXPECT_EQ(encodeContentOverview(database, CompareState::cancelled)["compare_result"], false);
}

TEST(Compare, DifferencesNameTheSideWhereARowIsMissing) {
  CompareTableRecord one = table("d", CompareResult::inconsistent, 3, 3);
  one.differences = 5;  // more than are listed
  one.listed =
      R"([{"kind":"missing_in_target","key":["1"]},{"kind":"missing_in_source","key":["2"]},{"kind":"different","key":["3","x"],"columns":["price"]}])";
  const std::vector<CompareTableRecord> tables{one};
  const ordered_json all = encodeDifferences(tables, {0, 10});
  EXPECT_EQ(all["count"], 5);
  ASSERT_EQ(all["contents_infos"].size(), 3U);
  EXPECT_EQ(all["contents_infos"][0]["source_key_value"], ordered_json({"1"}));
  EXPECT_EQ(all["contents_infos"][0]["target_key_value"], ordered_json::array());
  EXPECT_EQ(all["contents_infos"][1]["source_key_value"], ordered_json::array());
  EXPECT_EQ(all["contents_infos"][2]["different_columns"], ordered_json({"price"}));
  EXPECT_EQ(encodeDifferences(tables, {2, 10})["contents_infos"].size(), 1U);
}

}  // namespace
}  // namespace drs::api
