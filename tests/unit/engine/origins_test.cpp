#include "engine/mysql/origins.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

TEST(Origins, areWholeIdentities) {
  EXPECT_TRUE(hasOrigin("aa,bb", "aa"));
  EXPECT_TRUE(hasOrigin("aa,bb", "bb"));
  EXPECT_FALSE(hasOrigin("aa,bb", "b"));
  EXPECT_FALSE(hasOrigin("", ""));
}

TEST(Origins, areJoinedWithoutRepetition) {
  EXPECT_EQ(joinOrigins("", "aa"), "aa");
  EXPECT_EQ(joinOrigins("aa,bb", "bb,cc"), "aa,bb,cc");
  EXPECT_EQ(joinOrigins("aa", "?"), "aa,?");
  std::string many;
  for (std::size_t i = 0; i < kMostOrigins; ++i) many += (many.empty() ? "" : ",") + std::to_string(i);
  EXPECT_EQ(joinOrigins(many, "3"), many);
  EXPECT_THROW((void)joinOrigins(many, "x"), Error);
}

TEST(Origins, standInFrontOfAStatement) {
  const std::string sql = originTag("aa,?") + "DROP TABLE t";
  EXPECT_EQ(withoutTag(sql).origins, "aa,?");
  EXPECT_EQ(withoutTag(sql).sql, "DROP TABLE t");
  for (const char* other :
       {"DROP TABLE t", "/* drs_ctl from  */ DROP TABLE t", "/* drs_ctl from you */ x", "/* drs_ctl from aa"}) {
    EXPECT_EQ(withoutTag(other).origins, "") << other;
    EXPECT_EQ(withoutTag(other).sql, other);
  }
}

}  // namespace
}  // namespace drs::mysql
