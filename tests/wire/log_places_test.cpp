#include "log_lane.h"

namespace drs::mysql {
namespace {

TEST(LogPlaces, areCountedBeyondFourGigabytes) {
  constexpr std::uint64_t kBeyond = (1ULL << 32U) - 50;
  EventBuilder b(kBeyond);
  Lane lane(mysqlByFile(kBeyond));
  const std::string rotate = b.rotate("bin.000001", kBeyond);
  const auto out =
      lane.feed({rotate, b.format(true), b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()});
  EXPECT_EQ(out, Texts{fmt::format("bin.000001:{}: +1=a", kBeyond)});
  EXPECT_GT(b.offset(), 1ULL << 32U);
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", b.offset()));
}

/// A request cannot say more than 32 bits: the dump starts at the file's start and what the lane has is left out.
TEST(LogPlaces, startLowerAndSkipByCount) {
  EventBuilder b;
  const std::vector<std::string> head{b.rotate("bin.000001", 4), b.format()};
  const std::vector<std::string> first{b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()};
  const std::uint64_t start = b.offset();
  const std::vector<std::string> second{b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 2, "b"), b.xid()};
  Lane lane(mysqlByFile(start));
  lane.feed(head);
  EXPECT_EQ(lane.feed(first), Texts{});
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", start));
  EXPECT_EQ(lane.feed(second), Texts{fmt::format("bin.000001:{}: +2=b", start)});

  Lane inside(mysqlByFile(start - 5));
  inside.feed(head);
  EXPECT_EQ(thrown([&] { inside.feed(first); }).msg(), Msg::logCorrupt);
  Lane behind(mysqlByFile(start + 100000));
  behind.feed(head);
  behind.feed(first);
  EXPECT_EQ(thrown([&] { behind.feed({b.heartbeat()}); }).msg(), Msg::logPurged);
  EXPECT_EQ(thrown([&] { behind.feed({b.rotate("bin.000002", 4)}); }).msg(), Msg::logPurged);
}

TEST(LogPlaces, aGapIsDamageInALaneByFile) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  b.anonymous();  // lost on the way
  EXPECT_EQ(thrown([&] { lane.feed({b.query("BEGIN")}); }).msg(), Msg::logCorrupt);
}

TEST(LogPlaces, followTheNextFile) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.event(EventType::rotate, little(4, 8) + "bin.000002")});
  lane.feed({b.rotate("bin.000002", 4)});
  EXPECT_EQ(lane.at(), "mysql;gtid=;file=bin.000002;offset=4");
  lane.feed({b.format()});
  const std::uint64_t start = b.offset();
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()}),
            Texts{fmt::format("bin.000002:{}: +1=a", start)});
}

/// The server crashed in the middle of a transaction: what it had not finished was never committed.
TEST(LogPlaces, anUnfinishedGroupEndsWithItsFile) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed(
      {b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a")});
  lane.feed({b.rotate("bin.000002", 4), b.format()});
  const auto out = lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 2, "b"), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].find("+1=a"), std::string::npos);
}

TEST(LogPlaces, aNewDumpStartsAtThePositionAgain) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::uint64_t start = b.offset();
  lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a")});
  lane.assembler().restart(false);
  EventBuilder again(start);
  EXPECT_EQ(lane.feed({again.rotate("bin.000001", start), again.format(true), again.anonymous(), again.query("BEGIN"),
                       again.tableMap(5), again.write(5, 1, "a"), again.xid()}),
            Texts{fmt::format("bin.000001:{}: +1=a", start)});
}

TEST(LogPlaces, heartbeatsAreSeen) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_FALSE(lane.assembler().atHeartbeat());
  lane.feed({b.heartbeat()});
  EXPECT_TRUE(lane.assembler().atHeartbeat());
  lane.feed({b.anonymous()});
  EXPECT_FALSE(lane.assembler().atHeartbeat());
  lane.feed({b.event(EventType::heartbeatV2,
                     "\x01\x0a"
                     "bin.000001"
                     "\x02\x01\x04",
                     true)});
  EXPECT_TRUE(lane.assembler().atHeartbeat());
}

/// Else a server that is asked for the place would seem to have lost the end of its log.
TEST(LogPlaces, ofAnotherServerAreForgottenByALaneByGtid) {
  EventBuilder b;
  Lane lane(mysqlByGtid(std::string(kUuid) + ":1-4"));
  lane.assembler().setServer("first");
  lane.feed(
      {b.rotate("bin.000007", 4), b.format(), b.gtid(5), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()});
  EXPECT_EQ(lane.assembler().position().file, "bin.000007");
  lane.assembler().setServer("first");
  EXPECT_EQ(lane.assembler().position().file, "bin.000007");
  lane.assembler().setServer("second");
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid={}:1-5;file=;offset=0;server=second", kUuid));
}

}  // namespace
}  // namespace drs::mysql
