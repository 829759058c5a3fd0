#include "base/error.h"
#include "engine/mysql/position.h"
#include "engine/mysql/server_log.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

constexpr const char* kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string a(const std::string& rest) {
  return kA + rest;
}
LogPosition byFile(const std::string& file, std::uint64_t offset) {
  return {false, "", file, offset};
}
LogPosition byGtid(const std::string& set) {
  return {false, set, "bin.000001", 4};
}
LogPosition maria(const std::string& gtids) {
  return {true, gtids, "bin.000001", 4};
}

TEST(LogPosition, holdPreparedXaTransactions) {
  LogPosition position = byFile("bin.000001", 4);
  position.preparedXa = {"X'71',X'',1", "'a;offset=5',\x01"};
  const Position text = toPosition(position);
  EXPECT_TRUE(text.text.starts_with("mysql;gtid=;file=bin.000001;offset=4;xa=")) << text.text;
  EXPECT_EQ(fromPosition(text).preparedXa, position.preparedXa);
  EXPECT_EQ(fromPosition(text).offset, 4U);
  position.heldXa = {{"X'72',X'',1", "bin.000001:345"}, {"X'73',X'',1", a(":7")}};
  EXPECT_EQ(fromPosition(toPosition(position)).heldXa, position.heldXa);
  EXPECT_EQ(fromPosition(toPosition(position)).preparedXa, position.preparedXa);
  EXPECT_TRUE(reached(fromPosition(text), byFile("bin.000001", 4)));
  for (const char* bad :
       {";xa=", ";xa=7", ";xa=7g", ";xa=71,", ";xa=71;xa=72", ";xa=71@", ";xa=@71", ";xa=71@7", ";xa=71@71@71"})
    EXPECT_THROW((void)fromPosition({"mysql;gtid=;file=bin.000001;offset=4" + std::string(bad)}), Error) << bad;
}

TEST(LogPosition, surviveTheWayToTextAndBack) {
  for (const LogPosition& position :
       {LogPosition{false, a(":1-5,") + "4d22fa47-71ca-11e1-9e33-c80aa9429562:1", "bin.000009", 5000000000},
        LogPosition{true, "0-1-2,5-6-7", "my;odd=name.000001", 4}, LogPosition{}}) {
    const LogPosition back = fromPosition(toPosition(position));
    EXPECT_EQ(back.mariadb, position.mariadb);
    EXPECT_EQ(back.gtid, position.gtid);
    EXPECT_EQ(back.file, position.file);
    EXPECT_EQ(back.offset, position.offset);
  }
  EXPECT_EQ(toPosition(byFile("bin.000001", 4)).text, "mysql;gtid=;file=bin.000001;offset=4");
}

TEST(LogPosition, knowTheServerThatTheirFileBelongsTo) {
  LogPosition one = byFile("bin.000001", 4);
  one.server = kA;
  one.heldXa = {{"X'72',X'',1", "bin.000001:345"}};
  EXPECT_TRUE(toPosition(one).text.starts_with("mysql;gtid=;file=bin.000001;offset=4;server=" + a(";xa=")));
  EXPECT_EQ(fromPosition(toPosition(one)).server, kA);
  EXPECT_EQ(fromPosition(toPosition(one)).heldXa, one.heldXa);
  EXPECT_TRUE(reached(one, byFile("bin.000001", 4)));  // of an older version: not known
  LogPosition other = byFile("bin.000001", 4);
  other.server = "another";
  try {
    (void)reached(one, other);
    FAIL() << "files of two servers were compared";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::sourceChanged);
  }
  one.gtid = other.gtid = a(":1");
  EXPECT_TRUE(reached(one, other));
}

TEST(LogPosition, otherTextIsRefused) {
  for (const char* text :
       {"", "mysql", "oracle;gtid=;file=;offset=1", "mysql;gtid=;file=b.000001;offset=", "mysql;gtid=;file=b.000001",
        "mysql;file=b.1;gtid=;offset=1", "mysql;gtid=;file=b.000001;offset=1x"}) {
    EXPECT_THROW((void)fromPosition({text}), Error) << text;
  }
}

TEST(LogPosition, filesAreOrderedByTheirNumber) {
  EXPECT_TRUE(reached(byFile("bin.000002", 4), byFile("bin.000001", 5000)));
  EXPECT_TRUE(reached(byFile("bin.1000000", 4), byFile("bin.999999", 4)));
  EXPECT_TRUE(reached(byFile("bin.000001", 100), byFile("bin.000001", 100)));
  EXPECT_FALSE(reached(byFile("bin.000001", 99), byFile("bin.000001", 100)));
  EXPECT_TRUE(reached(byFile("bin.000001", 5000000001), byFile("bin.000001", 5000000000)));
}

TEST(LogPosition, setsDecideWhereBothHaveThem) {
  EXPECT_TRUE(reached(byGtid(a(":1-9")), byGtid(a(":1-5"))));
  EXPECT_FALSE(reached(byGtid(a(":1-4:6-9")), byGtid(a(":1-5"))));
  EXPECT_TRUE(reached(maria("0-1-9"), maria("0-2-9")));
  EXPECT_FALSE(reached(maria("0-1-9"), maria("0-1-9,1-1-1")));
  // One of them without a set: by file.
  LogPosition both = byGtid(a(":1-5"));
  both.file = "bin.000003";
  EXPECT_TRUE(reached(both, byFile("bin.000002", 7)));
  EXPECT_FALSE(reached(both, byFile("bin.000004", 7)));
}

TEST(LogPosition, isNotReachedWhereTheTwoCannotBeCompared) {
  const LogPosition setAlone{false, a(":1-5"), "", 0};
  EXPECT_FALSE(reached(byFile("bin.000009", 900), setAlone));
  EXPECT_FALSE(reached(LogPosition{}, setAlone));
  EXPECT_FALSE(reached(LogPosition{}, byFile("bin.000001", 4)));
  EXPECT_FALSE(reached(setAlone, byFile("bin.000001", 4)));
  // Nothing at all is behind everything.
  EXPECT_TRUE(reached(LogPosition{}, LogPosition{}));
  EXPECT_TRUE(reached(setAlone, LogPosition{}));
  EXPECT_TRUE(reached(byFile("bin.000001", 4), LogPosition{}));
}

TEST(LogPosition, aLaneByFilePassesAndCoversAPositionWithSetAndFile) {
  const LogPosition chunk{false, a(":1-5"), "bin.000002", 700};
  EXPECT_FALSE(reached(byFile("bin.000002", 699), chunk));
  EXPECT_TRUE(reached(byFile("bin.000002", 700), chunk));
  EXPECT_TRUE(reached(byFile("bin.000003", 4), chunk));
  EXPECT_TRUE(covers(chunk, "bin.000002:600"));
  EXPECT_FALSE(covers(chunk, "bin.000002:700"));
}

TEST(LogPosition, beyondFourGibibytesMariadbIsNotAskedForItsGtids) {
  EXPECT_NO_THROW(requireGtidsTellable({true, "", "bin.000001", 4294967295}));
  try {
    requireGtidsTellable({true, "", "bin.000001", 4294967296});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.action(), Action::retry);
    EXPECT_NE(error.text().find("bin.000001"), std::string::npos) << error.text();
    EXPECT_NE(error.remedy().find("FLUSH BINARY LOGS"), std::string::npos) << error.remedy();
  }
}

TEST(LogPosition, knowsWhatItContains) {
  EXPECT_TRUE(covers(byGtid(a(":1-5")), a(":5")));
  EXPECT_FALSE(covers(byGtid(a(":1-5")), a(":6")));
  EXPECT_TRUE(covers(byGtid(a(":1-5:tag:1")), a(":tag:1")));
  EXPECT_TRUE(covers(maria("0-1-9"), "0-2-9"));
  EXPECT_FALSE(covers(maria("0-1-9"), "0-1-10"));
  // An id by file is where the transaction starts.
  EXPECT_FALSE(covers(byFile("bin.000001", 100), "bin.000001:100"));
  EXPECT_TRUE(covers(byFile("bin.000001", 101), "bin.000001:100"));
  EXPECT_TRUE(covers(byFile("bin.000002", 4), "bin.000001:100"));
  EXPECT_THROW((void)covers(byFile("bin.000001", 4), "nonsense"), Error);
}

}  // namespace
}  // namespace drs::mysql
