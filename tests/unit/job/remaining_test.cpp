#include "job/remaining.h"

#include "job/pace.h"
#include "support/manual_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace drs {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ManualClock;

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr UnixMillis kHour = 3'600'000;

TableWork table(std::uint64_t rows, std::uint64_t width, std::int64_t chunks) {
  TableWork work;
  work.table.estimatedRows = rows;
  work.table.estimatedBytes = rows * width;
  work.table.chunks = chunks;
  return work;
}

JobRate megabytes(std::uint64_t bytes, std::uint64_t limit = 0, std::uint64_t unlimited = 0) {
  return {.rows = 1, .bytes = bytes * kMegabyte, .unlimited = unlimited * kMegabyte, .limit = limit * kMegabyte};
}

// --- how much ------------------------------------------------------------------------------------------------------

TEST(Expected, RowsAreTheEstimateUntilPiecesSayMore) {
  TableWork work = table(1000, 10, 10);
  EXPECT_EQ(expectedRows(work), 1000U);
  work.table.chunksDone = 5;  // half of the pieces hold as many rows as the whole table should
  work.table.rows = 1000;
  EXPECT_EQ(expectedRows(work), 1750U);
  work.table.chunksDone = 9;
  work.table.rows = 1800;
  EXPECT_NEAR(static_cast<double>(expectedRows(work)), 2000, 20);
  work.table.chunksDone = 10;
  EXPECT_EQ(expectedRows(work), 1800U);
}

TEST(Expected, RowsAreNeverLessThanWereRead) {
  TableWork work = table(1000, 10, 1);
  work.runningRows = 1200;
  EXPECT_EQ(expectedRows(work), 1200U);
  work.runningRows = 900;
  EXPECT_EQ(expectedRows(work), 1000U);
  work.read = true;  // the piece that runs is at its next table
  EXPECT_EQ(expectedRows(work), 900U);
}

TEST(Expected, BytesFollowTheWidthOfTheRowsThatWereRead) {
  TableWork wide = table(1000, 1000, 1);
  wide.runningRows = 100;
  wide.runningBytes = 50'000;  // half as wide as the source says
  const TableWork narrow = table(1'000'000, 30, 1);
  TableWork empty = table(0, 0, 1);
  empty.read = true;
  EXPECT_THAT(expectedBytes({wide, narrow, empty}), ::testing::ElementsAre(500'000U, 15'000'000U, 0U))
      << "a table that was not read yet is off like the others";
  EXPECT_THAT(expectedBytes({}), ::testing::IsEmpty());
}

TEST(Expected, AWideTableWeighsByItsBytes) {
  TableWork wide = table(10, 1'000'000, 2);
  TableWork narrow = table(1'000'000, 1, 1);
  narrow.table.chunksDone = 1;
  narrow.table.rows = 1'000'000;
  narrow.table.bytes = 1'000'000;
  const auto bytes = expectedBytes({wide, narrow});
  EXPECT_EQ(bytes[0], 10'000'000U) << "ten rows are ten elevenths of the work";
  EXPECT_EQ(bytes[1], 1'000'000U);
}

TEST(Expected, VolumeIsTextWithoutWhatARowNeedsInStorage) {
  TableSchema schema;
  schema.columns.resize(2);
  schema.columns[0].kind = ColumnKind::integer;
  schema.columns[1].kind = ColumnKind::temporal;
  schema.estimatedRows = 1000;
  schema.dataBytes = 32'000;
  EXPECT_EQ(estimatedVolume(schema), 1000U * (32 - 2 - 20 + 2 + 12));
  schema.dataBytes = 0;
  EXPECT_EQ(estimatedVolume(schema), 1000U * 2) << "never nothing";
  schema.estimatedRows = 0;
  schema.dataBytes = 16384;
  EXPECT_EQ(estimatedVolume(schema), 16384U);
}

// --- how long ------------------------------------------------------------------------------------------------------

TEST(Seconds, AreBytesByTheRate) {
  EXPECT_EQ(secondsOfCopy(0, {}, {}, 0), 0.0);
  EXPECT_FALSE(secondsOfCopy(kMegabyte, {}, {}, 0)) << "no rate is known";
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(5), {}, 0), 20.0);
}

TEST(Seconds, ALimitCountsBeforeAnythingIsMeasured) {
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, {}, {{0, 23, 4 * kMegabyte}}, 0), 25.0);
  EXPECT_FALSE(secondsOfCopy(100 * kMegabyte, {}, {{1, 1, 4 * kMegabyte}}, 0)) << "not in this hour";
}

TEST(Seconds, ALowerLimitHoldsAtOnce) {
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(50), {{0, 23, 4 * kMegabyte}}, 0), 25.0);
}

TEST(Seconds, ALiftedLimitBringsBackTheRateBeforeIt) {
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(5, 5, 20), {}, 0), 5.0);
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(5, 5, 20), {{0, 23, 10 * kMegabyte}}, 0), 10.0);
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(5, 5), {}, 0), 20.0) << "no other rate is known";
}

TEST(Seconds, HoursWithAnotherLimitCountByTheirs) {
  const std::vector<SpeedRule> rules{{1, 1, kMegabyte}};  // 10 MB/s until one o'clock, then 1 MB/s for an hour
  const UnixMillis now = kHour - 10'000;
  EXPECT_EQ(secondsOfCopy(100 * kMegabyte, megabytes(10), rules, now), 10.0);
  EXPECT_EQ(secondsOfCopy(160 * kMegabyte, megabytes(10), rules, now), 70.0);
  EXPECT_EQ(secondsOfCopy((100 + 3600 + 20) * kMegabyte, megabytes(10), rules, now), 10.0 + 3600 + 2);
}

TEST(Seconds, OfIndexesUseWhatWasMeasured) {
  EXPECT_DOUBLE_EQ(secondsOfIndexes(10 * kMegabyte, kMegabyte), 10);
  EXPECT_GT(secondsOfIndexes(1000 * kMegabyte, 0), 1);
  EXPECT_EQ(secondsOfIndexes(0, 0), 0);
}

// --- indexes -------------------------------------------------------------------------------------------------------

TablePlan planOf(std::uint64_t rows, std::vector<Index> indexes) {
  auto schema = std::make_shared<TableSchema>();
  schema->estimatedRows = rows;
  schema->dataBytes = rows * 100;
  schema->indexes = std::move(indexes);
  TablePlan plan;
  plan.source = schema;
  return plan;
}

TEST(IndexWork, OfTablesWithIndexesThatComeBehindTheRows) {
  const Index plain{.name = "a", .unique = false, .primary = false, .type = "BTREE", .parts = {}};
  const Index unique{.name = "b", .unique = true, .primary = false, .type = "BTREE", .parts = {}};
  const Index text{.name = "c", .unique = false, .primary = false, .type = "FULLTEXT", .parts = {}};
  std::vector<TablePlan> plans{planOf(10, {}),      planOf(10, {unique}),
                               planOf(10, {plain}), planOf(10, {plain, plain}),
                               planOf(10, {text}),  planOf(10, {plain})};
  plans[5].createTable = false;
  const auto work = indexWork(plans, {});
  ASSERT_THAT(work, ::testing::SizeIs(3));
  EXPECT_EQ(work[0].plan, 2U);
  EXPECT_LT(work[0].bytes, work[1].bytes) << "a second index costs more";
  EXPECT_LT(work[1].bytes, 2 * work[0].bytes) << "the table is read once";
  EXPECT_GT(work[2].bytes, work[1].bytes);
  const auto again = decodeIndexWork(encodeIndexWork(work));
  ASSERT_THAT(again, ::testing::SizeIs(3));
  EXPECT_EQ(again[1].bytes, work[1].bytes);
  EXPECT_THROW((void)decodeIndexWork("[1]"), Error);
  JobSpec spec;
  spec.policyConfig.isCreateTableWithIndex = true;
  EXPECT_THAT(indexWork(plans, spec), ::testing::IsEmpty());
}

// --- the rate ------------------------------------------------------------------------------------------------------

/// A copy that writes a batch every hundred milliseconds.
struct Copy {
  ManualClock clock;
  Pace pace{clock};
  void run(int tenths, std::uint64_t bytesPerSecond, std::uint64_t limit = 0) {
    for (int i = 0; i < tenths; ++i) {
      clock.advance(milliseconds(100));
      pace.add(10, bytesPerSecond / 10, limit);
    }
  }
  [[nodiscard]] double rate() const { return static_cast<double>(pace.rate().bytes); }
};

TEST(Pace, IsKnownAfterASecond) {
  Copy copy;
  (void)copy.pace.begin();
  copy.run(9, kMegabyte);
  EXPECT_EQ(copy.rate(), 0);
  copy.run(1, kMegabyte);
  EXPECT_EQ(copy.rate(), 1e6);
  EXPECT_EQ(copy.pace.rate().rows, 100U);
}

TEST(Pace, EachCopyHasTheLowestSeatThatIsFree) {
  Copy copy;
  EXPECT_EQ(copy.pace.begin(), 0);
  EXPECT_EQ(copy.pace.begin(), 1);
  EXPECT_EQ(copy.pace.begin(), 2);
  copy.pace.end(1);
  EXPECT_EQ(copy.pace.begin(), 1);
  EXPECT_EQ(copy.pace.begin(), 3);
}

TEST(Pace, LooksAtTheLastTenSeconds) {
  Copy copy;
  (void)copy.pace.begin();
  copy.run(600, 8 * kMegabyte);
  copy.run(50, 2 * kMegabyte);
  EXPECT_NEAR(copy.rate(), 5e6, 0.2e6);
  copy.run(60, 2 * kMegabyte);
  EXPECT_NEAR(copy.rate(), 2e6, 0.2e6);
}

TEST(Pace, APauseIsNoWork) {
  Copy copy;
  (void)copy.pace.begin();
  copy.run(100, 5 * kMegabyte);
  copy.pace.end(0);
  copy.clock.advance(minutes(30));
  EXPECT_NEAR(copy.rate(), 5e6, 1e4) << "what it was stays known";
  (void)copy.pace.begin();
  copy.run(11, 4 * kMegabyte);
  EXPECT_NEAR(copy.rate(), 4e6, 0.1e6) << "neither the pause nor what was before it counts";
}

TEST(Pace, TheMomentBetweenTwoPiecesIsWork) {
  Copy copy;
  for (int i = 0; i < 10; ++i) {
    (void)copy.pace.begin();
    copy.run(5, 4 * kMegabyte);
    copy.pace.end(0);
    copy.clock.advance(milliseconds(500));
  }
  (void)copy.pace.begin();
  copy.pace.add(0, 0, 0);
  EXPECT_NEAR(copy.rate(), 2e6, 0.25e6);
}

TEST(Pace, FollowsAChangedLimitWithinASecond) {
  Copy copy;
  (void)copy.pace.begin();
  copy.run(100, 9 * kMegabyte);
  EXPECT_EQ(copy.pace.rate().unlimited, 9 * kMegabyte);
  copy.run(11, 2 * kMegabyte, 2 * kMegabyte);
  EXPECT_NEAR(copy.rate(), 2e6, 0.3e6);
  copy.run(100, 2 * kMegabyte, 2 * kMegabyte);
  EXPECT_EQ(copy.pace.rate().unlimited, 9 * kMegabyte) << "what a limit holds back says nothing of the rate without";
  copy.run(11, 4 * kMegabyte, 4 * kMegabyte);
  EXPECT_NEAR(copy.rate(), 4e6, 0.5e6);
  EXPECT_EQ(copy.pace.rate().limit, 4 * kMegabyte);
}

TEST(Pace, ACopyThatIsSlowerThanItsLimitShowsWhatItCan) {
  Copy copy;
  (void)copy.pace.begin();
  copy.run(100, 3 * kMegabyte, 5 * kMegabyte);
  EXPECT_EQ(copy.pace.rate().unlimited, 3 * kMegabyte);
}

// --- all of it -----------------------------------------------------------------------------------------------------

/// Three tables of very different rows, copied under a limit that changes, with a pause: elapsed work and what is
/// said to remain always add up to what it takes in the end.
TEST(Remaining, IsRightWithinAQuarterAfterTheFirstTenth) {
  Copy copy;
  const std::vector<SpeedRule> rules{{0, 23, 2 * kMegabyte}};
  std::vector<TableWork> tables{table(20, 1'200'000, 2), table(900'000, 15, 1), table(10'000, 900, 1)};
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> real{{24, kMegabyte}, {1'000'000, 12}, {10'000, 1000}};
  std::uint64_t all = 0;
  for (const auto& [rows, width] : real) all += rows * width;
  const double total = static_cast<double>(all) / 2e6;  // 23 s
  double worked = 0;
  (void)copy.pace.begin();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto [rows, width] = real[i];
    const std::uint64_t batch = std::max<std::uint64_t>(1, 200'000 / width);
    for (std::uint64_t done = 0; done < rows; done += batch) {
      const double span = static_cast<double>(batch * width) / 2e6;
      copy.clock.advance(milliseconds(std::llround(span * 1000)));
      copy.pace.add(batch, batch * width, 2 * kMegabyte);
      tables[i].runningRows += batch;
      tables[i].runningBytes += batch * width;
      worked += span;
      if (worked < total / 10) continue;
      std::uint64_t left = 0;
      const auto expected = expectedBytes(tables);
      for (std::size_t t = 0; t < tables.size(); ++t) left += expected[t] - tables[t].bytes();
      const double said = *secondsOfCopy(left, copy.pace.rate(), rules, 0);
      EXPECT_NEAR(worked + said, total, total / 4) << "after " << worked << " s";
      if (i == 1 && done == 10 * batch) {  // a pause in the middle
        copy.pace.end(0);
        copy.clock.advance(minutes(5));
        (void)copy.pace.begin();
      }
    }
    tables[i].read = true;
  }
  EXPECT_NEAR(worked, total, 1);
}

}  // namespace
}  // namespace drs
