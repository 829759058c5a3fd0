#include "log_lane.h"

#include <zlib.h>

namespace drs::mysql {
namespace {

/// With room for a few rows in memory every transaction goes to disk, in several pieces, and comes back the same.
TEST(MysqlLog, aLargeTransactionWaitsOnDisk) {
  for (const std::size_t memory : {1U, 100U, 500U, 1U << 20U}) {
    EventBuilder b;
    Lane lane(mysqlByFile(), 1U << 20U, false, memory);
    lane.feed(
        {b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.tableMap(6, "m")});
    std::string expected = memory < 1000 ? " stored" : "";
    for (int i = 0; i < 40; ++i) {
      lane.feed({b.write(i % 3 == 0 ? 6 : 5, i, std::string(20, 'a'))});
      expected += fmt::format(" +{}=", i) + std::string(20, 'a');
    }
    lane.feed({b.rows(EventType::updateRows, 5, EventBuilder::row(1, "a") + EventBuilder::row(1, "b"), 3),
               b.rows(EventType::deleteRows, 5, EventBuilder::row(1, "b"))});
    const Texts out = lane.feed({b.xid()});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].substr(out[0].find(": ") + 1), expected + " ~1=a>1=b nofk -1=b") << memory;
    EXPECT_EQ(lane.last().stored != nullptr, memory < 1000);
    EXPECT_EQ(lane.last().changes.empty(), memory < 1000);
    EXPECT_GT(lane.last().bytes, 1000U);
  }
}

/// Roll-backs end in the file, in memory, and at every place between.
TEST(MysqlLog, savepointsOfALargeTransactionAreRolledBack) {
  for (std::size_t memory = 1; memory < 700; memory += 7) {
    EventBuilder b;
    Lane lane(mysqlByFile(), 1U << 20U, false, memory);
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
    std::vector<int> rows;
    std::vector<std::size_t> marks;
    unsigned random = static_cast<unsigned>(memory);
    for (int i = 0; i < 60; ++i) {
      random = random * 1103515245U + 12345U;
      const unsigned what = random >> 16U & 7U;
      if (what == 0) {
        lane.feed({b.query(fmt::format("SAVEPOINT s{}", marks.size()))});
        marks.push_back(rows.size());
      } else if (what == 1 && !marks.empty()) {
        const std::size_t to = (random >> 20U) % marks.size();
        lane.feed({b.query(fmt::format("ROLLBACK TO s{}", to))});
        rows.resize(marks[to]);
        marks.resize(to + 1);
      } else {
        lane.feed({b.write(5, i, "x")});
        rows.push_back(i);
      }
    }
    lane.feed({b.write(5, 99, "x")});
    std::string expected;
    for (const int row : rows) expected += fmt::format(" +{}=x", row);
    std::string text = lane.feed({b.xid()}).at(0);
    text = text.substr(text.find(": ") + 1);
    if (text.starts_with(" stored")) text = text.substr(7);
    EXPECT_EQ(text, expected + " +99=x") << memory;
  }
}

TEST(MysqlLog, aLargeTransactionThatIsRolledBackLeavesNothing) {
  EventBuilder b;
  Lane lane(mysqlByFile(), 1U << 20U, false, 10);
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.query("ROLLBACK")}),
            Texts{});
  lane.feed(
      {b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.tableMap(6, "m"), b.write(6, 1, "a")});
  EXPECT_EQ(thrown([&] { lane.feed({b.query("ROLLBACK")}); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, xaTransactions) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::string prepare = little(0, 1) + little(1, 4) + little(1, 4) + little(0, 4) + "q";
  const std::string onePhase = little(1, 1) + prepare.substr(1);
  // Nothing of ours: prepared, then committed.
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("XA START X'71',X'',1"), b.tableMap(6, "x", "other"), b.write(6, 1, "a"),
                       b.query("XA END X'71',X'',1"), b.event(EventType::xaPrepare, prepare), b.anonymous(),
                       b.query("XA COMMIT X'71',X'',1")}),
            Texts{});
  // Committed in one phase it is like any other transaction.
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("XA START X'71',X'',1"), b.tableMap(5), b.write(5, 1, "a"),
                       b.query("XA END X'71',X'',1"), b.event(EventType::xaPrepare, onePhase)})
                .size(),
            1U);
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("XA ROLLBACK X'72',X'',1")}), Texts{});
  EXPECT_EQ(thrown([&] { lane.feed({b.anonymous(), b.query("XA COMMIT X'72',X'',1")}); }).msg(), Msg::logUnsupported);
}

/// Rows of ours take effect at XA COMMIT, under its id, or never.
TEST(MysqlLog, preparedChangesWaitForTheirCommit) {
  const std::string prepare = little(0, 1) + little(1, 4) + little(1, 4) + little(0, 4) + "q";
  for (const std::size_t memory : {1U, 1U << 20U}) {
    EventBuilder b;
    Lane lane(mysqlByFile(), 1U << 20U, false, memory);
    lane.feed({b.rotate("bin.000001", 4), b.format()});
    const auto prepared = [&](const std::string& xid, int row) {
      return lane.feed({b.anonymous(), b.query("XA START " + xid), b.tableMap(5), b.write(5, row, "a"),
                        b.query("XA END " + xid), b.event(EventType::xaPrepare, prepare)});
    };
    const std::uint64_t start = b.offset();
    EXPECT_EQ(prepared("X'71',X'',1", 1), Texts{});
    EXPECT_EQ(lane.assembler().position().heldXa.at("X'71',X'',1"), fmt::format("bin.000001:{}", start));
    EXPECT_EQ(prepared("X'72',X'',1", 2), Texts{});
    EXPECT_EQ(lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 3, "c"), b.xid()}).size(), 1U);
    EXPECT_NE(lane.last().end.text.find(";xa="), std::string::npos);
    EXPECT_EQ(lane.feed({b.anonymous(), b.query("XA ROLLBACK X'72',X'',1")}), Texts{});
    lane.assembler().restart(false);  // the connection was lost
    const std::uint64_t commit = b.offset();
    const Texts out =
        lane.feed({b.rotate("bin.000001", commit), b.format(true), b.anonymous(), b.query("XA COMMIT X'71',X'',1")});
    EXPECT_EQ(out, Texts{fmt::format("bin.000001:{}:{} +1=a", commit, memory == 1 ? " stored" : "")});
    EXPECT_EQ(lane.last().end.text.find(";xa="), std::string::npos);
    EXPECT_EQ(thrown([&] { lane.feed({b.anonymous(), b.query("XA COMMIT X'72',X'',1")}); }).msg(), Msg::logUnsupported);
  }
}

/// The lane ends between PREPARE and COMMIT; the next one has to read the group again.
TEST(MysqlLog, preparedChangesAreNamedByThePosition) {
  const std::string uuid(kUuid);
  EventBuilder b;
  Lane lane(mysqlByGtid(uuid + ":1-4"));
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.gtid(5), b.query("XA START X'71',X'',1"), b.tableMap(5),
             b.write(5, 1, "a"), b.query("XA END X'71',X'',1"), b.event(EventType::xaPrepare, little(0, 1) + "x")});
  EXPECT_TRUE(lane.assembler().missing().empty());
  Lane next(fromPosition({lane.at()}));
  ASSERT_EQ(next.assembler().missing().size(), 1U);
  EXPECT_EQ(next.assembler().missing().at("X'71',X'',1"), uuid + ":5");
  next.assembler().hold("X'71',X'',1", *lane.assembler().takeHeld("X'71',X'',1"));
  EXPECT_TRUE(next.assembler().missing().empty());
  EXPECT_EQ(next.feed({b.rotate("bin.000001", 4), b.format(), b.gtid(6), b.query("XA COMMIT X'71',X'',1")}),
            Texts{uuid + ":6: +1=a"});
}

/// The worker may end between PREPARE and COMMIT; the mark holds what was prepared.
TEST(MysqlLog, preparedXaTransactionsOutliveTheLane) {
  EventBuilder b;
  const std::string prepare = little(0, 1) + little(1, 4) + little(1, 4) + little(0, 4) + "q";
  std::string mark;
  {
    Lane lane(mysqlByFile());
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("XA START X'71',X'',1"),
               b.tableMap(6, "x", "other"), b.write(6, 1, "a"), b.query("XA END X'71',X'',1")});
    EXPECT_EQ(lane.at().find(";xa="), std::string::npos);
    lane.feed({b.event(EventType::xaPrepare, prepare)});
    mark = lane.at();
    EXPECT_EQ(lane.assembler().takeEmpty()->end.text, mark);
  }
  const std::string rotate = EventBuilder().rotate("bin.000001", b.offset());
  {
    Lane lane(fromPosition({mark}));
    lane.feed({rotate, b.format(true)});
    EXPECT_EQ(lane.feed({b.anonymous(), b.query("XA COMMIT X'71',X'',1")}), Texts{});
    EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", b.offset()));
    // The name may be used again; it is unknown now.
    EXPECT_EQ(thrown([&] { lane.feed({b.anonymous(), b.query("XA COMMIT X'71',X'',1")}); }).msg(), Msg::logUnsupported);
  }
}

TEST(MysqlLog, aHugeTransactionIsRefusedByName) {
  EventBuilder b;
  Lane lane(mysqlByFile(), 1000);
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
  const Error error = thrown([&] {
    for (int i = 0; i < 100; ++i) lane.feed({b.write(5, i, "0123456789")});
  });
  EXPECT_EQ(error.msg(), Msg::limitExceeded);
  EXPECT_NE(error.text().find("max_transaction_bytes"), std::string::npos);
}

}  // namespace
}  // namespace drs::mysql
