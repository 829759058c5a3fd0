#include "wire/mysql/values.h"

#include "base/error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace drs::mysql {
namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out += static_cast<char>(b);
  return out;
}

std::string decimal(const std::string& raw, unsigned precision, unsigned scale) {
  std::string out;
  appendDecimal(out, raw, precision, scale);
  return out;
}

std::string time2(const std::string& raw, unsigned fraction) {
  ByteReader in(raw);
  std::string out;
  appendTime(out, readTime2(in, fraction), fraction);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.left(), 0U);
  return out;
}

// The example of the servers' sources: 1234567890.1234 as DECIMAL(14,4).
TEST(Decimal, followsTheDocumentedExample) {
  EXPECT_EQ(decimal(bytes({0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2}), 14, 4), "1234567890.1234");
  EXPECT_EQ(decimal(bytes({0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d}), 14, 4), "-1234567890.1234");
}

TEST(Decimal, keepsScaleAndDropsTheSignOfZero) {
  EXPECT_EQ(decimal(bytes({0x80, 0x00}), 4, 2), "0.00");
  EXPECT_EQ(decimal(bytes({0x7f, 0xff}), 4, 2), "0.00");
  EXPECT_EQ(decimal(bytes({0x80, 0x05}), 4, 2), "0.05");
  EXPECT_EQ(decimal(bytes({0x87}), 1, 0), "7");
}

/// 65 nines within JSON, as MySQL 9.7 logs them: with 66 digits.
TEST(Decimal, takesTheLeadingZerosOfJson) {
  const std::string group = bytes({0x3b, 0x9a, 0xc9, 0xff});
  const std::string raw =
      bytes({0x85, 0xf5, 0xe0, 0xff}) + group + group + group + group + group + group + bytes({0x03, 0xe7});
  EXPECT_EQ(decimal(raw, 66, 30), std::string(35, '9') + "." + std::string(30, '9'));
}

TEST(Decimal, refusesImpossibleBytes) {
  EXPECT_THROW(decimal(bytes({0xe4, 0x00}), 4, 2), Error);  // a group of 100
  EXPECT_THROW(decimal("", 4, 2), Error);
  EXPECT_THROW(decimal(bytes({0x80, 0, 0}), 4, 2), Error);
  EXPECT_THROW(decimal("", 0, 0), Error);
  EXPECT_THROW(decimal(std::string(30, '\x80'), 66, 0), Error);
}

// TIME(n) of the form of MySQL 5.6.4: the whole number is shifted to the middle, so negative values borrow.
TEST(Time, handlesNegativeFractions) {
  EXPECT_EQ(time2(bytes({0x80, 0x00, 0x00}), 0), "00:00:00");
  EXPECT_EQ(time2(bytes({0x7f, 0xff, 0xff}), 0), "-00:00:01");
  EXPECT_EQ(time2(bytes({0x7f, 0xff, 0xff, 0xff}), 2), "-00:00:00.01");
  EXPECT_EQ(time2(bytes({0x7f, 0xff, 0xfe, 0xf6}), 1), "-00:00:01.1");
  EXPECT_EQ(time2(bytes({0x7f, 0xff, 0xfe, 0xec, 0x78}), 3), "-00:00:01.500");
  EXPECT_EQ(time2(bytes({0x7f, 0xff, 0xff, 0xff, 0xff, 0xff}), 6), "-00:00:00.000001");
  EXPECT_EQ(time2(bytes({0x80, 0x10, 0x83, 0x00, 0x00, 0x01}), 6), "01:02:03.000001");
}

TEST(DateTime, printsZeroAndPartialDates) {
  std::string out;
  appendDateTime(out, {}, 3);
  EXPECT_EQ(out, "0000-00-00 00:00:00.000");
  out.clear();
  const std::string raw = bytes({0x00, 0xd1, 0x0f});
  ByteReader in(raw);
  appendDate(out, readDate(in));
  EXPECT_EQ(out, "2024-08-00");
}

TEST(DateTime, readsTheOldForms) {
  std::string out;
  const std::string date = bytes({0x5e, 0xc5, 0xaa, 0x8b, 0x68, 0x12, 0, 0});  // 20240229123422 little-endian
  ByteReader in(date);
  appendDateTime(out, readDateTime(in), 0);
  EXPECT_EQ(out, "2024-02-29 12:34:22");
  out.clear();
  const std::string time = bytes({0x91, 0x5a, 0xff});  // −42351
  ByteReader timeIn(time);
  appendTime(out, readTime(timeIn), 0);
  EXPECT_EQ(out, "-04:23:51");
}

TEST(Timestamp, isUtcAndUnsigned) {
  const auto print = [](const std::string& raw, unsigned fraction) {
    ByteReader in(raw);
    std::string out;
    appendDateTime(out, readTimestamp2(in, fraction), fraction);
    return out;
  };
  EXPECT_EQ(print(bytes({0, 0, 0, 0}), 0), "0000-00-00 00:00:00");
  EXPECT_EQ(print(bytes({0, 0, 0, 1}), 0), "1970-01-01 00:00:01");
  EXPECT_EQ(print(bytes({0x7f, 0xff, 0xff, 0xff, 0x27, 0x0f}), 4), "2038-01-19 03:14:07.9999");
  EXPECT_EQ(print(bytes({0xff, 0xff, 0xff, 0xff}), 0), "2106-02-07 06:28:15");
}

TEST(Packed, readsTemporalValuesInsideOfJson) {
  std::string out;
  appendTime(out, unpackTime(-((((100LL << 12) | (1 << 6) | 2) << 24) | 500000)), 6);
  EXPECT_EQ(out, "-100:01:02.500000");
  out.clear();
  const std::int64_t days = (2024 * 13 + 2) << 5 | 29;
  appendDateTime(out, unpackDateTime(((days << 17 | (1 << 12 | 2 << 6 | 3)) << 24) | 4), 6);
  EXPECT_EQ(out, "2024-02-29 01:02:03.000004");
  EXPECT_TRUE(unpackTime(std::numeric_limits<std::int64_t>::min()).negative);  // must not overflow
}

TEST(Uuid, isPutIntoTheOrderInWhichItIsWritten) {
  const auto written = [](const std::string& stored) {
    std::string out;
    appendUuid(out, stored);
    std::string hex;
    for (const char c : out) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
  };
  const auto bytes = [](const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
  };
  // Version 1: node, clock, version and time, low part last.
  EXPECT_EQ(written(bytes("426614174000a45612d3e89b123e4567")), "123e4567e89b12d3a456426614174000");
  EXPECT_EQ(written(bytes("018f4567e89b72d3a456426614174000")), "018f4567e89b72d3a456426614174000");  // version 7
  EXPECT_EQ(written(bytes("123e4567e89b12d32456426614174000")), "123e4567e89b12d32456426614174000");  // no variant
  EXPECT_EQ(written(std::string(16, '\0')), std::string(32, '0'));
  EXPECT_EQ(written(std::string(16, '\xff')), std::string(32, 'f'));
}

}  // namespace
}  // namespace drs::mysql
