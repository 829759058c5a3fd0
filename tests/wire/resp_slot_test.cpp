#include "wire/resp/glob.h"
#include "wire/resp/slot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace drs::resp {
namespace {

TEST(RespSlot, IsTheOneOfTheClusterSpecification) {
  EXPECT_EQ(crc16("123456789"), 0x31c3);
  EXPECT_EQ(slotOf("foo"), 12182);
  EXPECT_EQ(slotOf("bar"), 5061);
  EXPECT_EQ(slotOf(""), 0);
  EXPECT_EQ(slotOf("{user1000}.following"), slotOf("user1000"));
  EXPECT_EQ(hashedPart("foo{}{bar}"), "foo{}{bar}");
  EXPECT_EQ(hashedPart("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(hashedPart("foo{bar}{zap}"), "bar");
  EXPECT_EQ(hashedPart("foo{bar"), "foo{bar");
  EXPECT_EQ(hashedPart("foo}{bar}"), "bar");
}

TEST(RespSlot, EverySlotHasAShortTagThatNeverChanges) {
  for (std::uint16_t slot = 0; slot < kSlots; ++slot) {
    const std::string_view tag = tagOf(slot);
    ASSERT_FALSE(tag.empty());
    ASSERT_LE(tag.size(), 4U);
    ASSERT_EQ(slotOf("__drs:{" + std::string(tag) + "}:job"), slot);
  }
  // Keys of running tasks are named with them.
  EXPECT_EQ(tagOf(0), "1bz");
  EXPECT_EQ(tagOf(5061), "bar");
  EXPECT_EQ(tagOf(16383), "hia");
}

TEST(RespGlob, MatchesAsServersDo) {
  EXPECT_TRUE(globMatch("*", ""));
  EXPECT_TRUE(globMatch("", ""));
  EXPECT_FALSE(globMatch("", "a"));
  EXPECT_TRUE(globMatch("h?llo", "hallo"));
  EXPECT_FALSE(globMatch("h?llo", "hllo"));
  EXPECT_TRUE(globMatch("h*llo", "heeeello"));
  EXPECT_TRUE(globMatch("h[ae]llo", "hello"));
  EXPECT_FALSE(globMatch("h[ae]llo", "hillo"));
  EXPECT_TRUE(globMatch("h[^e]llo", "hallo"));
  EXPECT_FALSE(globMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(globMatch("h[b-a]llo", "hallo")) << "the ends of a range in any order";
  EXPECT_TRUE(globMatch("a\\*b", "a*b"));
  EXPECT_FALSE(globMatch("a\\*b", "axb"));
  EXPECT_TRUE(globMatch("a\\", "a\\"));
  EXPECT_TRUE(globMatch("[\\]]", "]"));
  EXPECT_TRUE(globMatch("a[bc", "ab")) << "a class without its end";
  EXPECT_FALSE(globMatch("a[]b]", "ab"));
  EXPECT_TRUE(globMatch("*a*b*", "xxaxxbxx"));
  EXPECT_TRUE(globMatch("a**", "a"));
  EXPECT_TRUE(globMatch("*aab", "aaaab"));
  EXPECT_FALSE(globMatch("*aab", "aaaabx"));
}

TEST(RespGlob, TakesBoundedTime) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "a*";
  pattern += "b";
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(globMatch(pattern, std::string(20'000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace drs::resp
