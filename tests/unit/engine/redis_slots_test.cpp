#include "base/error.h"
#include "engine/redis/control_keys.h"
#include "engine/redis/lane_roster.h"
#include "engine/redis/lane_slots.h"
#include "engine/redis/slot_gate.h"

#include <gtest/gtest.h>

// Which lane may write to which slot: the parts that need no server.

namespace drs::redis {
namespace {

SlotSet slots(std::initializer_list<std::uint16_t> numbers) {
  SlotSet out;
  for (const std::uint16_t each : numbers) out.set(each);
  return out;
}

SlotView view(SlotSet owned, std::uint64_t arrived, std::uint64_t offset, SlotSet empty = {}, SlotSet importing = {}) {
  SlotView out;
  out.owned = owned;
  out.arrived = arrived;
  out.offset = offset;
  out.empty = empty;
  out.importing = importing;
  return out;
}

TEST(LaneSlots, AreOneWordOfTheMark) {
  LaneSlots lane;
  lane.own = slots({0, 1, 2, 7000, 16383});
  lane.held[93] = {1200, 0};
  lane.held[94] = {1100, 3};
  EXPECT_EQ(toText(lane), "0-2,7000-7000,16383-16383/93:1200:0,94:1100:3");
  EXPECT_EQ(parseLaneSlots(toText(lane)), lane);
  EXPECT_EQ(parseLaneSlots(toText(LaneSlots())), LaneSlots());
  EXPECT_EQ(lane.neededFrom(5000), 1100U);
  EXPECT_EQ(LaneSlots().neededFrom(5000), 5000U);
  for (const char* bad : {"1", "a-b/", "1-99999/", "1-2/93", "1-2/93:x:0", "1-2/99999:1:0"})
    EXPECT_THROW((void)parseLaneSlots(bad), Error) << bad;
  LaneMark mark;
  mark.shard = toText(lane);
  mark.failure = "a text of words";
  const auto read = parseMark(toText(mark));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->shard, mark.shard);
  EXPECT_EQ(read->failure, mark.failure);
  const auto earlier = parseMark("1 7 12 following 1 0 abc 99 2 98 why not");
  ASSERT_TRUE(earlier);
  EXPECT_EQ(earlier->shard, "");
  EXPECT_EQ(earlier->failure, "why not");
}

TEST(LaneRoster, KnowsALanesServersWhateverTheyAreCalledNow) {
  const LaneRoster roster("0-1,3-4|a,b;c;d,e");
  EXPECT_EQ(roster.lanes(), 3U);
  EXPECT_EQ(roster.text(), "a,b;c;d,e");
  EXPECT_EQ(slotsPart("0-1,3-4|a,b;c;d,e"), "0-1,3-4");
  EXPECT_EQ(roster.laneOf("e"), 2U);
  EXPECT_FALSE(roster.laneOf("x"));
  EXPECT_EQ(LaneRoster(std::string("0-1")).lanes(), 0U);
}

TEST(LaneRoster, LearnsReplicasThatCome) {
  LaneRoster roster("0-1|a;c");
  ClusterNode replica;
  replica.id = "n";
  replica.masterId = "c";
  roster.learn({replica});
  EXPECT_EQ(roster.laneOf("n"), 1U);
  std::vector<Shard> shards(2);
  shards[0].nodeIds = {"a", "c"};  // a replica that went over to the other shard
  shards[1].nodeIds = {"n"};
  EXPECT_EQ(roster.find(shards, 1), &shards[1]);
  EXPECT_EQ(roster.find(shards, 0), &shards.front());
}

TEST(SlotGate, LetsGoOfASlotOnlyBehindAllThatItsServerDidToIt) {
  SlotGate gate({slots({1, 2}), {}}, 100);
  EXPECT_TRUE(gate.passes(1));
  // Its keys are not yet removed there: what removes them is still to come.
  EXPECT_TRUE(gate.look(view(slots({2}), 100, 150)).none());
  EXPECT_EQ(gate.asked(), slots({1}));
  EXPECT_TRUE(gate.reach(500).none());
  (void)gate.look(view(slots({2}), 500, 600, slots({1})));
  EXPECT_TRUE(gate.reach(599).none());
  EXPECT_TRUE(gate.reach(600, false).none()) << "not yet";
  EXPECT_EQ(gate.reach(700), slots({1}));
  EXPECT_TRUE(gate.passes(1)) << "until what is left at the target is removed";
  gate.letGo(slots({1}));
  EXPECT_FALSE(gate.passes(1));
  EXPECT_EQ(gate.slots().own, slots({2}));
  EXPECT_TRUE(gate.asked().none());
  EXPECT_TRUE(gate.takeChanged());
}

TEST(SlotGate, KeepsASlotThatHasComeBackBeforeItWasLetGo) {
  SlotGate gate({slots({1}), {}}, 100);
  (void)gate.look(view({}, 100, 200, slots({1})));
  (void)gate.look(view(slots({1}), 150, 250));
  EXPECT_TRUE(gate.reach(300).none());
  EXPECT_TRUE(gate.passes(1));
}

TEST(SlotGate, KeepsASlotToWhichSomethingWasDoneBehindTheView) {
  SlotGate gate({slots({1}), {}}, 100);
  (void)gate.look(view({}, 100, 200, slots({1})));
  gate.applies(1, 200);
  gate.applies(1, 220);
  EXPECT_TRUE(gate.reach(300).none()) << "it was empty at 200, and is not any more";
  (void)gate.look(view({}, 300, 219, slots({1})));
  EXPECT_TRUE(gate.reach(300).none()) << "a view of before";
  (void)gate.look(view({}, 300, 300, slots({1})));
  EXPECT_EQ(gate.reach(300), slots({1}));
}

TEST(SlotGate, HoldsASlotUntilItsServerOwnsIt) {
  SlotGate gate({slots({1}), {}}, 100);
  gate.hold(5, {100, 0}, 120);
  gate.hold(5, {120, 0}, 140);
  EXPECT_EQ(gate.slots().held.at(5), (LaneSlots::Held{100, 0})) << "the first one counts";
  EXPECT_TRUE(gate.look(view(slots({1}), 150, 150, {}, slots({5}))).none()) << "it is on its way";
  EXPECT_EQ(gate.look(view(slots({1, 5}), 160, 160)), slots({5}));
  gate.claim(slots({5}));
  EXPECT_FALSE(gate.passes(5)) << "what was held comes first";
  EXPECT_EQ(gate.claimed(), slots({5}));
  EXPECT_TRUE(gate.look(view(slots({1, 5}), 170, 170)).none()) << "it has it";
  gate.replayed(slots({5}), {130, 0});
  EXPECT_EQ(gate.slots().held.at(5).from, 130U);
  gate.done(slots({5}));
  EXPECT_TRUE(gate.passes(5));
  EXPECT_FALSE(gate.isBusy());
}

TEST(SlotGate, GivesBackWhatAnotherLaneTakesAtTheSameTime) {
  SlotGate gate({{}, {}}, 100);
  gate.hold(5, {100, 0}, 120);
  gate.claim(slots({5}));
  gate.withdraw(slots({5}));
  EXPECT_TRUE(gate.slots().own.none());
  EXPECT_EQ(gate.slots().held.count(5), 1U);
  EXPECT_EQ(gate.look(view(slots({5}), 160, 160)), slots({5})) << "later";
}

TEST(SlotGate, DropsWhatCameAndWentUnseen) {
  SlotGate gate({{}, {}}, 100);
  gate.hold(5, {100, 0}, 120);
  const auto drops = [&](const SlotView& seen) {
    (void)gate.look(seen);
    EXPECT_TRUE(gate.reach(1000).none());
    return gate.slots().held.count(5) == 0;
  };
  EXPECT_FALSE(drops(view({}, 119, 200, slots({5})))) << "the view may be older than the command";
  EXPECT_FALSE(drops(view({}, 120, 200))) << "there are keys";
  EXPECT_FALSE(drops(view({}, 120, 200, slots({5}), slots({5})))) << "it may still come";
  EXPECT_TRUE(drops(view({}, 120, 200, slots({5}))));
}

TEST(SlotGate, DropsNothingBeforeTheLaneHasComeToTheView) {
  SlotGate gate({{}, {}}, 100);
  gate.hold(5, {100, 0}, 120);
  (void)gate.look(view({}, 120, 200, slots({5})));
  (void)gate.look(view({}, 130, 300, slots({5})));
  (void)gate.reach(199);
  EXPECT_EQ(gate.slots().held.count(5), 1U) << "what is done to it up to 200 is still to come";
  gate.hold(5, {150, 0}, 170);
  (void)gate.reach(200);
  EXPECT_EQ(gate.slots().held.count(5), 0U);
}

TEST(SlotGate, DropsNothingThatWasDoneBehindTheView) {
  SlotGate gate({{}, {}}, 100);
  gate.hold(5, {100, 0}, 120);
  (void)gate.look(view({}, 120, 200, slots({5})));
  gate.hold(5, {210, 0}, 230);
  (void)gate.reach(240);
  EXPECT_EQ(gate.slots().held.count(5), 1U);
}

TEST(SlotGate, GoesOnWhereTheRunBeforeHasEnded) {
  SlotGate gate({slots({5, 6}), {{5, {80, 0}}}}, 100);
  EXPECT_EQ(gate.claimed(), slots({5}));
  EXPECT_FALSE(gate.passes(5));
  EXPECT_TRUE(gate.passes(6));
}

TEST(SlotGate, RefusesWaysOfMovingThatItDoesNotKnow) {
  SlotGate gate({{}, {}}, 100);
  SlotView odd = view(slots({5}), 160, 160);
  odd.knowsTrimming = true;
  EXPECT_NO_THROW((void)gate.look(odd));
  gate.hold(5, {100, 0}, 120);
  EXPECT_THROW((void)gate.look(odd), Error);
}

}  // namespace
}  // namespace drs::redis
