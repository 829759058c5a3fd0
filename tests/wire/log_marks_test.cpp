#include "log_lane.h"

// What our own transactions say of where they come from (origins.h), and what a lane of a two-way group makes of it.

namespace drs::mysql {
namespace {

/// A transaction with a change of d.t behind an update of a control table with these origins.
Texts marked(EventBuilder& b, const std::string& origins, const std::string& table = "mark",
             EventType type = EventType::updateRows, const std::string& types = "\x03\x0f",
             const std::string& metadata = std::string("\x14\x00", 2)) {
  const std::string image = EventBuilder::row(1, origins);
  return {b.anonymous(),
          b.query("BEGIN"),
          b.tableMap(9, table, "drs_ctl", types, metadata),
          b.rows(type, 9, type == EventType::updateRows ? EventBuilder::row(1, "") + image : image),
          b.tableMap(5),
          b.write(5, 1, "a"),
          b.xid()};
}

class Marks : public testing::Test {
 protected:
  Marks() { lane_.feed({b_.rotate("bin.000001", 4), b_.format()}); }
  EventBuilder b_;
  Lane lane_{mysqlByFile()};
};

TEST_F(Marks, goOnWithTheirOriginsInOneDirection) {
  for (const char* table : {"mark", "chunk"}) {
    EXPECT_EQ(lane_.feed(marked(b_, "aa,?", table)).size(), 1U);
    EXPECT_EQ(lane_.last().origins, "aa,?");
  }
  EXPECT_EQ(lane_.feed({b_.anonymous(), b_.query("BEGIN"), b_.tableMap(5), b_.write(5, 2, "b"), b_.xid()}).size(), 1U);
  EXPECT_EQ(lane_.last().origins, "");
}

TEST_F(Marks, keepWhatCameFromTheTargetFromGoingBack) {
  lane_.target("cc");
  EXPECT_EQ(lane_.feed(marked(b_, "aa,bb")).size(), 1U);
  EXPECT_EQ(lane_.last().origins, "aa,bb");
  EXPECT_EQ(lane_.feed(marked(b_, "aa,cc")), Texts{});
  EXPECT_EQ(lane_.feed(marked(b_, "cc", "chunk")), Texts{});
  EXPECT_EQ(lane_.feed(marked(b_, "cccc")).size(), 1U);  // a part of an identity is none
  EXPECT_EQ(lane_.feed(marked(b_, "cc,?")), Texts{});
}

TEST_F(Marks, areUpdatesOnly) {
  lane_.target("cc");
  EXPECT_EQ(lane_.feed(marked(b_, "cc", "mark", EventType::writeRows)).size(), 1U);
  EXPECT_EQ(lane_.feed(marked(b_, "cc", "conflict")).size(), 1U);
}

TEST_F(Marks, withoutAnOriginStopALaneOfAGroup) {
  EXPECT_EQ(lane_.feed(marked(b_, "?")).size(), 1U);
  lane_.target("cc");
  EXPECT_EQ(thrown([&] { lane_.feed(marked(b_, "aa,?")); }).msg(), Msg::originUnknown);
}

TEST_F(Marks, ofAnOlderVersionHaveNoOrigin) {
  lane_.target("cc");
  // Its last column is a MEDIUMTEXT: three bytes of length, here 0x000002.
  EventBuilder& b = b_;
  const std::string image = little(0, 1) + little(1, 4) + little(2, 3) + "cc";
  EXPECT_EQ(thrown([&] {
              lane_.feed({b.anonymous(), b.query("BEGIN"),
                          b.tableMap(9, "mark", "drs_ctl", "\x03\xfc", std::string("\x03", 1)),
                          b.rows(EventType::updateRows, 9, image + image), b.tableMap(5), b.write(5, 1, "a"), b.xid()});
            }).msg(),
            Msg::originUnknown);
}

TEST_F(Marks, ofStatementsStandInTheirText) {
  lane_.target("cc");
  EXPECT_EQ(lane_.feed({b_.anonymous(), b_.query("/* drs_ctl from aa,cc */ TRUNCATE TABLE t")}), Texts{});
  EXPECT_EQ(lane_.feed({b_.anonymous(), b_.query("/* drs_ctl from aa */ TRUNCATE TABLE t")}).size(), 1U);
  EXPECT_EQ(lane_.last().origins, "aa");
  EXPECT_EQ(lane_.feed({b_.anonymous(), b_.query("/* drs_ctl from cc */ ALTER TABLE t ADD x INT")}).size(), 1U);
  const auto& change = std::get<SchemaChange>(lane_.last().changes.at(0));
  EXPECT_TRUE(change.returns);  // the definitions follow it
  EXPECT_EQ(change.sql, "ALTER TABLE t ADD x INT");
  EXPECT_EQ(thrown([&] { lane_.feed({b_.anonymous(), b_.query("/* drs_ctl from ? */ TRUNCATE TABLE t")}); }).msg(),
            Msg::originUnknown);
}

TEST_F(Marks, loggedAsStatementsAreRefusedInAGroup) {
  const auto update = [&] {
    return lane_.feed(
        {b_.anonymous(), b_.query("BEGIN"), b_.query("UPDATE drs_ctl.mark SET sequence_no=1", "x"), b_.xid()});
  };
  EXPECT_EQ(update(), Texts{});
  lane_.target("cc");
  EXPECT_EQ(thrown(update).msg(), Msg::logUnsupported);
}

/// A transaction of a task that writes the time at the source (heartbeat.h), and maybe of somebody else's row.
Texts beat(EventBuilder& b, const std::string& millis, bool withRow = false, EventType type = EventType::updateRowsV1) {
  const std::string image = EventBuilder::row(1, millis);
  Texts events{b.mariadbGtid(b.offset()), b.tableMap(9, "heartbeat", "drs_ctl"),
               b.rows(type, 9, type == EventType::updateRowsV1 ? EventBuilder::row(1, "0") + image : image)};
  if (withRow) events.insert(events.end(), {b.tableMap(5), b.write(5, 1, "a")});
  events.push_back(b.xid());
  return events;
}

class Heartbeats : public testing::Test {
 protected:
  Heartbeats() { lane_.feed({b_.rotate("bin.000001", 4), b_.format()}); }
  std::string millis(std::int64_t behind) const { return std::to_string(b_.timestamp * std::int64_t{1000} + behind); }
  EventBuilder b_;
  Lane lane_{mariadbByFile()};
};

TEST_F(Heartbeats, comeOutAtOnceWithTheirTimeAndNoChange) {
  EXPECT_EQ(lane_.feed(beat(b_, millis(678))).size(), 1U);
  EXPECT_TRUE(lane_.last().beat && lane_.last().empty() && !lane_.last().wholeSeconds);
  EXPECT_EQ(std::to_string(lane_.last().commitMillis), millis(678));
  EXPECT_EQ(lane_.last().end.text, lane_.at());
  EXPECT_FALSE(lane_.assembler().hasEmpty());
}

TEST_F(Heartbeats, ofAnotherTimeThanTheServersAreNone) {
  for (const std::string& text : {millis(60'000), millis(-60'000), std::string("0"), std::string(), std::string("12x")})
    EXPECT_EQ(lane_.feed(beat(b_, text)), Texts{}) << text;
  EXPECT_TRUE(lane_.assembler().hasEmpty());
  EXPECT_EQ(lane_.feed(beat(b_, millis(1), false, EventType::writeRowsV1)), Texts{});  // the row is made
}

TEST_F(Heartbeats, doNotHideRowsOfTheirTransaction) {
  EXPECT_EQ(lane_.feed(beat(b_, millis(5), true)).size(), 1U);
  EXPECT_TRUE(!lane_.last().beat && !lane_.last().empty() && lane_.last().wholeSeconds);
  EXPECT_EQ(std::to_string(lane_.last().commitMillis), millis(0));
}

}  // namespace
}  // namespace drs::mysql
