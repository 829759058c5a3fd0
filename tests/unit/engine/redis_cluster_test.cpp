#include "engine/redis/cluster_map.h"
#include "engine/redis/slot_state.h"
#include "wire/resp/slot.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// The parts of a cluster as target that need no server.

namespace drs::redis {
namespace {

using resp::Reply;

Reply state(const std::vector<std::pair<std::string, std::string>>& members) {
  std::vector<Reply> elements;
  for (const auto& [member, score] : members) {
    elements.emplace_back(Reply::Kind::text, member);
    elements.emplace_back(Reply::Kind::text, score);
  }
  return {Reply::Kind::array, std::move(elements)};
}

TEST(SlotKeyTest, LiesInItsSlotAndTellsItsLane) {
  for (std::size_t i = 0; i < resp::kSlots; ++i) {
    const auto slot = static_cast<std::uint16_t>(i);
    ASSERT_EQ(resp::slotOf(slotKey("job", 3, slot)), slot);
    ASSERT_EQ(resp::slotOf(clusterMarkKey("job", 3, slot)), slot);
  }
  EXPECT_EQ(laneOfKey("job", slotKey("job", 12, 77)), 12U);
  EXPECT_EQ(laneOfKey("job", clusterMarkKey("job", 12, 77)), 12U);
  EXPECT_FALSE(laneOfKey("job", slotKey("job2", 12, 77)));
  EXPECT_FALSE(laneOfKey("job", "__drs:probe:{a}:b"));
}

TEST(SlotStateTest, OwnerAndOffset) {
  const SlotState found = parseSlotState(state({{"7 3 2", "41"}, {"m 3", "123456789012"}}));
  ASSERT_TRUE(found.owner);
  EXPECT_EQ(found.owner->plan, 7U);
  EXPECT_EQ(found.owner->epoch, 3U);
  EXPECT_EQ(found.seat, 2U);
  EXPECT_EQ(found.sequence, 41U);
  EXPECT_TRUE(found.isWhole);
  EXPECT_EQ(found.generation, 3U);
  EXPECT_EQ(found.offset, 123456789012U);
  EXPECT_FALSE(parseSlotState(state({})).owner);
}

TEST(SlotStateTest, WhatAGuardHasLeftIsNoOwner) {
  // A predecessor, and a later claim of the same fence: only whole numbers are owners.
  const SlotState found = parseSlotState(state({{"1 9 1", "40.5"}, {"1 2 1", "12"}, {"1 2 3", "12.5"}}));
  EXPECT_EQ(found.owner->epoch, 2U);
  EXPECT_EQ(found.seat, 1U);
  EXPECT_TRUE(found.isWhole);
  const SlotState lacking = parseSlotState(state({{"1 2 1", "12.5"}}));
  EXPECT_FALSE(lacking.isWhole);
  EXPECT_EQ(lacking.sequence, 0U) << "the next run must see that something is missing";
}

TEST(SlotStateTest, TheNewestOwnerAndCopyCount) {
  const SlotState found = parseSlotState(state({{"1 9 1", "40"}, {"2 1 1", "12"}, {"m 1", "900"}, {"m 2", "7"}}));
  EXPECT_EQ(found.owner->plan, 2U);
  EXPECT_EQ(found.sequence, 12U);
  EXPECT_EQ(found.generation, 2U);
  EXPECT_EQ(found.offset, 7U);
}

TEST(ClusterMarkTest, IsReadAsItWasWritten) {
  ClusterMark mark;
  mark.mark.plan = 4;
  mark.mark.sequence = 99;
  mark.mark.state = LaneMark::State::following;
  mark.mark.replId = "abc";
  mark.mark.offset = 1234567;
  mark.mark.dbSince = 17;
  mark.mark.failure = "incr at offset 5: WRONGTYPE no";
  mark.generation = 6;
  mark.sequences.resize(resp::kSlots);
  mark.sequences[0] = 10;  // "\n" as a byte
  mark.sequences[16383] = 0x0102030405060708;
  const auto read = parseClusterMark(toText(mark));
  ASSERT_TRUE(read);
  EXPECT_EQ(toText(*read), toText(mark));
  EXPECT_EQ(read->mark.offset, 1234567U);
  EXPECT_EQ(read->mark.dbSince, 17U);
  EXPECT_EQ(read->sequences, mark.sequences);
  EXPECT_FALSE(parseClusterMark("no mark"));
  EXPECT_FALSE(parseClusterMark(toText(mark).substr(1000)));
}

ClusterNode node(const std::string& id, std::uint64_t epoch, std::vector<SlotRange> slots, bool myself = false) {
  ClusterNode out;
  out.id = id;
  out.address = {id + ".example", 6379};
  out.epoch = epoch;
  out.slots = std::move(slots);
  out.myself = myself;
  return out;
}

TEST(ClusterMapTest, TheHigherEpochHasTheSlot) {
  // An old master that came back still thinks that the slots are its own.
  const ClusterMap map = mergeViews({{node("a", 1, {{0, 99}}, true), node("b", 2, {{100, 16383}})},
                                     {node("c", 5, {{0, 99}}, true), node("b", 2, {{100, 16383}})}});
  EXPECT_EQ(map.ownerOf(50)->id, "c");
  EXPECT_EQ(map.ownerOf(100)->id, "b");
  EXPECT_EQ(map.masters.size(), 2U);
  EXPECT_EQ(map.uncovered(), "");
}

TEST(ClusterMapTest, SaysWhatNobodyHasAndWhatMoves) {
  ClusterNode moving = node("a", 1, {{0, 10}, {12, 16383}}, true);
  moving.openSlots = {5};
  const ClusterMap map = mergeViews({{moving}});
  EXPECT_EQ(map.uncovered(), "11");
  EXPECT_EQ(map.ownerOf(11), nullptr);
  EXPECT_EQ(map.moving, std::vector<std::uint16_t>{5});
  EXPECT_EQ(map.slotsOf(0), (std::vector<SlotRange>{{0, 10}, {12, 16383}}));
}

}  // namespace
}  // namespace drs::redis
