#include "pipeline/stream_run.h"

#include "base/task_group.h"
#include "support/manual_clock.h"
#include "support/memory_engine.h"

#include <gtest/gtest.h>

#include <atomic>

namespace drs::testing {
namespace {

using std::chrono::milliseconds;

/// Remembers what each call of apply() got; may be held up.
class WatchedSink final : public MemorySink {
 public:
  using MemorySink::MemorySink;
  std::vector<std::vector<std::string>> batches;  ///< ids; only to be read after the run
  std::function<void()> beforeApply = [] {};

  ApplyStats apply(const ApplyBatch& batch, Turn& turn) override {
    beforeApply();
    auto& ids = batches.emplace_back();
    for (const Transaction& transaction : batch.transactions)
      ids.push_back(transaction.changes.empty() ? "-" : transaction.id);
    return MemorySink::apply(batch, turn);
  }
};

class StreamRun : public ::testing::Test {
 protected:
  StreamRun() { sink_.fence({1, 1}); }

  void insert(std::int64_t key) {
    database_.transact([key](MemoryDatabase::Writer& writer) { writer.insert(0, {key, key}); });
  }
  void insertMany(std::int64_t from, std::int64_t count) {
    for (std::int64_t key = from; key < from + count; ++key) insert(key);
  }
  void nothing() {
    database_.transact([](MemoryDatabase::Writer&) {});
  }
  StreamContext context(std::optional<Position> end) {
    StreamContext out{source_, sink_, plans_, std::vector<Window>(plans_.size()), at(0), std::move(end), {},
                      clock_,  {},    {}};
    out.options.progressInterval = milliseconds(5);
    return out;
  }

  static MemorySchema oneTable() {
    MemorySchema schema;
    schema.add("a", 2, {});
    return schema;
  }

  MemorySchema schema_ = oneTable();
  MemoryDatabase database_{schema_};
  Crashes crashes_;
  MemorySource source_{database_, crashes_};
  MemoryTarget target_{schema_};
  WatchedSink sink_{target_, crashes_};
  Plans plans_ = plansOf(schema_);
  const Clock clock_;
};

TEST_F(StreamRun, ReplaysToTheEndAndNotBeyond) {
  insertMany(0, 10);
  EXPECT_EQ(streamLog(context(at(7)), {}), StreamEnd::endReached);
  EXPECT_EQ(target_.state().content[0].size(), 7U);
  EXPECT_EQ(target_.state().mark->position, at(7));
}

TEST_F(StreamRun, GoesOnFromTheMark) {
  insertMany(0, 5);
  ASSERT_EQ(streamLog(context(at(3)), {}), StreamEnd::endReached);
  auto next = context(at(5));
  next.from = target_.state().mark->position;
  EXPECT_EQ(streamLog(next, {}), StreamEnd::endReached);
  for (const auto& [id, times] : target_.state().applied) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(target_.state().applied.size(), 5U);
}

TEST_F(StreamRun, ABacklogIsAppliedInBatchesUpToTheLimits) {
  insertMany(0, 100);
  bool first = true;
  sink_.beforeApply = [&] {  // the first batch waits until the reader has everything in the queue
    if (std::exchange(first, false)) sleepFor(milliseconds(50), {});
  };
  auto run = context(at(100));
  run.options.maxBatchTransactions = 20;
  ASSERT_EQ(streamLog(run, {}), StreamEnd::endReached);
  std::size_t largest = 0;
  std::vector<std::string> order;
  for (const auto& batch : sink_.batches) {
    largest = std::max(largest, batch.size());
    order.insert(order.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(largest, 20U);
  ASSERT_EQ(order.size(), 100U);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], std::to_string(i + 1));
}

TEST_F(StreamRun, ABatchEndsAtItsBytes) {
  insertMany(0, 60);
  bool first = true;
  sink_.beforeApply = [&] {
    if (std::exchange(first, false)) sleepFor(milliseconds(50), {});
  };
  auto run = context(at(60));
  run.options.maxBatchBytes = 100;  // three rows of 32 bytes
  ASSERT_EQ(streamLog(run, {}), StreamEnd::endReached);
  for (const auto& batch : sink_.batches) EXPECT_LE(batch.size(), 3U);
}

TEST_F(StreamRun, ASchemaChangeIsAppliedAlone) {
  insertMany(0, 5);
  database_.transact([](MemoryDatabase::Writer& writer) { writer.truncate(0); });
  insertMany(10, 5);
  bool first = true;
  sink_.beforeApply = [&] {
    if (std::exchange(first, false)) sleepFor(milliseconds(50), {});
  };
  ASSERT_EQ(streamLog(context(at(11)), {}), StreamEnd::endReached);
  bool found = false;
  for (const auto& batch : sink_.batches) {
    if (std::find(batch.begin(), batch.end(), "6") == batch.end()) continue;
    found = true;
    EXPECT_EQ(batch.size(), 1U);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(target_.state().content, database_.content());
}

TEST_F(StreamRun, WithoutDdlTransATruncateStaysAtTheSource) {
  plans_[0].truncates = false;
  insertMany(0, 5);
  database_.transact([](MemoryDatabase::Writer& writer) { writer.truncate(0); });
  insertMany(10, 1);
  ASSERT_EQ(streamLog(context(at(7)), {}), StreamEnd::endReached);
  EXPECT_EQ(target_.state().content[0].size(), 6U);
}

TEST_F(StreamRun, TransactionsWithoutChangesMoveTheMarkOnlyNowAndThen) {
  for (int i = 0; i < 500; ++i) nothing();
  ASSERT_EQ(streamLog(context(at(500)), {}), StreamEnd::endReached);
  EXPECT_EQ(target_.state().mark->position, at(500));
  EXPECT_LE(sink_.batches.size(), 3U);
}

TEST_F(StreamRun, TransactionsWithoutChangesGoWithTheBatchBeforeThem) {
  insert(1);
  nothing();
  nothing();
  sink_.beforeApply = [] { sleepFor(milliseconds(20), {}); };
  insert(2);
  nothing();
  ASSERT_EQ(streamLog(context(at(5)), {}), StreamEnd::endReached);
  EXPECT_EQ(target_.state().mark->position, at(5));
  EXPECT_EQ(target_.state().applied.size(), 2U);
}

TEST_F(StreamRun, AnIdleLaneMovesItsMarkAndShowsNoDelay) {
  insert(1);
  nothing();
  std::stop_source stop;
  StreamProgress last;
  auto run = context(std::nullopt);
  run.options.markInterval = milliseconds(0);
  run.progress = [&](const StreamProgress& progress) {
    last = progress;
    if (progress.position == at(2) && progress.delay.count() == 0) stop.request_stop();
  };
  EXPECT_EQ(streamLog(run, stop.get_token()), StreamEnd::stopped);
  EXPECT_EQ(last.rows, 1U);
  EXPECT_EQ(last.transactions, 1U);
  EXPECT_GT(last.lastCommitMillis, 0);
}

/// Never says anything.
class SilentSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  std::unique_ptr<LogReader> openLog(const Position&, const Plans&) override { return std::make_unique<Reader>(); }

 private:
  class Reader final : public LogReader {
   public:
    std::optional<Transaction> next(const std::stop_token& stop) override {
      while (sleepFor(milliseconds(5), stop)) {
      }
      return std::nullopt;
    }
    Position position() const override { return at(0); }
    UnixMillis caughtUpAt() const override { return 0; }
  };
};

TEST_F(StreamRun, SilenceIsNotTakenForIdleness) {
  SilentSource silent(database_, crashes_);
  ManualClock clock(1'000'000);
  std::stop_source stop;
  milliseconds delay{0};
  StreamContext run{silent, sink_, plans_, std::vector<Window>(1), at(0), std::nullopt, {}, clock, {}, {}};
  run.options.progressInterval = milliseconds(5);
  run.progress = [&](const StreamProgress& progress) {
    delay = progress.delay;
    clock.advance(std::chrono::seconds(10));
    if (delay >= std::chrono::seconds(20)) stop.request_stop();
  };
  EXPECT_EQ(streamLog(run, stop.get_token()), StreamEnd::stopped);
  EXPECT_GE(delay, std::chrono::seconds(20));
}

TEST_F(StreamRun, AStopDropsWhatWasReadAndLosesNothing) {
  insertMany(0, 400);
  std::stop_source stop;
  std::size_t applied = 0;
  sink_.beforeApply = [&] {
    if (++applied == 3) stop.request_stop();
  };
  auto run = context(at(400));
  run.options.maxBatchTransactions = 10;
  EXPECT_EQ(streamLog(run, stop.get_token()), StreamEnd::stopped);
  EXPECT_LT(numberOf(target_.state().mark->position), 400U);
  sink_.beforeApply = [] {};
  auto next = context(at(400));
  next.from = target_.state().mark->position;
  EXPECT_EQ(streamLog(next, {}), StreamEnd::endReached);
  EXPECT_EQ(target_.state().content, database_.content());
  for (const auto& [id, times] : target_.state().applied) EXPECT_EQ(times, 1) << id;
}

TEST_F(StreamRun, AWorkerThatLostItsLeaseCanApplyNothingMore) {
  insertMany(0, 3);
  MemorySink(target_, crashes_).fence({1, 2});
  try {
    (void)streamLog(context(at(3)), {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::fenced);
  }
  EXPECT_TRUE(target_.state().content[0].empty());
  EXPECT_THROW(sink_.fence({1, 1}), Error);
}

TEST_F(StreamRun, AConflictEndsTheRun) {
  insertMany(0, 3);
  target_.transact([](MemoryTarget::State& state) { state.content[0][1] = {1, 99}; });
  try {
    (void)streamLog(context(at(3)), {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::conflict);
  }
}

TEST_F(StreamRun, FollowsALiveSource) {
  std::atomic<bool> done{false};
  TaskGroup load;
  load.start("load", [&](const std::stop_token&) {
    for (std::int64_t key = 0; key < 300; ++key) {
      insert(key);
      if (key % 10 == 0) sleepFor(milliseconds(1), {});
    }
    done = true;
  });
  std::stop_source stop;
  auto run = context(std::nullopt);
  run.options.markInterval = milliseconds(1);
  run.progress = [&](const StreamProgress& progress) {
    if (done && progress.position == at(300)) stop.request_stop();
  };
  EXPECT_EQ(streamLog(run, stop.get_token()), StreamEnd::stopped);
  load.wait();
  EXPECT_EQ(target_.state().content, database_.content());
}

}  // namespace
}  // namespace drs::testing
