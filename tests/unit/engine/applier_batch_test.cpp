#include "engine/mysql/applier_batch.h"

#include "engine/mysql/applier_target.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

using Expect = StatementBatch::Expect;

class StatementBatchTest : public ::testing::Test {
 protected:
  StatementBatchTest() {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"s", "t"};
    Column id, kind;
    id.name = "id";
    id.kind = ColumnKind::integer;
    kind.name = "e";
    kind.kind = ColumnKind::enumerated;
    schema->columns = {id, kind};
    schema->primaryKey = {0};
    rows_ = RowBatch(schema);
    writer_ = std::make_unique<SqlWriter>(*schema, TableName{"d", "t"});
    for (std::int64_t i = 0; i < 4; ++i) {
      rows_.addSigned(i);
      rows_.addUnsigned(i == 3 ? 0 : 1);  // the last row holds the value for an invalid text
    }
  }

  const std::string index_ = "`PRIMARY`";
  RowBatch rows_;
  std::unique_ptr<SqlWriter> writer_;
  std::vector<std::string> sent_;
  StatementBatch batch_{1000, 1000, [this] {
                          sent_.push_back(batch_.sql());
                          batch_.clear();
                        }};
};

TEST_F(StatementBatchTest, JoinsRowsThatFollowEachOther) {
  batch_.strictMode(true);
  batch_.clear();
  batch_.insert(*writer_, rows_, 0);
  batch_.insert(*writer_, rows_, 1);
  batch_.remove(*writer_, index_, rows_, 0, true);
  batch_.remove(*writer_, index_, rows_, 1, true);
  batch_.insert(*writer_, rows_, 2);
  batch_.close();
  EXPECT_EQ(batch_.sql(),
            "INSERT INTO `d`.`t` (`id`,`e`) VALUES (0,1),(1,1);DELETE `d`.`t` FROM (SELECT 0 AS k UNION ALL "
            "SELECT 1) AS d STRAIGHT_JOIN `d`.`t` FORCE INDEX (`PRIMARY`) ON `d`.`t`.`id`=d.k;"
            "INSERT INTO `d`.`t` (`id`,`e`) VALUES (2,1)");
  ASSERT_EQ(batch_.expectations().size(), 3U);
  EXPECT_EQ(batch_.expectations()[0].count, 2U);
  EXPECT_EQ(batch_.expectations()[1].count, 2U);
  EXPECT_EQ(batch_.expectations()[2].expect, Expect::rows);
}

TEST_F(StatementBatchTest, DoesNotJoinRowsThatMustBeThereWithRowsThatNeedNot) {
  batch_.remove(*writer_, index_, rows_, 0, true);
  batch_.remove(*writer_, index_, rows_, 1, false);
  batch_.close();
  EXPECT_EQ(batch_.sql(), "DELETE FROM `d`.`t` WHERE `id`=0;DELETE FROM `d`.`t` WHERE `id`=1");
  EXPECT_EQ(batch_.expectations()[1].expect, Expect::anyRows);
}

// The rows of a large transaction are in memory one change at a time.
TEST_F(StatementBatchTest, NeedsTheRowsOfADeleteNoLongerThanTheCall) {
  batch_.strictMode(true);
  batch_.clear();
  {
    auto once = std::make_unique<RowBatch>(rows_);
    batch_.remove(*writer_, index_, *once, 2, true);
  }
  batch_.insert(*writer_, rows_, 0);
  batch_.close();
  EXPECT_EQ(batch_.sql(), "DELETE FROM `d`.`t` WHERE `id`=2;INSERT INTO `d`.`t` (`id`,`e`) VALUES (0,1)");
}

TEST_F(StatementBatchTest, SetsForeignKeyChecksOnlyWhenTheyChange) {
  batch_.foreignKeyChecks(true);
  batch_.foreignKeyChecks(true);
  batch_.foreignKeyChecks(false);
  EXPECT_EQ(batch_.sql(), "SET foreign_key_checks=1;SET foreign_key_checks=0");
  batch_.clear();
  batch_.foreignKeyChecks(false);
  EXPECT_TRUE(batch_.empty());
  batch_.forgetSession();
  batch_.foreignKeyChecks(false);
  EXPECT_FALSE(batch_.empty());
}

TEST_F(StatementBatchTest, WritesAnInvalidEnumValueOutsideStrictModeAndExpectsItsWarning) {
  batch_.strictMode(true);
  batch_.clear();
  batch_.insert(*writer_, rows_, 2);
  batch_.insert(*writer_, rows_, 3);
  batch_.insert(*writer_, rows_, 0);
  batch_.close();
  const auto& expectations = batch_.expectations();
  ASSERT_EQ(expectations.size(), 5U);  // insert, SET lax, insert, SET strict, insert
  EXPECT_EQ(expectations[0].warnings, 0U);
  EXPECT_EQ(expectations[2].warnings, 1U);
  EXPECT_EQ(expectations[4].warnings, 0U);
  EXPECT_LT(batch_.sql().find(kLaxMode), batch_.sql().find("(3,0)"));
  EXPECT_GT(batch_.sql().find(kStrictMode), batch_.sql().find("(3,0)"));
}

TEST_F(StatementBatchTest, HandsOverAPacketBeforeItGrowsTooLarge) {
  for (int i = 0; i < 300; ++i) batch_.insert(*writer_, rows_, static_cast<std::size_t>(i % 3));
  batch_.close();
  sent_.push_back(batch_.sql());
  std::size_t rows = 0;
  for (const std::string& packet : sent_) {
    EXPECT_LE(packet.size(), 1000U);
    for (std::size_t at = packet.find(",1)"); at != std::string::npos; at = packet.find(",1)", at + 1)) ++rows;
  }
  EXPECT_EQ(rows, 300U);
}

TEST_F(StatementBatchTest, UpdatesOfOneShapeShareAStatementInPacketsOfBoundedSize) {
  constexpr std::size_t kPacket = 100'000, kUpdates = 5000;
  RowBatch updates(rows_.schemaPtr());
  for (std::size_t i = 0; i < kUpdates; ++i) {
    for (const std::uint64_t value : {1U, 2U}) {
      updates.addSigned(static_cast<std::int64_t>(i));
      updates.addUnsigned(value);
    }
  }
  const UpdateMerge merge(rows_.schema(), index_, {{"PRIMARY", {{0, 0}}, true}}, false);
  const std::vector<std::size_t> keep;
  std::size_t rows = 0, statements = 0;
  StatementBatch batch(kPacket, kPacket, [&] {
    EXPECT_LE(batch.sql().size(), kPacket);
    for (const StatementBatch::Expectation& expected : batch.expectations()) {
      rows += expected.count;
      statements += expected.expect == Expect::rows ? 1 : 0;
    }
    sent_.push_back(batch.sql());
    batch.clear();
  });
  for (std::size_t i = 0; i < kUpdates; ++i) batch.update(*writer_, merge, 2, updates, 2 * i, keep);
  batch.insert(*writer_, rows_, 0);  // closes the last one
  batch.close();
  for (const StatementBatch::Expectation& expected : batch.expectations()) rows += expected.count;
  EXPECT_EQ(rows, kUpdates + 1);
  EXPECT_LT(statements, kUpdates / UpdateMerge::kMostRows + sent_.size() + 1);
  ASSERT_GT(sent_.size(), 1U);
  EXPECT_NE(sent_[0].find(";UPDATE `d`.`t` FORCE INDEX (`PRIMARY`) SET `e`=CASE `id` WHEN 0 THEN 2 WHEN 1 THEN 2"),
            std::string::npos)
      << sent_[0].substr(0, 300);
}

TEST_F(StatementBatchTest, AnUpdateWithoutOthersOfItsShapeIsWrittenAlone) {
  RowBatch updates(rows_.schemaPtr());
  for (const std::uint64_t value : {1U, 2U}) {
    updates.addSigned(7);
    updates.addUnsigned(value);
  }
  const UpdateMerge merge(rows_.schema(), index_, {{"PRIMARY", {{0, 0}}, true}}, false);
  const std::vector<std::size_t> keep;
  batch_.strictMode(true);
  batch_.clear();
  batch_.update(*writer_, merge, 2, updates, 0, keep);
  EXPECT_FALSE(batch_.empty());
  batch_.close();
  EXPECT_EQ(batch_.sql(), "UPDATE `d`.`t` SET `e`=2 WHERE `id`=7");
  EXPECT_EQ(batch_.expectations().at(0).count, 1U);
}

TEST_F(StatementBatchTest, RefusesARowThatNoPacketCanHold) {
  batch_.resize(10, 10);
  try {
    batch_.insert(*writer_, rows_, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::limitExceeded);
  }
}

TEST(StatementBatchZeros, StayBelowTheSixteenBitsOfTheServersCount) {
  auto schema = std::make_shared<TableSchema>();
  Column id, kind;
  id.name = "id";
  id.kind = ColumnKind::integer;
  kind.name = "e";
  kind.kind = ColumnKind::enumerated;
  schema->columns = {id, kind};
  schema->primaryKey = {0};
  const SqlWriter writer(*schema, TableName{"d", "t"});
  RowBatch rows(schema);
  rows.addSigned(1);
  rows.addUnsigned(0);
  StatementBatch batch(1U << 20U, 1U << 20U, [] { FAIL() << "nothing to flush"; });
  constexpr std::uint64_t kRows = 70000;
  for (std::uint64_t i = 0; i < kRows; ++i) batch.replace(writer, rows, 0);
  batch.close();
  std::uint64_t sum = 0;
  for (const StatementBatch::Expectation& expected : batch.expectations()) {
    EXPECT_LE(expected.warnings, kMaxZeros);
    EXPECT_EQ(expected.count, expected.warnings);
    sum += expected.count;
  }
  EXPECT_EQ(sum, kRows);
}

}  // namespace
}  // namespace drs::mysql
