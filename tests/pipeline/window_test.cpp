#include "pipeline/window.h"

#include "pipeline/spill_file.h"
#include "support/memory_engine.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace drs::testing {
namespace {

/// Positions as sets, "1,2,5": only partially ordered, like sets of GTIDs.
class SetSource final : public Source {
 public:
  static std::set<int> setOf(const Position& position) {
    std::set<int> out;
    std::istringstream in(position.text);
    for (std::string item; std::getline(in, item, ',');) out.insert(std::stoi(item));
    return out;
  }
  Position currentPosition() override { return {}; }
  std::vector<Chunk> split(const Plans&) override { return {}; }
  ChunkResult readChunk(const Chunk&, const Plans&, const BatchConsumer&, const std::stop_token&) override {
    return {};
  }
  std::unique_ptr<LogReader> openLog(const Position&, const Plans&) override { return nullptr; }
  bool reached(const Position& at, const Position& goal) const override {
    const auto have = setOf(at);
    const auto want = setOf(goal);
    return std::includes(have.begin(), have.end(), want.begin(), want.end());
  }
  bool covers(const Position& position, const Transaction& transaction) const override {
    return setOf(position).contains(std::stoi(transaction.id));
  }
};

ChunkResult result(std::uint32_t number, const std::string& low, const std::string& high) {
  ChunkResult out;
  out.number = number;
  out.low = {low};
  out.high = {high};
  return out;
}

Chunk chunk(std::uint32_t number, std::vector<std::size_t> plans, bool exact = false) {
  Chunk out;
  out.number = number;
  out.plans = std::move(plans);
  out.exact = exact;
  return out;
}

Transaction rowsOf(const MemorySchema& schema, std::size_t plan, const std::string& id) {
  Transaction out;
  out.id = id;
  RowsChange change;
  change.plan = plan;
  change.rows = RowBatch(schema.tables()[plan]);
  out.changes.emplace_back(std::move(change));
  return out;
}

TEST(ReplayStart, IsThePlannedPositionIfEveryChunkContainsIt) {
  const SetSource source;
  EXPECT_EQ(replayStart(source, {"1"}, {result(1, "1,2", "1,2"), result(2, "1,3", "1,3")}).text, "1");
  EXPECT_EQ(replayStart(source, {"1"}, {}).text, "1");
}

TEST(ReplayStart, IsTheLowestLowIfThePlannedPositionWasAheadOfAChunk) {
  const SetSource source;
  const std::vector<ChunkResult> results{result(1, "1,2,3", "1,2,3"), result(2, "1", "1,2"), result(3, "1,2", "1,2,3")};
  EXPECT_EQ(replayStart(source, {"1,2"}, results).text, "1");
}

TEST(ReplayStart, RefusesLowsThatHaveNoOrder) {
  const SetSource source;
  EXPECT_THROW((void)replayStart(source, {"1,2,3"}, {result(1, "1,2", "1,2"), result(2, "1,3", "1,3")}), Error);
  EXPECT_THROW((void)replayStart(source, {}, {}), Error);
}

TEST(Windows, HoldTheHighOfEveryChunkOfTheTable) {
  MemorySchema schema;
  schema.add("a", 2, {});
  schema.add("b", 2, {});
  const auto windows = windowsOf(plansOf(schema), {chunk(1, {0}), chunk(2, {0}), chunk(3, {0}), chunk(4, {1})},
                                 {result(1, "1", "2"), result(2, "1", "5"), result(3, "2", "5"), result(4, "1", "3")});
  EXPECT_EQ(windows[0].highs, (std::vector<Position>{{"2"}, {"5"}}));
  EXPECT_EQ(windows[1].highs, (std::vector<Position>{{"3"}}));
  EXPECT_FALSE(windows[0].exact);
}

TEST(Windows, AChunkThatWasNeverCommittedIsAnError) {
  MemorySchema schema;
  schema.add("a", 2, {});
  EXPECT_THROW((void)windowsOf(plansOf(schema), {chunk(1, {0}), chunk(2, {0})}, {result(1, "1", "2")}), Error);
}

TEST(Windows, TablesJoinedByForeignKeysShareTheirs) {
  MemorySchema schema;
  const auto parent = schema.add("a", 2, {});
  schema.add("b", 2, {}, {{1, parent, false}});
  schema.add("c", 2, {});
  const auto windows = windowsOf(plansOf(schema), {chunk(1, {0}), chunk(2, {1}), chunk(3, {2})},
                                 {result(1, "1", "2"), result(2, "1", "5"), result(3, "1", "9")});
  EXPECT_EQ(windows[0].highs, (std::vector<Position>{{"2"}, {"5"}}));
  EXPECT_EQ(windows[1].highs, windows[0].highs);
  EXPECT_EQ(windows[2].highs, (std::vector<Position>{{"9"}}));
}

TEST(WindowTracker, AFreeTableIsTolerantUntilEveryHighIsPassed) {
  MemorySchema schema;
  schema.add("a", 2, {});
  const SetSource source;
  WindowTracker tracker(source, {{false, {{"1,2"}, {"1,3"}}}});
  const Transaction transaction = rowsOf(schema, 0, "7");
  std::vector<bool> tolerant{false};
  tracker.noteTolerant(transaction, {"1,2"}, tolerant);
  EXPECT_TRUE(tolerant[0]);
  EXPECT_FALSE(tracker.allPassed({"1,2"}));
  tolerant = {false};
  tracker.noteTolerant(transaction, {"1,2,3"}, tolerant);
  EXPECT_FALSE(tolerant[0]);
  EXPECT_TRUE(tracker.allPassed({"1,2,3"}));
}

TEST(WindowTracker, NothingOfAFreeTableIsSkipped) {
  MemorySchema schema;
  schema.add("a", 2, {});
  const SetSource source;
  WindowTracker tracker(source, {{false, {{"1,2,3"}}}});
  Transaction transaction = rowsOf(schema, 0, "2");
  tracker.dropCovered(transaction, {"1"});
  EXPECT_EQ(transaction.changes.size(), 1U);
}

TEST(WindowTracker, AnExactTableSkipsWhatItsSnapshotHasAndIsStrictForTheRest) {
  MemorySchema schema;
  schema.add("a", 2, {});
  schema.add("b", 2, {});
  const SetSource source;
  WindowTracker tracker(source, {{true, {{"1,3"}}}, {false, {{"1,3"}}}});
  Transaction contained = rowsOf(schema, 0, "3");
  contained.changes.push_back(rowsOf(schema, 1, "3").changes.front());
  tracker.dropCovered(contained, {"1"});
  ASSERT_EQ(contained.changes.size(), 1U);
  EXPECT_EQ(planOf(contained.changes[0]), 1U);

  Transaction later = rowsOf(schema, 0, "2");  // not in the snapshot, though the lane has not passed it
  tracker.dropCovered(later, {"1"});
  EXPECT_EQ(later.changes.size(), 1U);
  std::vector<bool> tolerant{false, false};
  tracker.noteTolerant(later, {"1"}, tolerant);
  EXPECT_FALSE(tolerant[0]);
}

TEST(WindowTracker, TreatsChangesOnDiskAsThoseInMemory) {
  MemorySchema schema;
  for (const char* name : {"a", "b", "c"}) schema.add(name, 2, {});
  const SetSource source;
  const Plans plans = plansOf(schema);
  WindowTracker tracker(source, {{true, {{"1,3"}}}, {false, {{"1,3"}}}, {}});
  const auto stored = [&](std::initializer_list<std::size_t> touched, const char* id) {
    Transaction out = rowsOf(schema, 0, id);
    const auto file = std::make_shared<SpillFile>(::testing::TempDir() + "opendrs-window", plans);
    for (const std::size_t plan : touched) file->append(std::get<RowsChange>(rowsOf(schema, plan, id).changes[0]));
    out.changes.clear();
    out.stored = file;
    return out;
  };
  Transaction both = stored({0, 1, 2}, "3");
  tracker.dropCovered(both, {"1"});
  ASSERT_TRUE(both.stored);
  EXPECT_EQ(both.stored->plans(), (std::vector<std::size_t>{1, 2}));
  std::vector<bool> tolerant{false, false, false};
  tracker.noteTolerant(both, {"1"}, tolerant);
  EXPECT_EQ(tolerant, (std::vector<bool>{false, true, false}));

  Transaction contained = stored({0}, "3");
  tracker.dropCovered(contained, {"1"});
  EXPECT_TRUE(contained.empty());
  Transaction later = stored({0}, "2");
  tracker.dropCovered(later, {"1"});
  EXPECT_FALSE(later.empty());
}

}  // namespace
}  // namespace drs::testing
