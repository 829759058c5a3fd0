#include "engine/engine.h"
#include "engine/mysql/server_log.h"
#include "engine/mysql/start_position.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

constexpr const char* kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string refusedMember(const std::string& file, const std::string& gtids) {
  try {
    (void)parseStart(file, gtids);
  } catch (const Error& error) {
    return error.msg() == Msg::valueNotAllowed ? error.args().at(0) : "another error";
  }
  return "";
}

TEST(StartPosition, ReadsFileAndPosition) {
  EXPECT_EQ(parseStart("mysql-bin.000277:805", "").text, "mysql;gtid=;file=mysql-bin.000277;offset=805");
  EXPECT_EQ(parseStart("a.b.001:18446744073709551615", "").text,
            "mysql;gtid=;file=a.b.001;offset=18446744073709551615");
}

TEST(StartPosition, MakesGtidsCanonicalAndTellsTheFlavour) {
  EXPECT_EQ(parseStart("", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-3:4-5").text,
            std::string("mysql;gtid=") + kUuid + ":1-5;file=;offset=0");
  EXPECT_EQ(parseStart("", "1-2-5,0-1-100").text, "mariadb;gtid=0-1-100,1-2-5;file=;offset=0");
}

TEST(StartPosition, RefusesByMember) {
  for (const char* text :
       {"mysql-bin:805", "mysql-bin.27:805", "mysql-bin.000277", ".000277:805", "mysql-bin.000277:3",
        "mysql-bin.000277:18446744073709551616", "mysql bin.000277:805", "mysql-bin.000277:8x5", "../x.001;:4"})
    EXPECT_EQ(refusedMember(text, ""), "file_and_position") << text;
  EXPECT_EQ(refusedMember(std::string(61, 'n') + ".001:4", ""), "file_and_position");
  EXPECT_EQ(refusedMember("", ""), "file_and_position");
  for (const char* text : {"no set", "uuid:1-5", "0-1"}) EXPECT_EQ(refusedMember("", text), "gtid_set") << text;
  EXPECT_EQ(refusedMember("", std::string(2049, '1')), "gtid_set");
}

TEST(StartPosition, BelongsToItsEngine) {
  EXPECT_THROW((void)parseStartPosition("redis-to-gaussredis", "mysql-bin.000277:805", ""), Error);
  EXPECT_NO_THROW((void)parseStartPosition("mysql-to-mysql", "mysql-bin.000277:805", ""));
}

TEST(OwnedGtids, LoseTheirOwners) {
  EXPECT_EQ(withoutOwners(""), "");
  EXPECT_EQ(withoutOwners("3e11:23#4"), "3e11:23");
  EXPECT_EQ(withoutOwners("3e11:23#4:24#5,\n4f22:7#6"), "3e11:23:24,4f22:7");
}

TEST(Registry, HasTheRoutesThatLanded) {
  const Registry registry;
  EXPECT_NE(registry.find("mysql-to-mysql"), nullptr);
  EXPECT_EQ(registry.find("oracle-to-gaussdbv5"), nullptr);
  EXPECT_NE(registry.find("redis-to-gaussredis"), nullptr);
  EXPECT_NE(registry.find("rediscluster-to-gaussredis"), nullptr);
  ASSERT_EQ(registry.links().size(), 5U);
  for (const Link& link : registry.links()) EXPECT_NE(registry.find(link.engineType), nullptr);
}

}  // namespace
}  // namespace drs::mysql
