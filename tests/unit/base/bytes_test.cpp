#include "base/bytes.h"

#include <gtest/gtest.h>

namespace drs {
namespace {

using namespace std::string_view_literals;

TEST(ByteReader, ReadsLittleAndBigEndian) {
  ByteReader in("\x01\x02\x03\x04\x05\x06\x07"sv);
  EXPECT_EQ(in.u8(), 0x01U);
  EXPECT_EQ(in.u16(), 0x0302U);
  EXPECT_EQ(in.big(2), 0x0405U);
  EXPECT_EQ(in.slice(2), "\x06\x07"sv);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.left(), 0U);
}

TEST(ByteReader, OverrunIsRememberedAndYieldsZeros) {
  ByteReader in("\xff\xff"sv);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0U);
  EXPECT_EQ(in.rest(), "");
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace drs
