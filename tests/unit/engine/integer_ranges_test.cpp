#include "engine/mysql/integer_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace drs::mysql {
namespace {

/// Ranges over these keys; checks that every key is in exactly one.
std::vector<IntegerRange> cut(const std::vector<std::int64_t>& keys, std::uint64_t step, int* asked = nullptr) {
  int calls = 0;
  const auto ranges = cutIntegers(keys.front(), keys.back(), step, [&](const IntegerRange& range) {
    ++calls;
    return static_cast<std::uint64_t>(std::count_if(
        keys.begin(), keys.end(), [&](std::int64_t key) { return key > range.after && key <= range.upTo; }));
  });
  EXPECT_EQ(static_cast<std::int64_t>(ranges.front().after + 1), keys.front());
  EXPECT_EQ(static_cast<std::int64_t>(ranges.back().upTo), keys.back());
  for (std::size_t i = 1; i < ranges.size(); ++i) EXPECT_TRUE(ranges[i].after == ranges[i - 1].upTo) << i;
  if (asked != nullptr) *asked = calls;
  return ranges;
}

std::vector<std::int64_t> sequence(std::int64_t first, std::int64_t count, std::int64_t distance = 1) {
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < count; ++i) keys.push_back(first + i * distance);
  return keys;
}

TEST(IntegerRanges, CutsEvenKeysEvenly) {
  const auto ranges = cut(sequence(1, 10000), 1000);
  EXPECT_GE(ranges.size(), 8U);
  EXPECT_LE(ranges.size(), 20U);
  for (const IntegerRange& range : ranges) EXPECT_LE(range.rows, 1250U);
}

TEST(IntegerRanges, FollowsKeysThatCrowdAtBothEnds) {
  auto keys = sequence(-9'000'000'000'000'000'000, 5000);
  const auto high = sequence(9'000'000'000'000'000'000, 5000);
  keys.insert(keys.end(), high.begin(), high.end());
  int asked = 0;
  const auto ranges = cut(keys, 1000, &asked);
  for (const IntegerRange& range : ranges) EXPECT_LE(range.rows, 1250U);
  EXPECT_LE(ranges.size(), 24U);
  EXPECT_LT(asked, 400) << "each halving asks twice, 64 times at most on the way to a crowd";
}

TEST(IntegerRanges, ReachesBothEndsOfEverySixtyFourBitType) {
  EXPECT_EQ(cut({std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}, 1).size(), 2U);
  const auto wide = cutIntegers(0, std::numeric_limits<std::uint64_t>::max(), 10,
                                [](const IntegerRange&) { return std::uint64_t{5}; });
  ASSERT_EQ(wide.size(), 1U);
  EXPECT_TRUE(wide[0].upTo == static_cast<WideInt>(std::numeric_limits<std::uint64_t>::max()));
}

TEST(IntegerRanges, AsksABoundedNumberOfTimes) {
  std::uint64_t asked = 0;
  const auto ranges = cutIntegers(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                  800, [&](const IntegerRange&) {
                                    ++asked;
                                    return std::uint64_t{1024};  // of every range, however empty it is
                                  });
  EXPECT_LE(asked, 2100U);
  EXPECT_TRUE(ranges.back().upTo == std::numeric_limits<std::int64_t>::max());
}

TEST(IntegerRanges, EndsWhateverTheServerEstimates) {
  const auto ranges = cutIntegers(1, 100000, 1000, [](const IntegerRange&) { return std::uint64_t{1'000'000'000}; });
  EXPECT_LE(ranges.size(), 256U);
  EXPECT_EQ(cut({7}, 1000).size(), 1U);
}

}  // namespace
}  // namespace drs::mysql
