#include "pipeline/scheduler.h"

#include <gtest/gtest.h>

namespace drs::testing {
namespace {

ConflictKeys keysOf(std::vector<ConflictKey> list) {
  ConflictKeys keys;
  keys.list() = std::move(list);
  keys.seal();
  return keys;
}

constexpr std::size_t kRoom = 1000;

TEST(ConflictKeys, OnlyTwoThatShareAThingDoNotConflict) {
  const auto exclusive = keysOf({exclusiveKey(2), exclusiveKey(8)});
  const auto shared = keysOf({sharedKey(4), sharedKey(8)});
  EXPECT_TRUE(exclusive.conflictsWith(shared));
  EXPECT_TRUE(shared.conflictsWith(exclusive));
  EXPECT_TRUE(exclusive.conflictsWith(exclusive));
  EXPECT_FALSE(shared.conflictsWith(shared));
  EXPECT_FALSE(shared.conflictsWith(keysOf({exclusiveKey(6), exclusiveKey(10)})));
}

TEST(ConflictKeys, AThingThatABatchSharesAndOwnsIsItsOwn) {
  const auto both = keysOf({sharedKey(4), exclusiveKey(4), sharedKey(4)});
  EXPECT_TRUE(both.conflictsWith(keysOf({sharedKey(4)})));
}

TEST(ConflictKeys, WhatTouchesAllConflictsWithTheEmptyBatchToo) {
  ConflictKeys all;
  all.touchAll();
  EXPECT_TRUE(all.conflictsWith(keysOf({})));
  EXPECT_TRUE(keysOf({}).conflictsWith(all));
  EXPECT_FALSE(keysOf({}).conflictsWith(keysOf({})));
}

TEST(ConflictKeys, TooManyKeysTouchAll) {
  ConflictKeys keys;
  keys.list().assign(ConflictKeys::kMost, exclusiveKey(2));
  keys.bound();
  EXPECT_FALSE(keys.touchesAll());
  keys.list().push_back(exclusiveKey(4));
  keys.bound();
  EXPECT_TRUE(keys.touchesAll());
  EXPECT_TRUE(keys.list().empty());
}

TEST(Scheduler, StartsWhatDoesNotDependOnWhatIsInFlight) {
  Scheduler scheduler(3, kRoom);
  const auto a = scheduler.start(keysOf({exclusiveKey(2)}), 1);
  EXPECT_FALSE(scheduler.mayStart(keysOf({exclusiveKey(2)}), 1));
  EXPECT_TRUE(scheduler.mayStart(keysOf({exclusiveKey(4)}), 1));
  const auto b = scheduler.start(keysOf({exclusiveKey(4)}), 1);
  EXPECT_NE(a, b);
  EXPECT_EQ(scheduler.inFlight(), 2U);
  scheduler.finish(a);
  EXPECT_TRUE(scheduler.mayStart(keysOf({exclusiveKey(2)}), 1));
  EXPECT_FALSE(scheduler.mayStart(keysOf({sharedKey(4)}), 1));
}

TEST(Scheduler, HasSoManySlots) {
  Scheduler scheduler(2, kRoom);
  scheduler.start(keysOf({exclusiveKey(2)}), 1);
  const auto second = scheduler.start(keysOf({exclusiveKey(4)}), 1);
  EXPECT_FALSE(scheduler.hasFree());
  EXPECT_FALSE(scheduler.mayStart(keysOf({exclusiveKey(6)}), 1));
  scheduler.finish(second);
  EXPECT_EQ(scheduler.start(keysOf({exclusiveKey(6)}), 1), second);
}

TEST(Scheduler, WhatTouchesAllRunsAlone) {
  Scheduler scheduler(2, kRoom);
  ConflictKeys all;
  all.touchAll();
  const auto slot = scheduler.start(keysOf({}), 1);
  EXPECT_FALSE(scheduler.mayStart(all, 1));
  scheduler.finish(slot);
  EXPECT_TRUE(scheduler.mayStart(all, 1));
  scheduler.start(all, 1);
  EXPECT_FALSE(scheduler.mayStart(keysOf({}), 1));
}

TEST(Scheduler, KeepsTheBytesInFlightBounded) {
  Scheduler scheduler(4, kRoom);
  EXPECT_TRUE(scheduler.mayStart(keysOf({}), 5 * kRoom));  // passes alone
  const auto slot = scheduler.start(keysOf({}), 600);
  EXPECT_TRUE(scheduler.mayStart(keysOf({}), 400));
  EXPECT_FALSE(scheduler.mayStart(keysOf({}), 401));
  scheduler.finish(slot);
  EXPECT_TRUE(scheduler.mayStart(keysOf({}), 401));
}

}  // namespace
}  // namespace drs::testing
