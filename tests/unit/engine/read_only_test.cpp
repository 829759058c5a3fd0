#include "engine/mysql/read_only.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

JobSpec spec(const char* jobType, const char* direction, std::optional<bool> asked = {}) {
  JobSpec out;
  out.baseInfo.jobType = jobType;
  out.baseInfo.jobDirection = direction;
  out.targetEndpoint.emplace_back();
  if (asked) out.targetEndpoint.front().config.emplace().isTargetReadonly = asked;
  return out;
}

TEST(ReadOnly, IsAskedForByMigrationAndDisasterRecoveryIntoThisSide) {
  EXPECT_TRUE(asksForReadOnly(spec("migration", "up")));
  EXPECT_TRUE(asksForReadOnly(spec("cloudDataGuard", "up")));
  EXPECT_TRUE(asksForReadOnly(spec("cloudDataGuard", "down")));  // the standby, wherever it is
  JobSpec dual = spec("cloudDataGuard", "up");
  dual.baseInfo.multiWrite = true;
  EXPECT_FALSE(asksForReadOnly(dual));
  EXPECT_TRUE(asksForReadOnly(spec("migration", "up", true)));
  EXPECT_FALSE(asksForReadOnly(spec("migration", "up", false)));
  for (const auto& [type, direction] : {std::pair{"sync", "up"}, {"migration", "down"}, {"migration", "non-dbs"}}) {
    EXPECT_FALSE(asksForReadOnly(spec(type, direction)));
    EXPECT_FALSE(asksForReadOnly(spec(type, direction, true)));
    EXPECT_FALSE(asksInVain(spec(type, direction)));
    EXPECT_TRUE(asksInVain(spec(type, direction, true)));
  }
  EXPECT_FALSE(asksInVain(spec("migration", "up", true)));
}

TEST(ReadOnly, KnowsTheWordsOfEveryServer) {
  for (const char* word : {"", "0", "OFF"}) EXPECT_TRUE(isWritable(word)) << word;
  for (const char* word : {"1", "ON", "NO_LOCK", "NO_LOCK_NO_ADMIN"}) EXPECT_FALSE(isWritable(word)) << word;
}

struct Case {
  const char* rights;
  bool mariadb;
  int version;
  bool set, write;
};

TEST(ReadOnly, NeedsTheRightsOfTheFlavourAndVersion) {
  const Case cases[] = {
      {"ALL PRIVILEGES", false, 50744, true, true},
      {"SUPER", false, 50744, true, true},
      {"CONNECTION_ADMIN", false, 50744, false, false},
      {"SUPER", false, 90704, true, true},
      {"CONNECTION_ADMIN", false, 80040, false, true},
      {"SYSTEM_VARIABLES_ADMIN", false, 90704, true, false},
      {"READ_ONLY ADMIN", false, 90704, false, false},
      {"SUPER", true, 100424, true, true},
      {"SUPER", true, 100521, true, true},
      {"READ_ONLY ADMIN", true, 100521, true, true},
      {"SUPER", true, 101106, false, false},
      {"READ ONLY ADMIN", true, 110802, true, true},
      {"CONNECTION ADMIN", true, 101106, false, false},
  };
  for (const Case& one : cases) {
    Grants grants;
    grants.addLine(std::string("GRANT ") + one.rights + " ON *.* TO `drs`@`%`");
    const ReadOnlyRights rights = readOnlyRights(grants, {one.mariadb, one.version, ""});
    EXPECT_EQ(rights.set, one.set) << one.rights << " " << one.version;
    EXPECT_EQ(rights.write, one.write) << one.rights << " " << one.version;
  }
}

}  // namespace
}  // namespace drs::mysql
