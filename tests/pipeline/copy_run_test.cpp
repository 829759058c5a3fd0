#include "pipeline/copy_run.h"

#include "base/task_group.h"
#include "support/memory_engine.h"

#include <gtest/gtest.h>

namespace drs::testing {
namespace {

/// One table of 40 rows, one chunk.
class CopyRun : public ::testing::Test {
 protected:
  CopyRun() {
    database_.transact([](MemoryDatabase::Writer& writer) {
      for (std::int64_t key = 0; key < 40; ++key) writer.insert(0, {key, key * 10, std::nullopt});
    });
    chunk_.number = 1;
    chunk_.plans = {0};
    MemorySink(target_, crashes_).fence({1, 1});
  }

  std::optional<ChunkResult> copy(Source& source, Sink& sink, std::uint64_t epoch, const std::stop_token& stop = {}) {
    CopyContext context{source, sink, plans_, {1, epoch}, throttle_, 256};
    context.progress = [this](std::size_t, std::uint64_t rows, std::uint64_t) { seen_ += rows; };
    return copyChunk(context, chunk_, stop);
  }

  static MemorySchema oneTable() {
    MemorySchema schema;
    schema.add("a", 3, {1});
    return schema;
  }

  MemorySchema schema_ = oneTable();
  MemoryDatabase database_{schema_};
  Crashes crashes_;
  MemorySource source_{database_, crashes_};
  MemoryTarget target_{schema_};
  MemorySink sink_{target_, crashes_};
  Plans plans_ = plansOf(schema_);
  Chunk chunk_;
  const Clock clock_;
  Throttle throttle_{clock_};
  std::uint64_t seen_ = 0;
};

TEST_F(CopyRun, CopiesEveryRowAndStoresTheResult) {
  const auto result = copy(source_, sink_, 2);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->rows, 40U);
  EXPECT_EQ(result->number, 1U);
  EXPECT_GT(result->bytes, 0U);
  EXPECT_EQ(seen_, 40U);
  EXPECT_EQ(target_.state().content, database_.content());
  EXPECT_EQ(sink_.chunks().at(0).rows, 40U);
}

TEST_F(CopyRun, ACommittedChunkIsNotReadAgain) {
  ASSERT_TRUE(copy(source_, sink_, 2));
  const int commits = target_.state().commits;
  source_.whileReading = [] { FAIL() << "the source was read"; };
  const auto again = copy(source_, sink_, 3);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rows, 40U);
  EXPECT_EQ(target_.state().commits, commits + 1);  // the look-up
}

TEST_F(CopyRun, AFailureOfTheSourceCommitsNothing) {
  crashes_.arm(5);
  EXPECT_THROW((void)copy(source_, sink_, 2), Error);
  EXPECT_TRUE(target_.state().content[0].empty());
  EXPECT_TRUE(sink_.chunks().empty());
}

/// Writes to nothing and fails, or forgets.
class BrokenSink final : public MemorySink {
 public:
  using MemorySink::MemorySink;
  bool fails = false;
  std::unique_ptr<ChunkWriter> openChunk(const Chunk&, const Fence&, const Plans&, ChunkResult&) override {
    return std::make_unique<Writer>(*this);
  }

 private:
  class Writer final : public ChunkWriter {
   public:
    explicit Writer(BrokenSink& sink) : sink_(sink) {}
    void write(std::size_t, const RowBatch&) override {
      if (sink_.fails) throw Error(Msg::databaseError, {"the target", "1205", "full"}, Origin::target);
    }
    void commit(const ChunkResult&) override {}

   private:
    BrokenSink& sink_;
  };
};

TEST_F(CopyRun, AFailureOfTheTargetEndsTheReaderAndIsTheErrorReported) {
  BrokenSink broken(target_, crashes_);
  broken.fails = true;
  try {
    (void)copy(source_, broken, 2);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::databaseError);
  }
}

/// Says that it is done half way, as after a stop.
class LazySource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  std::stop_source stop;
  ChunkResult readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                        const std::stop_token& token) override {
    int batches = 0;
    return MemorySource::readChunk(
        chunk, plans,
        [&](std::size_t plan, RowBatch batch) {
          if (++batches == 3) stop.request_stop();
          return out(plan, std::move(batch));
        },
        token);
  }
};

TEST_F(CopyRun, AStoppedReadIsNeverCommitted) {
  LazySource lazy(database_, crashes_);
  EXPECT_FALSE(copy(lazy, sink_, 2, lazy.stop.get_token()));
  EXPECT_TRUE(sink_.chunks().empty());
  EXPECT_TRUE(target_.state().content[0].empty());
}

TEST_F(CopyRun, AWorkerThatLostItsChunkCommitsNothing) {
  ChunkResult done;
  const auto stale = sink_.openChunk(chunk_, {1, 2}, plans_, done);
  MemorySink other(target_, crashes_);
  ASSERT_TRUE(copy(source_, other, 3));
  const Content before = target_.state().content;
  try {
    stale->commit({});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::fenced);
  }
  EXPECT_EQ(target_.state().content, before);
}

TEST_F(CopyRun, AnotherPlanFencesTheCopiesOfTheOldOne) {
  target_.transact([](MemoryTarget::State& state) {
    state.chunks.clear();
    state.plan = 2;
  });
  EXPECT_THROW((void)copy(source_, sink_, 9), Error);
}

TEST_F(CopyRun, SeveralCopiesOfOneJobRunSideBySide) {
  MemorySchema schema;
  for (const char* name : {"a", "b", "c", "d"}) schema.add(name, 2, {1});
  MemoryDatabase database(schema);
  database.transact([](MemoryDatabase::Writer& writer) {
    for (std::size_t table = 0; table < 4; ++table) {
      for (std::int64_t key = 0; key < 30; ++key) writer.insert(table, {key, key});
    }
  });
  MemoryTarget target(schema);
  MemorySink(target, crashes_).fence({1, 1});
  const Plans plans = plansOf(schema);
  throttle_.setRules({{0, 23, 1'000'000}});
  TaskGroup group;
  for (std::uint32_t i = 0; i < 4; ++i) {
    group.start("copy", [&, i](const std::stop_token& stop) {
      MemorySource source(database, crashes_);
      MemorySink sink(target, crashes_);
      Chunk chunk;
      chunk.number = i + 1;
      chunk.plans = {i};
      const CopyContext context{source, sink, plans, {1, 10 + i}, throttle_, 128};
      ASSERT_TRUE(copyChunk(context, chunk, stop));
    });
  }
  group.wait();
  EXPECT_EQ(target.state().content, database.content());
}

}  // namespace
}  // namespace drs::testing
