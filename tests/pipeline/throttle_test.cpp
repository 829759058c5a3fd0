#include "pipeline/throttle.h"

#include "support/manual_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

namespace drs {
namespace {

using std::chrono::milliseconds;
using testing::ManualClock;

constexpr UnixMillis kHour = 3'600'000;
constexpr std::uint64_t kMegabyte = 1'000'000;

/// A throttle whose sleeping moves the clock.
struct Bench {
  ManualClock clock;
  milliseconds slept{0};
  std::function<void()> onSleep = [] {};
  Throttle throttle{clock, {}, [this](milliseconds span, const std::stop_token& stop) {
                      clock.advance(span);
                      slept += span;
                      onSleep();
                      return !stop.stop_requested();
                    }};
};

TEST(Throttle, WithoutRulesNothingWaits) {
  Bench bench;
  EXPECT_TRUE(bench.throttle.pass(1'000'000'000, {}));
  EXPECT_EQ(bench.slept.count(), 0);
  EXPECT_EQ(bench.throttle.currentLimit(), 0U);
}

TEST(Throttle, TenMegabytesAtOneMegabytePerSecondTakeTenSeconds) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(bench.throttle.pass(100'000, {}));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 10'000, 150);
}

TEST(Throttle, ABatchLargerThanTheBucketPassesAndIsPaidFor) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  EXPECT_TRUE(bench.throttle.pass(5 * kMegabyte, {}));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 5000, 50);
}

TEST(Throttle, RulesMayChangeWhileABatchWaits) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  int looks = 0;
  EXPECT_TRUE(bench.throttle.pass(600 * kMegabyte, {}, [&] {
    if (++looks == 10) bench.throttle.setRules({});
  }));
  EXPECT_EQ(looks, 10);
  EXPECT_LE(bench.slept.count(), 2000);
}

TEST(Throttle, PausesDoNotSaveUpMoreThanAFifthOfASecond) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  bench.clock.advance(std::chrono::minutes(10));
  EXPECT_TRUE(bench.throttle.pass(3 * kMegabyte, {}));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 2800, 50);
}

TEST(Throttle, ShortBreaksAreMadeUpForAndTenSecondsNeverHoldATwentiethMore) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  std::deque<std::pair<std::chrono::steady_clock::time_point, double>> passed;  // of the last ten seconds
  double inWindow = 0;
  double all = 0;
  const auto began = bench.clock.steady();
  for (int i = 0; i < 1000; ++i) {
    if (i % 30 == 29) bench.clock.advance(milliseconds(180));  // a piece ends, another one begins
    ASSERT_TRUE(bench.throttle.pass(100'000, {}));
    passed.emplace_back(bench.clock.steady(), 100'000);
    inWindow += 100'000;
    all += 100'000;
    while (bench.clock.steady() - passed.front().first > std::chrono::seconds(10)) {
      inWindow -= passed.front().second;
      passed.pop_front();
    }
    EXPECT_LE(inWindow, 10.5e6);
  }
  const double seconds = std::chrono::duration<double>(bench.clock.steady() - began).count();
  EXPECT_NEAR(all / seconds, 1e6, 0.01e6) << "breaks that short cost nothing";
}

TEST(Throttle, WhoAskedFirstPassesFirst) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  milliseconds first{0};
  milliseconds second{0};
  bool asked = false;
  bench.onSleep = [&] {  // another copy asks while the first one waits
    if (std::exchange(asked, true)) return;
    EXPECT_TRUE(bench.throttle.pass(kMegabyte, {}));
    second = bench.slept;
  };
  EXPECT_TRUE(bench.throttle.pass(kMegabyte, {}));
  first = bench.slept;
  EXPECT_NEAR(static_cast<double>(second.count()), 2000, 50) << "the first one's bytes count too";
  EXPECT_EQ(first, second) << "it waited no longer than until it was asked again";
}

TEST(Throttle, HigherSeatsStandBackWhenTheLimitHolds) {
  Bench bench;
  bench.throttle.setRules({{0, 23, kMegabyte}});
  EXPECT_TRUE(bench.throttle.pass(100'000, {}, {}, 2));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 200, 5) << "as long again as it waited";
  EXPECT_TRUE(bench.throttle.pass(50'000, {}, {}, 2));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 200, 5) << "no wait, no standing back";
  EXPECT_TRUE(bench.throttle.pass(5 * kMegabyte, {}, {}, 3));
  EXPECT_NEAR(static_cast<double>(bench.slept.count()), 200 + 4950 + 200, 60) << "never for long";
}

TEST(Throttle, PiecesOfOneSizeEndOneAfterTheOther) {
  const Clock clock;
  Throttle throttle(clock, {{0, 23, kMegabyte}});
  std::array<double, 4> ended{};
  {
    std::vector<std::jthread> copies;
    for (int seat = 0; seat < 4; ++seat)
      copies.emplace_back([&, seat, began = clock.steady()] {
        for (int i = 0; i < 15; ++i) ASSERT_TRUE(throttle.pass(20'000, {}, {}, seat));
        ended.at(static_cast<std::size_t>(seat)) = std::chrono::duration<double>(clock.steady() - began).count();
      });
  }
  const auto [first, last] = std::minmax_element(ended.begin(), ended.end());
  EXPECT_GT(*last, 0.9) << "1.2 MB at 1 MB/s, and what was saved up";
  EXPECT_LT(*first, 0.8 * *last);
  EXPECT_EQ(first, ended.begin());
}

TEST(Throttle, RulesHoldForWholeHoursInUtc) {
  Bench bench;
  bench.throttle.setRules({{8, 11, 2 * kMegabyte}, {14, 14, kMegabyte}});
  const auto limitAt = [&](UnixMillis time) {
    bench.clock.set(time);
    return bench.throttle.currentLimit();
  };
  EXPECT_EQ(limitAt(8 * kHour - 1), 0U);
  EXPECT_EQ(limitAt(8 * kHour), 2 * kMegabyte);
  EXPECT_EQ(limitAt(12 * kHour - 1), 2 * kMegabyte);
  EXPECT_EQ(limitAt(12 * kHour), 0U);
  EXPECT_EQ(limitAt(14 * kHour + 1), kMegabyte);
  EXPECT_EQ(limitAt(15 * kHour), 0U);
}

TEST(Throttle, ARuleMayWrapPastMidnight) {
  Bench bench;
  bench.throttle.setRules({{22, 1, kMegabyte}});
  const auto limited = [&](int hour) {
    bench.clock.set(hour * kHour);
    return bench.throttle.currentLimit() != 0;
  };
  EXPECT_FALSE(limited(21));
  EXPECT_TRUE(limited(22));
  EXPECT_TRUE(limited(0));
  EXPECT_TRUE(limited(1));
  EXPECT_FALSE(limited(2));
  bench.throttle.setRules({{16, 15, kMegabyte}});  // "16:00" to "15:59" is the whole day
  for (int hour = 0; hour < 24; ++hour) EXPECT_TRUE(limited(hour)) << hour;
}

TEST(Throttle, AWaitEndsWithTheHourOfItsRule) {
  Bench bench;
  bench.throttle.setRules({{0, 0, 1}});  // one byte per second
  bench.clock.set(kHour - 1000);
  EXPECT_TRUE(bench.throttle.pass(kMegabyte, {}));
  EXPECT_LE(bench.slept.count(), 1200);
}

TEST(Throttle, AChangedLimitIsFollowedWhileWaiting) {
  Bench bench;
  bench.throttle.setRules({{0, 23, 1}});
  bench.onSleep = [&] { bench.throttle.setRules({}); };
  EXPECT_TRUE(bench.throttle.pass(kMegabyte, {}));
  EXPECT_LE(bench.slept.count(), 200);
}

TEST(Throttle, AStopEndsTheWait) {
  Bench bench;
  bench.throttle.setRules({{0, 23, 1}});
  std::stop_source stop;
  bench.onSleep = [&] { stop.request_stop(); };
  EXPECT_FALSE(bench.throttle.pass(kMegabyte, stop.get_token()));
}

}  // namespace
}  // namespace drs
