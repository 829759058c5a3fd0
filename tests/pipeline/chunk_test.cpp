#include "pipeline/chunk.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

TEST(Chunk, RestsHoldWhatWasNotRead) {
  Chunk one;
  one.number = 3;
  one.plans = {7};
  one.after = {"1"};
  one.upTo = {"9"};
  one.estimatedRows = 10;
  one.estimatedBytes = 20;
  one.largeRows = true;
  ChunkResult result;
  result.rows = 4;
  result.bytes = 50;
  result.endedAt = {"5"};
  const std::vector<Chunk> rest = restsOf(one, result, 12);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].number, 12U);
  EXPECT_EQ(rest[0].plans, one.plans);
  EXPECT_EQ(rest[0].after, result.endedAt);
  EXPECT_EQ(rest[0].upTo, one.upTo);
  EXPECT_EQ(rest[0].estimatedRows, 6U);
  EXPECT_EQ(rest[0].estimatedBytes, 0U);
  EXPECT_FALSE(rest[0].largeRows) << "of what is behind nobody knows";
}

TEST(Chunk, OfSeveralTablesTheOthersAreAChunkToo) {
  Chunk packed;
  packed.number = 1;
  packed.plans = {2, 5, 6, 9};
  ChunkResult result;
  result.endedAt = {"5"};
  result.endedIn = 1;
  const std::vector<Chunk> rests = restsOf(packed, result, 4);
  ASSERT_EQ(rests.size(), 2U);
  EXPECT_EQ(rests[0].plans, std::vector<std::size_t>{5});
  EXPECT_EQ(rests[0].after, result.endedAt);
  EXPECT_EQ(rests[1].number, 5U);
  EXPECT_EQ(rests[1].plans, (std::vector<std::size_t>{6, 9}));
  EXPECT_TRUE(rests[1].after.empty());
  result.endedIn = 3;
  EXPECT_EQ(restsOf(packed, result, 4).size(), 1U);
}

}  // namespace
}  // namespace drs
