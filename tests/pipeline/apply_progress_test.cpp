#include "pipeline/apply_progress.h"

#include "support/manual_clock.h"

#include <gtest/gtest.h>

namespace drs::testing {
namespace {

using std::chrono::milliseconds;

class Delays : public ::testing::Test {
 protected:
  static Transaction whole(UnixMillis commitMillis) {
    Transaction out;
    out.commitMillis = commitMillis / 1000 * 1000;
    out.wholeSeconds = true;
    out.changes.emplace_back(SchemaChange{});
    return out;
  }
  static Transaction exact(UnixMillis commitMillis) {
    Transaction out = whole(commitMillis);
    out.commitMillis = commitMillis;
    out.wholeSeconds = false;
    return out;
  }
  static Transaction beat(UnixMillis commitMillis) {
    Transaction out = exact(commitMillis);
    out.changes.clear();
    out.beat = true;
    return out;
  }
  ApplyBatch begin(Transaction transaction, UnixMillis beatMillis = 0) {
    ApplyBatch batch;
    batch.number = ++number_;
    batch.transactions.push_back(std::move(transaction));
    batch.beatMillis = beatMillis;
    progress_.begun(batch);
    return batch;
  }
  void after(int millis) { clock_.advance(milliseconds(millis)); }
  [[nodiscard]] std::int64_t delay() const { return progress_.now().delay.count(); }
  [[nodiscard]] std::int64_t readDelay() const { return progress_.now().readDelay.count(); }

  ManualClock clock_{1'700'000'000'000};
  UnixMillis start_ = clock_.now() / 1000 * 1000;
  ApplyProgress progress_{clock_, {}};
  std::uint64_t number_ = 0;
};

TEST_F(Delays, areToldBySecondsWhereNothingBetterIsThere) {
  after(950);
  progress_.read(whole(start_ + 940));
  progress_.committed(begin(whole(start_ + 940)), {});
  EXPECT_EQ(delay(), 950);
  EXPECT_EQ(readDelay(), 950);
}

TEST_F(Delays, areThoseOfTheHeartbeatsWhereThereAreAny) {
  after(950);
  progress_.read(beat(start_ + 940));
  progress_.beat(start_ + 940);
  EXPECT_EQ(delay(), 10);
  progress_.read(whole(start_ + 945));
  progress_.committed(begin(whole(start_ + 945)), {});
  EXPECT_EQ(delay(), 10);
  EXPECT_EQ(readDelay(), 10);
  progress_.committed(begin(exact(start_ + 947)), {});
  EXPECT_EQ(delay(), 3);
}

TEST_F(Delays, ofAHeartbeatCountWhenAllBeforeItIsDurable) {
  after(100);
  const ApplyBatch first = begin(whole(start_ + 90)), second = begin(whole(start_ + 95));
  progress_.read(beat(start_ + 96));
  progress_.beat(start_ + 96);
  progress_.beat(start_ + 99);  // measured with a later one
  after(400);
  progress_.committed(first, {});
  EXPECT_EQ(delay(), 500);  // as far as is known: by the second
  after(50);
  progress_.committed(second, {});
  EXPECT_EQ(delay(), 550 - 96);
}

TEST_F(Delays, ofAHeartbeatAmongOthersComeWithTheirBatch) {
  after(500);
  progress_.read(beat(start_ + 480));
  progress_.committed(begin(whole(start_ + 470), start_ + 480), {});
  EXPECT_EQ(delay(), 20);
}

TEST_F(Delays, growWhileATargetDoesNotCommit) {
  after(500);
  progress_.read(beat(start_ + 490));
  progress_.beat(start_ + 490);
  (void)begin(whole(start_ + 495));
  EXPECT_EQ(delay(), 10);  // it may have been committed at the end of that second
  after(5000);
  EXPECT_EQ(delay(), 5500 - 1000);
}

TEST_F(Delays, areToldBySecondsAgainWhenNoHeartbeatsCome) {
  after(500);
  progress_.read(beat(start_ + 490));
  progress_.beat(start_ + 490);
  after(20'450);
  progress_.committed(begin(whole(start_ + 20'940)), {});
  EXPECT_EQ(delay(), 950);
}

}  // namespace
}  // namespace drs::testing
