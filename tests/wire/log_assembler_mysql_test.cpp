#include "log_lane.h"

#include <zlib.h>

namespace drs::mysql {
namespace {

TEST(MysqlLog, transactionEndsAtXid) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::uint64_t start = b.offset();
  const Texts before = lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a")});
  EXPECT_EQ(before, Texts{});
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", start));  // not before the end
  const Texts after = lane.feed({b.xid()});
  EXPECT_EQ(after, Texts{fmt::format("bin.000001:{}: +1=a", start)});
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", b.offset()));
  EXPECT_EQ(lane.last().end.text, lane.at());
  EXPECT_EQ(lane.last().commitMillis, 1700000000000);
  EXPECT_GT(lane.last().bytes, 0U);
}

TEST(MysqlLog, positionByGtidGrowsAtTheEndOnly) {
  EventBuilder b;
  Lane lane(mysqlByGtid(std::string(kUuid) + ":1-4"));
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  lane.feed({b.gtid(5), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a")});
  EXPECT_EQ(lane.assembler().position().gtid, std::string(kUuid) + ":1-4");
  EXPECT_EQ(lane.feed({b.xid()}), Texts{std::string(kUuid) + ":5: +1=a"});
  EXPECT_EQ(lane.assembler().position().gtid, std::string(kUuid) + ":1-5");
}

TEST(MysqlLog, commitTimeComesFromTheGtidEvent) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.gtid(1, std::string(16, 'x'), 1700000001234567), b.query("BEGIN"),
             b.tableMap(5), b.write(5, 1, "a"), b.xid()});
  EXPECT_EQ(lane.last().commitMillis, 1700000001234);
}

TEST(MysqlLog, whatTheLaneHasIsLeftOut) {
  EventBuilder b;
  Lane lane(mysqlByGtid(std::string(kUuid) + ":1-5"));
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(lane.feed({b.gtid(5), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()}), Texts{});
  EXPECT_EQ(lane.feed({b.gtid(4), b.query("DROP TABLE t")}), Texts{});
  EXPECT_EQ(lane.feed({b.gtid(6), b.query("BEGIN"), b.tableMap(5), b.write(5, 2, "b"), b.xid()}).size(), 1U);
}

TEST(MysqlLog, allKindsOfRows) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::string two = EventBuilder::row(1, "a") + EventBuilder::row(2, "b");
  for (const bool v1 : {false, true}) {
    const auto out =
        lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(5),
                   b.rows(v1 ? EventType::writeRowsV1 : EventType::writeRows, 5, two),
                   b.rows(v1 ? EventType::updateRowsV1 : EventType::updateRows, 5, two),
                   b.rows(v1 ? EventType::deleteRowsV1 : EventType::deleteRows, 5, two), b.query("COMMIT")});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_NE(out[0].find(": +1=a +2=b ~1=a>2=b -1=a -2=b"), std::string::npos) << out[0];
  }
}

TEST(MysqlLog, foreignKeyChecksFollowTheEvent) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  const auto out = lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
                              b.rows(EventType::writeRows, 5, EventBuilder::row(1, "a"), 3),
                              b.rows(EventType::writeRows, 5, EventBuilder::row(2, "b"), 1), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find("+1=a nofk +2=b"), std::string::npos) << out[0];
}

TEST(MysqlLog, savepointsAreRolledBack) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  const auto out = lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
                              b.write(5, 1, "a"), b.query("SAVEPOINT `s`"), b.write(5, 2, "b"), b.query("SAVEPOINT s2"),
                              b.write(5, 3, "c"), b.query("ROLLBACK TO `S`"), b.write(5, 4, "d"), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find(": +1=a +4=d"), std::string::npos) << out[0];
}

TEST(MysqlLog, rollbackDropsTheTransaction) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  EXPECT_EQ(lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
                       b.write(5, 1, "a"), b.query("ROLLBACK")}),
            Texts{});
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", b.offset()));
}

TEST(MysqlLog, rollbackOfWhatAnEngineKeepsIsRefused) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed(
      {b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5, "m"), b.write(5, 1, "a")});
  EXPECT_EQ(thrown([&] { lane.feed({b.query("ROLLBACK")}); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, foreignTablesOnlyMoveThePosition) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  EXPECT_EQ(lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN", "other"),
                       b.tableMap(5, "x", "other"), b.write(5, 1, "a"), b.xid(), b.anonymous(),
                       b.query("CREATE TABLE y (a int)", "other")}),
            Texts{});
  EXPECT_EQ(lane.at(), fmt::format("mysql;gtid=;file=bin.000001;offset={}", b.offset()));
  const auto empty = lane.assembler().takeEmpty();
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->changes.empty());
  EXPECT_EQ(empty->end.text, lane.at());
  EXPECT_FALSE(lane.assembler().takeEmpty());
}

TEST(MysqlLog, truncateIsAChangeOfItsOwn) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const auto out =
      lane.feed({b.anonymous(), b.query("TRUNCATE TABLE t"), b.anonymous(), b.query("truncate `d`.`m`", "other")});
  ASSERT_EQ(out.size(), 2U);
  EXPECT_NE(out[0].find("truncate d.t"), std::string::npos);
  EXPECT_EQ(std::get<SchemaChange>(lane.last().changes[0]).plan, 1U);
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("TRUNCATE TABLE t", "other")}), Texts{});
}

/// A server gives this number to a table as any other.
TEST(MysqlLog, theTableWithTheNumberOfDummiesIsATable) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const Texts out =
      lane.feed({b.anonymous(), b.query("BEGIN"), b.tableMap(0xffffff), b.write(0xffffff, 1, "a"), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find("+1=a"), std::string::npos);
  // An event that only ends a statement; with rows it would need its table.
  for (const std::uint64_t dummy : {0xffffffULL, 0xffffffffffffULL}) {
    EXPECT_EQ(lane.feed({b.anonymous(), b.query("BEGIN"), b.rows(EventType::writeRows, dummy, ""), b.xid()}), Texts{});
    lane.feed({b.anonymous(), b.query("BEGIN")});
    EXPECT_EQ(thrown([&] { lane.feed({b.write(dummy, 1, "a")}); }).msg(), Msg::logCorrupt);
    lane.feed({b.query("ROLLBACK")});
  }
}

TEST(MysqlLog, aNumberOfColumnsThatNoTableHasIsDamage) {
  for (const std::string& count :
       {little(0, 1), '\xfe' + little(~0ULL, 8), '\xfe' + little(~0ULL - 6, 8), '\xfc' + little(4097, 2)}) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
    const std::string body = little(5, 6) + little(1, 2) + little(2, 2) + count;
    EXPECT_EQ(thrown([&] { lane.feed({b.event(EventType::writeRows, body)}); }).msg(), Msg::logCorrupt);
  }
}

TEST(MysqlLog, savepointNamesThatServersMayTakeForEqualAreNotGuessed) {
  const auto run = [](const std::vector<std::string>& statements) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
    std::int32_t id = 0;
    for (const std::string& sql : statements) lane.feed({b.write(5, ++id, "x"), b.query(sql)});
    const Texts out = lane.feed({b.xid()});
    return out.empty() ? std::string() : out[0].substr(out[0].find(": ") + 2);
  };
  const auto refused = [&](const std::vector<std::string>& statements) {
    return thrown([&] { run(statements); }).msg() == Msg::logUnsupported;
  };
  EXPECT_EQ(run({"SAVEPOINT é", "ROLLBACK TO é"}), "+1=x");
  EXPECT_EQ(run({"SAVEPOINT é", "SAVEPOINT a", "ROLLBACK TO A"}), "+1=x +2=x");
  EXPECT_EQ(run({"ROLLBACK TO é"}), "");  // set before anything of ours
  EXPECT_TRUE(refused({"SAVEPOINT é", "ROLLBACK TO É"}));
  EXPECT_TRUE(refused({"SAVEPOINT e", "SAVEPOINT é", "ROLLBACK TO e"}));
  EXPECT_TRUE(refused({"SAVEPOINT é", "SAVEPOINT a", "SAVEPOINT É", "RELEASE SAVEPOINT é", "ROLLBACK TO é"}));
  // The server has released É: a is there still.
  EXPECT_EQ(run({"SAVEPOINT é", "SAVEPOINT a", "SAVEPOINT É", "RELEASE SAVEPOINT é", "SAVEPOINT a", "ROLLBACK TO a"}),
            "+1=x +2=x +3=x +4=x +5=x");
}

/// With object_scope all every word could be a database of the selection.
TEST(MysqlLog, withAllSelectedOnlyDatabasesCountAsDatabases) {
  const auto feed = [](const std::string& sql, const std::string& database) {
    EventBuilder b;
    Lane lane(mysqlByFile(), 1U << 20U, true);
    return lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN", database),
                      b.query(sql, database), b.query("COMMIT", database)});
  };
  for (const char* sql : {"INSERT INTO mysql.rds_heartbeat2(id, value) VALUES (1, 2) ON DUPLICATE KEY UPDATE value = 2",
                          "TRUNCATE TABLE time_zone", "INSERT INTO time_zone_name (Name) VALUES ('a.b')",
                          "DELETE FROM `mysql` . `x` WHERE mysql.x.a = 1"}) {
    EXPECT_EQ(feed(sql, "mysql"), Texts{}) << sql;
  }
  EXPECT_EQ(feed("DELETE FROM sys.x", ""), Texts{});
  for (const char* sql : {"INSERT INTO shop.t VALUES (1)", "REPLACE INTO mysql.x SELECT * FROM shop.t",
                          "UPDATE mysql.x JOIN `shop`.t SET t.a = 1"}) {
    EXPECT_EQ(thrown([&] { feed(sql, "mysql"); }).msg(), Msg::logUnsupported) << sql;
  }
  EXPECT_EQ(thrown([&] { feed("INSERT INTO t VALUES (1)", "shop"); }).msg(), Msg::logUnsupported);
  EXPECT_EQ(feed("FROBNICATE shop", "mysql").size(), 1U);  // whatever it is
}

TEST(MysqlLog, definitionsOfSelectedObjectsComeOut) {
  for (const char* sql :
       {"ALTER TABLE t ADD c int", "DROP TABLE x, d.t", "RENAME TABLE other.a TO d.b", "CREATE TABLE fresh (a int)",
        "CREATE TABLE `d`.fresh LIKE other.x", "DROP DATABASE d", "CREATE INDEX i ON t (v)", "TRUNCATE unplanned",
        "FROBNICATE TABLE t", "ALTER TABLE other.x EXCHANGE PARTITION p WITH TABLE t"}) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    const auto out = lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query(sql)});
    ASSERT_EQ(out.size(), 1U) << sql;
    EXPECT_NE(out[0].find("schema d."), std::string::npos) << sql;
    EXPECT_EQ(std::get<SchemaChange>(lane.last().changes[0]).sql, sql);
  }
}

TEST(MysqlLog, definitionsThatChangeNothingOfOursPass) {
  for (const char* sql :
       {"CREATE TABLE IF NOT EXISTS t (a int)", "DROP TABLE IF EXISTS unplanned", "CREATE TEMPORARY TABLE t (a int)",
        "DROP /*!40005 TEMPORARY */ TABLE t", "CREATE VIEW v AS SELECT * FROM t", "GRANT SELECT ON d.t TO u",
        "ANALYZE TABLE t", "CREATE DATABASE d2", "ALTER TABLE other.x ADD c int", "# Dummy event"}) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    EXPECT_EQ(lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query(sql)}), Texts{}) << sql;
  }
}

/// Its rows come before anybody has a plan for them: the lane begins again before the transaction.
TEST(MysqlLog, createTableAsSelectIsReadAgainForItsRows) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  const std::string before = lane.at();
  const Texts texts =
      lane.feed({b.anonymous(), b.query("BEGIN"), b.query("CREATE TABLE fresh (a int) START TRANSACTION"),
                 b.tableMap(9, "fresh"), b.write(9, 1, "a"), b.xid()});
  ASSERT_EQ(texts.size(), 1U);
  const auto& change = std::get<SchemaChange>(lane.last().changes.at(0));
  EXPECT_TRUE(change.isNew);
  EXPECT_EQ(change.again.text, before);
  EXPECT_NE(lane.last().end.text, before);
}

TEST(MysqlLog, rowsOfAnotherTableInTheTransactionOfAStatementAreRefused) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"),
             b.query("CREATE TABLE fresh (a int) START TRANSACTION"), b.tableMap(9, "other")});
  const Error error = thrown([&] { lane.feed({b.write(9, 1, "a"), b.xid()}); });
  EXPECT_EQ(error.msg(), Msg::logUnsupported);
  EXPECT_NE(error.text().find("d.other"), std::string::npos);
}

TEST(MysqlLog, namesInAnotherCharsetMayBeOurs) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  // utf8mb4 (45) is compared, so a name of another table passes.
  EXPECT_EQ(lane.feed({b.anonymous(), b.query("DROP TABLE `other`.`täble`")}), Texts{});
}

TEST(MysqlLog, statementsInPlaceOfRowsAreRefused) {
  for (const char* sql : {"INSERT INTO t VALUES (1, 'a')", "update t set v = 1", "LOAD DATA INFILE 'x' INTO TABLE t"}) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN")});
    const Error error = thrown([&] { lane.feed({b.query(sql)}); });
    EXPECT_EQ(error.msg(), Msg::logUnsupported) << sql;
    EXPECT_EQ(error.text().find("'a'"), std::string::npos);  // no data in messages
  }
  EventBuilder b;
  Lane lane(mysqlByFile());
  EXPECT_EQ(lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN", "other"),
                       b.query("INSERT INTO x VALUES (1)", "other"), b.query("COMMIT", "other")}),
            Texts{});
}

TEST(MysqlLog, partialImagesWithoutWhatTheReplayNeedsAreRefused) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
             b.tableMap(6, "x", "other")});
  lane.feed({b.rows(EventType::writeRows, 6, "", 1, '\x01'), b.rows(EventType::partialUpdateRows, 6, "")});  // not ours
  EXPECT_EQ(thrown([&] { lane.feed({b.rows(EventType::writeRows, 5, "", 1, '\x01')}); }).msg(), Msg::logUnsupported);
  // Without the key no row is found.
  for (const EventType type : {EventType::updateRows, EventType::deleteRows, EventType::partialUpdateRows})
    EXPECT_EQ(thrown([&] { lane.feed({b.rows(type, 5, "", 1, '\x02')}); }).msg(), Msg::logUnsupported);
  EXPECT_EQ(thrown([&] { lane.feed({b.rows(EventType::deleteRows, 5, "", 1, '\0')}); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, partialImagesWithTheKeyAreTaken) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  const std::string key("\0\x07\0\0\0", 5);  // no NULL; id = 7
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
             b.rows(EventType::deleteRows, 5, key, 1, '\x01'), b.xid()});
  const auto& rows = std::get<RowsChange>(lane.last().changes.at(0)).rows;
  EXPECT_EQ(rows.cell(0, 0).i, 7);
  EXPECT_EQ(rows.cell(0, 1).kind, CellKind::absent);
}

/// The row after the change begins with its options: 0, whole values only; 1, and then a bit for each JSON column;
/// others are not known.
TEST(MysqlLog, partialUpdatesAreUpdates) {
  const auto feed = [](const std::string& options) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    return lane.feed(
        {b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5),
         b.rows(EventType::partialUpdateRows, 5, EventBuilder::row(1, "a") + options + EventBuilder::row(1, "b")),
         b.xid()});
  };
  for (const std::string& options : {std::string(1, '\0'), std::string(1, '\1')}) {
    const Texts out = feed(options);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_NE(out[0].find(": ~1=a>1=b"), std::string::npos) << out[0];
  }
  EXPECT_EQ(thrown([&] { feed(std::string(1, '\2')); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, eventsInWrongOrderAreDamage) {
  const auto start = [](EventBuilder& b, Lane& lane) { lane.feed({b.rotate("bin.000001", 4), b.format()}); };
  {
    EventBuilder b;
    Lane lane(mysqlByFile());
    start(b, lane);
    EXPECT_EQ(thrown([&] { lane.feed({b.tableMap(5)}); }).msg(), Msg::logCorrupt);
  }
  {
    EventBuilder b;
    Lane lane(mysqlByFile());
    start(b, lane);
    EXPECT_EQ(thrown([&] { lane.feed({b.xid()}); }).msg(), Msg::logCorrupt);
  }
  {
    EventBuilder b;
    Lane lane(mysqlByFile());
    start(b, lane);
    EXPECT_EQ(thrown([&] { lane.feed({b.anonymous(), b.query("BEGIN"), b.query("BEGIN")}); }).msg(), Msg::logCorrupt);
  }
  {
    EventBuilder b;  // rows of an older group's TABLE_MAP
    Lane lane(mysqlByFile());
    start(b, lane);
    lane.feed(
        {b.anonymous(), b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid(), b.anonymous(), b.query("BEGIN")});
    const Error error = thrown([&] { lane.feed({b.write(5, 2, "b")}); });
    EXPECT_EQ(error.msg(), Msg::logCorrupt);
    EXPECT_NE(error.text().find("bin.000001:"), std::string::npos);  // says where
  }
}

TEST(MysqlLog, anIncidentOrAnUnknownEventStops) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format()});
  EXPECT_EQ(lane.feed({b.event(static_cast<EventType>(99), "?", false, 0x80)}), Texts{});  // marked as ignorable
  EXPECT_EQ(thrown([&] { lane.feed({b.event(EventType::incident, little(1, 2) + little(4, 1) + "gone")}); }).msg(),
            Msg::logUnsupported);
  EXPECT_EQ(thrown([&] { lane.feed({b.event(static_cast<EventType>(99), "?")}); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, contextOfStatementsIsPassedOver) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN", "other")});
  for (const EventType type : {EventType::intvar, EventType::rand, EventType::userVar, EventType::beginLoadQuery,
                               EventType::appendBlock, EventType::deleteFile})
    EXPECT_EQ(lane.feed({b.event(type, std::string(16, 'x'))}), Texts{}) << eventName(type);
  EXPECT_EQ(lane.feed({b.query("INSERT INTO x VALUES (RAND())", "other"), b.xid()}), Texts{});
  lane.feed({b.anonymous(), b.query("BEGIN"), b.event(EventType::intvar, std::string(9, 'x'))});
  EXPECT_EQ(thrown([&] { lane.feed({b.query("INSERT INTO t VALUES (NULL, 'a')")}); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, loadDataAsAStatementIsRefused) {
  const auto feed = [](const std::string& database) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    const std::string sql = "LOAD DATA INFILE 'x' INTO TABLE t";
    const std::string body = little(1, 4) + little(0, 4) + little(database.size(), 1) + little(0, 2) + little(0, 2) +
                             little(0, 13) + database + '\0' + sql;
    return lane.feed({b.rotate("bin.000001", 4), b.format(true), b.anonymous(), b.query("BEGIN", database),
                      b.event(EventType::executeLoadQuery, body), b.xid()});
  };
  EXPECT_EQ(feed("other"), Texts{});
  EXPECT_EQ(thrown([&] { feed("d"); }).msg(), Msg::logUnsupported);
}

TEST(MysqlLog, eventsOfOldServersStop) {
  for (const EventType type : {EventType::load, EventType::createFile, EventType::execLoad, EventType::newLoad,
                               EventType::preGaWriteRows, EventType::preGaUpdateRows, EventType::preGaDeleteRows}) {
    EventBuilder b;
    Lane lane(mysqlByFile());
    lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN")});
    const Error error = thrown([&] { lane.feed({b.event(type, std::string(20, 'x'))}); });
    EXPECT_EQ(error.msg(), Msg::logUnsupported);
    EXPECT_NE(error.text().find(eventName(type)), std::string::npos) << error.text();
  }
}

TEST(MysqlLog, whatChangesNoRowsIsPassedOver) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
  for (const EventType type :
       {EventType::ignorable, EventType::rowsQuery, EventType::transactionContext, EventType::viewChange,
        EventType::previousGtids, EventType::annotateRows, EventType::binlogCheckpoint, EventType::gtidList})
    EXPECT_EQ(lane.feed({b.event(type, "whatever")}), Texts{}) << eventName(type);
  EXPECT_EQ(lane.feed({b.write(5, 1, "a"), b.xid()}).size(), 1U);
}

TEST(MysqlLog, gtidsWithTagsOpenTransactions) {
  const auto small = [](unsigned value) { return std::string(1, static_cast<char>(value << 1U)); };
  std::string uuid;
  for (int i = 0; i < 16; ++i) uuid += small(0x11);
  // flags, uuid, number (the sign is its lowest bit), tag, last_committed, sequence_number
  const std::string fields = small(0) + small(0) + small(1) + uuid + small(2) + small(5 << 1) + small(3) + small(3) +
                             "tag" + small(4) + small(0) + small(5) + small(1);
  EventBuilder b;
  Lane lane(mysqlByGtid(std::string(kUuid) + ":1-4"));
  const Texts out = lane.feed(
      {b.rotate("bin.000001", 4), b.format(),
       b.event(EventType::taggedGtid, small(1) + small(static_cast<unsigned>(fields.size() + 3)) + small(5) + fields),
       b.query("BEGIN"), b.tableMap(5), b.write(5, 1, "a"), b.xid()});
  EXPECT_EQ(out, Texts{std::string(kUuid) + ":tag:5: +1=a"});
  EXPECT_EQ(lane.assembler().position().gtid, std::string(kUuid) + ":1-4:tag:5");
}

/// The rows behind the bitmaps are packed.
TEST(MysqlLog, compressedRowsOfVersionTwo) {
  const auto packed = [](const std::string& rows) {
    std::string out(compressBound(rows.size()), '\0');
    uLongf size = out.size();
    compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
    return "\x81" + little(rows.size(), 1) + out.substr(0, size);
  };
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN"), b.tableMap(5)});
  const std::string head = little(5, 6) + little(1, 2) + little(2, 2) + little(2, 1);
  const std::string a = EventBuilder::row(1, "a"), z = EventBuilder::row(1, "z");
  const Texts out = lane.feed({b.event(EventType::writeRowsCompressed, head + '\x03' + packed(a)),
                               b.event(EventType::updateRowsCompressed, head + "\x03\x03" + packed(a + z)),
                               b.event(EventType::deleteRowsCompressed, head + '\x03' + packed(z)), b.xid()});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_NE(out[0].find(": +1=a ~1=a>1=z -1=z"), std::string::npos) << out[0];
}

TEST(MysqlLog, aChangedTableIsDrift) {
  EventBuilder b;
  Lane lane(mysqlByFile());
  lane.feed({b.rotate("bin.000001", 4), b.format(), b.anonymous(), b.query("BEGIN")});
  EXPECT_EQ(thrown([&] { lane.feed({b.tableMap(5, "t", "d", "\x03", "")}); }).msg(), Msg::schemaDrift);
  EXPECT_EQ(thrown([&] { lane.feed({b.tableMap(5, "t", "d", "\x08\x0f", std::string("\x14\x00", 2))}); }).msg(),
            Msg::schemaDrift);
  lane.feed({b.tableMap(7, "unplanned")});
  EXPECT_EQ(thrown([&] { lane.feed({b.write(7, 1, "a")}); }).msg(), Msg::schemaDrift);
}

}  // namespace
}  // namespace drs::mysql
