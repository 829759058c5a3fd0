#include "pipeline/copy_run.h"
#include "pipeline/stream_run.h"
#include "support/memory_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

// Random workloads, chunks read at different times and loaded in any order, deaths at any point: the target must end
// equal to the source, and every transaction must have taken effect once. Then the same with rules that are known to be
// wrong: these must be caught, or the test would prove nothing.

namespace drs::testing {
namespace {

enum class Rule {
  right,
  skipOwned,      ///< "the chunk that owns the key has it already": drop the event
  strictAtOnce,   ///< no window
  startAtTail,    ///< replay from the raw tail of the log, not from what chunks saw
  groupsAreFree,  ///< tables joined by cascades are chunked like others
  ownWindows,     ///< tables joined by RESTRICT keys do not share their window
  noKeys,         ///< batches run side by side whatever they touch
  primaryKeys,    ///< other unique keys are left out of what batches touch
  noParents       ///< foreign keys are
};

constexpr std::int64_t kKeys = 6;  // small, so that keys are used again and again
constexpr std::int64_t kValues = 5;

struct Tables {
  MemorySchema schema;
  std::size_t child, parent, item, order, pair;
  Tables() {
    // In alphabetical order. a_parent/b_child: cascade, one group. c_order/d_item: RESTRICT, free. e_pair: two unique
    // keys.
    parent = schema.add("a_parent", 2, {1});
    child = schema.add("b_child", 3, {2}, {{1, parent, true}});
    order = schema.add("c_order", 2, {1});
    item = schema.add("d_item", 3, {2}, {{1, order, false}});
    pair = schema.add("e_pair", 4, {1, 2});
  }
};

/// Drops what the chunk that owns the key is believed to contain.
class SkippingSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  std::vector<Chunk> chunks;
  std::vector<ChunkResult> results;

  std::unique_ptr<LogReader> openLog(const Position& from, const Plans& plans) override {
    return std::make_unique<Reader>(MemorySource::openLog(from, plans), *this);
  }

 private:
  class Reader final : public LogReader {
   public:
    Reader(std::unique_ptr<LogReader> inner, const SkippingSource& owner) : inner_(std::move(inner)), owner_(owner) {}
    std::optional<Transaction> next(const std::stop_token& stop) override {
      auto transaction = inner_->next(stop);
      if (transaction) {
        std::erase_if(transaction->changes,
                      [&](const ChangeEvent& change) { return owner_.has(change, *transaction); });
      }
      return transaction;
    }
    Position position() const override { return inner_->position(); }
    UnixMillis caughtUpAt() const override { return inner_->caughtUpAt(); }

   private:
    std::unique_ptr<LogReader> inner_;
    const SkippingSource& owner_;
  };

  bool has(const ChangeEvent& change, const Transaction& transaction) const {
    const auto* rows = std::get_if<RowsChange>(&change);
    if (rows == nullptr) return false;
    const std::int64_t key = rows->rows.cell(0, 0).i;
    for (const Chunk& chunk : chunks) {
      if (chunk.exact || chunk.plans[0] != rows->plan) continue;
      if (!chunk.after.empty() && key <= std::stoll(chunk.after[0])) continue;
      if (!chunk.upTo.empty() && key > std::stoll(chunk.upTo[0])) continue;
      const auto result =
          std::find_if(results.begin(), results.end(), [&](const auto& r) { return r.number == chunk.number; });
      return result != results.end() && covers(result->low, transaction);
    }
    return false;
  }
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Rule rule)
      : random_(seed), rule_(rule), source_(database_, crashes_), target_(tables_.schema) {
    if (rule_ == Rule::groupsAreFree) {
      for (TablePlan& plan : plans_) plan.group = -1;
    }
  }

  /// Nothing if all is well, else what is wrong.
  std::optional<std::string> go() {
    try {
      workload(12);
      const Position planned = source_.currentPosition();
      MemorySink(target_, crashes_).fence({1, 1});
      chunks_ = source_.split(plans_);
      copyAll();
      replayAll(planned);
    } catch (const Error& error) {
      return error.text();
    }
    return judge();
  }

 private:
  std::int64_t upTo(std::int64_t bound) { return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random_); }
  bool chance(int percent) { return upTo(100) < percent; }
  Value unique() { return chance(20) ? Value{} : Value{upTo(kValues)}; }

  Row randomRow(std::size_t table, std::int64_t key) {
    if (table == tables_.pair) return {key, unique(), unique(), upTo(9)};
    if (table == tables_.parent || table == tables_.order) return {key, unique()};
    return {key, chance(10) ? Value{} : Value{upTo(kKeys)}, unique()};
  }

  void change(MemoryDatabase::Writer& writer) {
    const auto table = static_cast<std::size_t>(upTo(5));
    const std::int64_t key = upTo(kKeys);
    const auto& rows = writer.content()[table];
    if (!rows.contains(key)) {
      writer.insert(table, randomRow(table, key));
    } else if (chance(35)) {
      writer.remove(table, key);
    } else if (chance(25)) {
      swapUnique(writer, table, key, upTo(kKeys));
    } else {
      writer.update(table, key, randomRow(table, chance(80) ? key : upTo(kKeys)));
    }
  }

  /// Two rows exchange their last unique value within one transaction.
  void swapUnique(MemoryDatabase::Writer& writer, std::size_t table, std::int64_t a, std::int64_t b) {
    const auto& rows = writer.content()[table];
    if (a == b || !rows.contains(b)) return;
    const std::size_t column = table == tables_.pair ? 2 : rows.at(a).size() - 1;
    Row first = rows.at(a);
    Row second = rows.at(b);
    const Value oldFirst = std::exchange(first[column], std::nullopt);
    writer.update(table, a, first);
    first[column] = std::exchange(second[column], oldFirst);
    writer.update(table, b, second);
    writer.update(table, a, first);
  }

  void workload(int most) {
    for (std::int64_t n = upTo(most); n > 0; --n) {
      database_.transact(
          [&](MemoryDatabase::Writer& writer) {
            if (chance(3)) return writer.truncate(tables_.pair);
            for (std::int64_t changes = 1 + upTo(3); changes > 0; --changes) change(writer);
          },
          static_cast<std::size_t>(upTo(3)));
    }
  }

  void maybeArm() {
    if (chance(40)) crashes_.arm(static_cast<int>(1 + upTo(6)));
  }

  void copyAll() {
    std::vector<Chunk> order = chunks_;
    std::shuffle(order.begin(), order.end(), random_);
    for (const Chunk& chunk : order) {
      bool repeat = true;
      while (repeat) {
        maybeArm();
        repeat = !copyOnce(chunk) || chance(10);  // also a committed chunk may be asked for again
        workload(4);
      }
    }
    crashes_.disarm();
  }

  bool copyOnce(const Chunk& chunk) {
    source_.whileReading = [this] { workload(3); };
    MemorySink sink(target_, crashes_);
    const CopyContext context{source_, sink, plans_, {1, ++epoch_}, throttle_, 64};
    try {
      const auto result = copyChunk(context, chunk, {});
      return result.has_value();
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost) throw;
      return false;
    }
  }

  void replayAll(const Position& planned) {
    for (int round = 0; round < 4; ++round) {
      workload(6);
      maybeArm();
      replayOnce(planned);
    }
    crashes_.disarm();
    database_.settle();
    while (!replayOnce(planned)) {
    }
  }

  bool replayOnce(const Position& planned) {
    MemorySink sink(target_, crashes_);
    try {
      const auto mark = sink.fence({1, ++epoch_});
      const auto results = sink.chunks();
      auto windows = windowsOf(plans_, chunks_, results);
      applyWrongRule(windows, results);
      Position from = rule_ == Rule::startAtTail ? planned : replayStart(source_, planned, results);
      if (mark) from = mark->position;
      StreamContext context{source_, sink, plans_, windows, from, source_.currentPosition(), {}, clock_, {}, {}};
      context.options.maxBatchTransactions = static_cast<std::size_t>(1 + upTo(5));
      context.options.markInterval = std::chrono::milliseconds(0);
      context.options.turnPatience = std::chrono::milliseconds(1);
      runSideBySide(sink);
      return streamLog(context, {}) == StreamEnd::endReached;
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost) throw;
      return false;
    }
  }

  /// Several appliers, a number of their own in each run; now and then one dawdles, so that others give way to it.
  void runSideBySide(MemorySink& sink) {
    using enum MemorySink::Keys;
    sink.applierCount = static_cast<std::size_t>(1 + upTo(5));
    sink.keys = rule_ == Rule::noKeys        ? none
                : rule_ == Rule::primaryKeys ? primaryOnly
                : rule_ == Rule::noParents   ? withoutParents
                                             : all;
    const auto dawdles = static_cast<std::uint64_t>(3 + upTo(60));
    sink.beforeTurn = [dawdles](const ApplyBatch& batch) {
      if (batch.number % dawdles == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    };
  }

  void applyWrongRule(std::vector<Window>& windows, const std::vector<ChunkResult>& results) {
    source_.results.clear();
    if (rule_ == Rule::skipOwned) {
      source_.chunks = chunks_;
      source_.results = results;
    }
    if (rule_ == Rule::strictAtOnce) {
      for (Window& window : windows) window.highs.clear();
    }
    if (rule_ != Rule::ownWindows) return;
    for (std::size_t plan = 0; plan < windows.size(); ++plan) {
      if (windows[plan].exact) continue;
      windows[plan].highs.clear();
      for (const Chunk& chunk : chunks_) {
        if (chunk.plans[0] != plan) continue;
        for (const ChunkResult& result : results) {
          if (result.number == chunk.number) windows[plan].highs.push_back(result.high);
        }
      }
    }
  }

  std::optional<std::string> judge() {
    const auto state = target_.state();
    if (state.content != database_.content()) return "the contents differ";
    for (const auto& [id, times] : state.applied) {
      if (times != 1) return "transaction " + id + " took effect " + std::to_string(times) + " times";
    }
    return std::nullopt;
  }

  std::mt19937_64 random_;
  const Rule rule_;
  Tables tables_;
  Crashes crashes_;
  MemoryDatabase database_{tables_.schema};
  SkippingSource source_;
  MemoryTarget target_;
  Plans plans_ = plansOf(tables_.schema);
  std::vector<Chunk> chunks_;
  std::uint64_t epoch_ = 1;
  const Clock clock_;
  Throttle throttle_{clock_};
};

/// True if a seed below `seeds` shows that the rule is wrong.
bool isCaught(Rule rule, std::uint64_t seeds = 2000) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    if (Scenario(seed, rule).go()) return true;
  }
  return false;
}

TEST(ReplayProperty, TargetEqualsSourceAndEachTransactionTakesEffectOnce) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto wrong = Scenario(seed, Rule::right).go();
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
  }
}

TEST(ReplayProperty, SkippingWhatAChunkAlreadyHasLosesRows) {
  EXPECT_TRUE(isCaught(Rule::skipOwned));
}

TEST(ReplayProperty, WithoutAWindowTheReplayMeetsConflicts) {
  EXPECT_TRUE(isCaught(Rule::strictAtOnce));
}

TEST(ReplayProperty, ReplayingFromTheTailOfTheLogLosesRows) {
  EXPECT_TRUE(isCaught(Rule::startAtTail));
}

TEST(ReplayProperty, ChunkingTablesJoinedByCascadesLosesRows) {
  EXPECT_TRUE(isCaught(Rule::groupsAreFree));
}

TEST(ReplayProperty, ParentAndChildNeedOneWindow) {
  EXPECT_TRUE(isCaught(Rule::ownWindows));
}

TEST(ReplayProperty, BatchesThatTouchTheSameRowsMustNotRunSideBySide) {
  EXPECT_TRUE(isCaught(Rule::noKeys));
}

TEST(ReplayProperty, EveryUniqueKeyCountsForWhatABatchTouches) {
  EXPECT_TRUE(isCaught(Rule::primaryKeys));
}

TEST(ReplayProperty, ForeignKeysCountForWhatABatchTouches) {
  EXPECT_TRUE(isCaught(Rule::noParents));
}

}  // namespace
}  // namespace drs::testing
