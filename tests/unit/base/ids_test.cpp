#include "base/ids.h"

#include <gtest/gtest.h>

#include <regex>

namespace drs {
namespace {

TEST(Ids, HaveTheShapesOfTheApi) {
  EXPECT_TRUE(
      std::regex_match(newUuid(), std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
  EXPECT_TRUE(std::regex_match(newJobId(), std::regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{7}jb[0-9a-f]{3}")));
  EXPECT_EQ(randomHex(16).size(), 32U);
  EXPECT_NE(newUuid(), newUuid());
}

}  // namespace
}  // namespace drs
