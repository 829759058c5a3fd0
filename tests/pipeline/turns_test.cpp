#include "pipeline/turns.h"

#include "base/error.h"
#include "base/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <vector>

namespace drs::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{20'000}, kShort{20};

TEST(Turns, TheHeadCommitsAtOnce) {
  Turns turns(kLong);
  EXPECT_TRUE(turns.isHead(1));
  EXPECT_FALSE(turns.isHead(2));
  EXPECT_TRUE(turns.awaitCommit(1, {}, {}));
  turns.committed();
  EXPECT_TRUE(turns.isHead(2));
}

TEST(Turns, BatchesThatAreReadyInAnyOrderCommitInTheirs) {
  Turns turns(kLong);
  std::vector<std::uint64_t> order;  // written by the head alone
  TaskGroup group;
  for (std::uint64_t number = 1; number <= 8; ++number) {
    group.start("batch", [&, number](const std::stop_token& stop) {
      sleepFor(milliseconds((number * 7) % 5 * 3), stop);
      ASSERT_TRUE(turns.awaitCommit(number, {}, stop));
      order.push_back(number);
      turns.committed();
    });
  }
  group.wait();
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(turns.gaveWay(), 0U);
}

TEST(Turns, WhoIsReadyGivesWayToAHeadThatIsNot) {
  Turns turns(kShort);
  EXPECT_FALSE(turns.awaitCommit(2, {}, {}));
  EXPECT_EQ(turns.gaveWay(), 1U);
  TaskGroup group;
  std::atomic<bool> isHead{false};
  group.start("second", [&](const std::stop_token& stop) {
    turns.awaitHead(2, stop);
    isHead = true;
  });
  sleepFor(kShort, {});
  EXPECT_FALSE(isHead);
  ASSERT_TRUE(turns.awaitCommit(1, {}, {}));
  turns.committed();
  group.wait();
  EXPECT_TRUE(isHead);
  EXPECT_TRUE(turns.awaitCommit(2, {}, {}));
}

TEST(Turns, NobodyGivesWayToAHeadThatIsReady) {
  Turns turns(kShort);
  ASSERT_TRUE(turns.awaitCommit(1, {}, {}));  // and its commit takes long
  TaskGroup group;
  std::atomic<bool> commits{false};
  group.start("second", [&](const std::stop_token& stop) { commits = turns.awaitCommit(2, {}, stop); });
  sleepFor(kShort * 4, {});
  turns.committed();
  group.wait();
  EXPECT_TRUE(commits);
}

TEST(Turns, AHeadThatStartsAnewIsNotReady) {
  Turns turns(kShort);
  ASSERT_TRUE(turns.awaitCommit(1, {}, {}));
  turns.begin(1);  // its commit failed
  EXPECT_FALSE(turns.awaitCommit(2, {}, {}));
}

TEST(Turns, ALongBatchHasMorePatience) {
  Turns turns(kShort);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(turns.awaitCommit(2, kShort * 5, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kShort * 5);
}

TEST(Turns, AStopEndsTheWaiting) {
  Turns turns(kLong);
  TaskGroup group;
  std::atomic<int> stopped{0};
  const auto expectStop = [&](const std::function<void()>& wait) {
    try {
      wait();
    } catch (const Error& error) {
      stopped += error.msg() == Msg::connectionLost ? 1 : 0;
    }
  };
  group.start("ready", [&](const std::stop_token& stop) { expectStop([&] { (void)turns.awaitCommit(2, {}, stop); }); });
  group.start("gave-way", [&](const std::stop_token& stop) { expectStop([&] { turns.awaitHead(3, stop); }); });
  sleepFor(kShort, {});
  group.stop();
  group.wait();
  EXPECT_EQ(stopped, 2);
}

/// A model of the hidden deadlock: one lock, which a later batch takes before the head wants it.
TEST(Turns, ALaterBatchThatHoldsWhatTheHeadNeedsDoesNotStopTheLane) {
  Turns turns(kShort);
  std::mutex lock;
  std::vector<std::uint64_t> order;
  TaskGroup group;
  std::atomic<bool> held{false};
  group.start("second", [&](const std::stop_token& stop) {
    Turn turn(turns, 2, stop);
    while (true) {
      turn.begin();
      std::unique_lock mine(lock);
      held = true;
      if (turn.awaitCommit()) break;
      mine.unlock();
      turn.awaitHead();
    }
    order.push_back(2);
    turns.committed();
  });
  group.start("head", [&](const std::stop_token& stop) {
    while (!held) sleepFor(milliseconds(1), stop);
    Turn turn(turns, 1, stop);
    turn.begin();
    std::unique_lock mine(lock, std::try_to_lock);
    for (int tries = 0; !mine && tries < 10'000; ++tries) {
      sleepFor(milliseconds(1), stop);
      (void)mine.try_lock();
    }
    ASSERT_TRUE(mine.owns_lock());
    ASSERT_TRUE(turn.awaitCommit());
    order.push_back(1);
    turns.committed();
  });
  group.wait();
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace drs::testing
