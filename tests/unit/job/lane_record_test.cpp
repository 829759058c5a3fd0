#include "job/lane_record.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace drs {
namespace {

std::vector<StoredLane> ofBytes(const std::vector<std::uint64_t>& bytes) {
  std::vector<StoredLane> out;
  for (const std::uint64_t each : bytes) {
    StoredLane& lane = out.emplace_back();
    lane.lane.number = static_cast<std::uint32_t>(out.size() - 1);
    lane.lane.bytes = each;
  }
  return out;
}

std::vector<std::uint32_t> subTasks(const std::vector<StoredLane>& lanes) {
  std::vector<std::uint32_t> out;
  for (const StoredLane& lane : lanes) out.push_back(lane.subTask);
  return out;
}

TEST(LaneRecord, GoesThroughText) {
  StoredLane lane;
  lane.lane = {7, "10.0.0.1:6379", "0-100", 5, 6};
  lane.loaded = true;
  lane.subTask = 2;
  lane.turn = 3;
  const StoredLane back = decodeLane(encodeLane(lane));
  EXPECT_EQ(back.lane.number, 7U);
  EXPECT_EQ(back.lane.name, "10.0.0.1:6379");
  EXPECT_EQ(back.lane.text, "0-100");
  EXPECT_EQ(back.lane.items, 5U);
  EXPECT_EQ(back.lane.bytes, 6U);
  EXPECT_TRUE(back.loaded);
  EXPECT_EQ(back.subTask, 2U);
  EXPECT_EQ(back.turn, 3U);
  // As an older version has stored it.
  EXPECT_EQ(decodeLane(R"({"number":1,"name":"a","text":"","items":0,"bytes":0,"loaded":false})").subTask, 0U);
  EXPECT_THROW((void)decodeLane("{}"), Error);
}

TEST(LaneRecord, TheLargestAreDealtFirst) {
  std::vector<StoredLane> lanes = ofBytes({10, 50, 20, 40, 30});
  dealLanes(lanes, 2);
  // 50 → 0; 40, 30 → 1; 20 → 0 (50 against 70); 10 → 0 or 1 (70 each): the first.
  EXPECT_EQ(subTasks(lanes), (std::vector<std::uint32_t>{0, 0, 0, 1, 1}));
  EXPECT_EQ(lanes[1].turn, 0U);
  EXPECT_EQ(lanes[2].turn, 1U);
  EXPECT_EQ(lanes[3].turn, 0U);
  EXPECT_EQ(lanes[4].turn, 1U);
}

TEST(LaneRecord, WithoutANumberThereIsOneSubTaskForFourLanes) {
  for (const auto& [lanes, wanted] :
       std::vector<std::pair<std::size_t, std::uint32_t>>{{1, 1}, {4, 1}, {5, 2}, {12, 3}}) {
    std::vector<StoredLane> dealt = ofBytes(std::vector<std::uint64_t>(lanes, 0));
    dealLanes(dealt, 0);
    EXPECT_EQ(std::ranges::max(subTasks(dealt)) + 1, wanted) << lanes;
  }
}

TEST(LaneRecord, LanesThatTellNoMemoryAreDealtInTurn) {
  std::vector<StoredLane> lanes = ofBytes({0, 0, 0, 0});
  dealLanes(lanes, 2);
  EXPECT_EQ(subTasks(lanes), (std::vector<std::uint32_t>{0, 1, 0, 1}));
}

TEST(LaneRecord, AsManyLoadAtATimeAsASubTaskMay) {
  std::vector<StoredLane> lanes = ofBytes({5, 4, 3, 2, 1});
  dealLanes(lanes, 1);
  const auto tasks = [&] {
    std::vector<TaskRecord> out;
    for (const StoredLane& lane : lanes) {
      TaskRecord& task = out.emplace_back();
      task.kind = TaskKind::lane;
      task.payload = encodeLane(lane);
    }
    return out;
  };
  const auto allowed = [&] {
    std::string out;
    const auto all = lanesOf(tasks());
    for (const StoredLane& lane : lanes) out += mayLoad(lane, all) ? '+' : '-';
    return out;
  };
  EXPECT_EQ(allowed(), "++---");
  lanes[1].loaded = true;  // the second was faster
  EXPECT_EQ(allowed(), "+++--");
  lanes[0].loaded = lanes[2].loaded = lanes[3].loaded = lanes[4].loaded = true;
  EXPECT_EQ(allowed(), "+++++");
  // What was cancelled holds nobody up.
  lanes[0].loaded = lanes[1].loaded = lanes[2].loaded = false;
  auto all = tasks();
  EXPECT_FALSE(mayLoad(lanes[2], lanesOf(all)));
  all[0].state = TaskState::cancelled;
  EXPECT_TRUE(mayLoad(lanes[2], lanesOf(all)));
}

}  // namespace
}  // namespace drs
