#include "log_lane.h"

#include <zlib.h>

namespace drs::mysql {
namespace {

constexpr unsigned kStandalone = 1;

TEST(MariadbLog, setStatementIsJudgedByWhatItExecutes) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const auto feed = [&](const std::string& sql, const std::string& database = "d") {
    return lane.feed({b.mariadbGtid(1, 1), b.query("SET STATEMENT lock_wait_timeout=5 FOR " + sql, database)});
  };
  const Texts truncated = feed("TRUNCATE TABLE d.t", "other");
  ASSERT_EQ(truncated.size(), 1U);
  EXPECT_NE(truncated[0].find("truncate d.t"), std::string::npos);
  EXPECT_EQ(feed("TRUNCATE TABLE t", "other"), Texts{});
  const Texts renamed = feed("RENAME TABLE other.a TO d.b", "other");
  ASSERT_EQ(renamed.size(), 1U);
  EXPECT_NE(renamed[0].find("schema d.b"), std::string::npos);
  const Error error = thrown([&] { feed("INSERT INTO t VALUES (1, 'a')"); });
  EXPECT_EQ(error.msg(), Msg::logUnsupported);
  EXPECT_NE(error.text().find("INSERT"), std::string::npos);
  EXPECT_EQ(error.text().find("'a'"), std::string::npos);  // no data in messages
}

TEST(MariadbLog, theGtidIsTheBegin) {
  EventBuilder b;
  Lane lane(mariadbByGtid("0-7-10"));
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(lane.feed({b.mariadbGtid(11), b.tableMap(5), b.rows(EventType::writeRowsV1, 5, EventBuilder::row(1, "a"))}),
            Texts{});
  EXPECT_EQ(lane.assembler().position().gtid, "0-7-10");
  EXPECT_EQ(lane.feed({b.xid()}), Texts{"0-7-11: +1=a"});
  EXPECT_EQ(lane.assembler().position().gtid, "0-7-11");
}

TEST(MariadbLog, domainsAreKeptApart) {
  EventBuilder b;
  Lane lane(mariadbByGtid("0-7-10"));
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.mariadbGtid(3, 0, 5), b.query("COMMIT"), b.mariadbGtid(11),
             b.query("COMMIT")});
  EXPECT_EQ(lane.assembler().position().gtid, "0-7-11,5-7-3");
}

TEST(MariadbLog, aStandaloneStatementEndsItsGroup) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::uint64_t start = b.offset();
  EXPECT_EQ(lane.feed({b.mariadbGtid(1, kStandalone), b.event(EventType::annotateRows, "x"), b.query("TRUNCATE t")}),
            Texts{fmt::format("bin.000001:{}: truncate d.t", start)});
  EXPECT_EQ(lane.feed({b.mariadbGtid(2), b.tableMap(5), b.write(5, 1, "a"), b.query("COMMIT")}).size(), 1U);
}

TEST(MariadbLog, statementsInsideOfATransactionDoNotEndIt) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const auto out = lane.feed({b.mariadbGtid(1), b.tableMap(5), b.write(5, 1, "a"), b.query("SAVEPOINT s"),
                              b.write(5, 2, "b"), b.query("ROLLBACK TO s"), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find(": +1=a"), std::string::npos);
  EXPECT_EQ(out[0].find("+2=b"), std::string::npos);
}

TEST(MariadbLog, aGroupNeedsItsGtid) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(thrown([&] { lane.feed({b.query("BEGIN")}); }).msg(), Msg::logCorrupt);
  EXPECT_EQ(thrown([&] { lane.feed({b.mariadbGtid(1), b.mariadbGtid(2)}); }).msg(), Msg::logCorrupt);
}

TEST(MariadbLog, annotationsMayBeLeftOut) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.mariadbGtid(1)});
  b.event(EventType::annotateRows, "insert into t values (1, 'a')");  // in the file, but not sent
  EXPECT_EQ(lane.feed({b.tableMap(5), b.write(5, 1, "a"), b.xid()}).size(), 1U);
  EXPECT_EQ(lane.at(), fmt::format("mariadb;gtid=;file=bin.000001;offset={}", b.offset()));
}

TEST(MariadbLog, anEncryptedLogIsRefused) {
  EventBuilder b;
  Lane lane(mariadbByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(thrown([&] { lane.feed({b.event(EventType::startEncryption, std::string(17, 'x'))}); }).msg(),
            Msg::logUnsupported);
}

TEST(MariadbLog, compressedStatementsAreJudged) {
  const auto feed = [](const std::string& sql) {
    EventBuilder b;
    Lane lane(mariadbByFile());
    std::string packed(compressBound(sql.size()), '\0');
    uLongf size = packed.size();
    compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(sql.data()), sql.size());
    const std::string body = little(1, 4) + little(0, 4) + little(1, 1) + little(0, 2) + little(0, 2) + "d" + '\0' +
                             "\x81" + little(sql.size(), 1) + packed.substr(0, size);
    return lane.feed({b.rotate("bin.000001", 4), b.format(), b.mariadbGtid(1, kStandalone),
                      b.event(EventType::queryCompressed, body)});
  };
  const Texts out = feed("TRUNCATE TABLE t");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find("truncate d.t"), std::string::npos);
  EXPECT_EQ(thrown([&] { feed("INSERT INTO t VALUES (1, 'a')"); }).msg(), Msg::logUnsupported);
}

}  // namespace
}  // namespace drs::mysql
