#include "wire/mysql/json_binary.h"

#include "base/error.h"
#include "wire/mysql/json_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

namespace drs::mysql {
namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out += static_cast<char>(b);
  return out;
}

std::string little(std::uint64_t value, unsigned width) {
  std::string out;
  for (unsigned i = 0; i < width; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
  return out;
}

std::string text(const std::string& binary) {
  std::string out;
  appendJson(out, binary);
  return out;
}

/// A small array with one value that is not inlined.
std::string arrayOf(int type, const std::string& value) {
  return bytes({2}) + little(1, 2) + little(7 + value.size(), 2) + bytes({type}) + little(7, 2) + value;
}

std::string real(double value) {
  return bytes({11}) + little(std::bit_cast<std::uint64_t>(value), 8);
}

std::string string(std::string_view value) {
  return bytes({12, static_cast<int>(value.size())}) + std::string(value);
}

TEST(JsonBinary, printsScalars) {
  EXPECT_EQ(text(""), "null");
  EXPECT_EQ(text(bytes({4, 0})), "null");
  EXPECT_EQ(text(bytes({4, 1})), "true");
  EXPECT_EQ(text(bytes({4, 2})), "false");
  EXPECT_EQ(text(bytes({5, 0xff, 0xff})), "-1");
  EXPECT_EQ(text(bytes({6, 0xff, 0xff})), "65535");
  EXPECT_EQ(text(bytes({7}) + little(0x80000000, 4)), "-2147483648");
  EXPECT_EQ(text(bytes({8}) + little(0xffffffff, 4)), "4294967295");
  EXPECT_EQ(text(bytes({9}) + little(1ULL << 63, 8)), "-9223372036854775808");
  EXPECT_EQ(text(bytes({10}) + little(~0ULL, 8)), "18446744073709551615");
}

TEST(JsonBinary, keepsDoublesDoubles) {
  EXPECT_EQ(text(real(1)), "1.0");
  EXPECT_EQ(text(real(-0.0)), "-0.0");
  EXPECT_EQ(text(real(0.1)), "0.1");
  EXPECT_EQ(text(real(1e22)), "1e22");
  EXPECT_EQ(text(real(5e-324)), "5e-324");
  EXPECT_EQ(text(real(1e14)), "100000000000000.0");
  EXPECT_EQ(text(real(1e15)), "1e15");
  EXPECT_EQ(text(real(999999999999999.5)), "999999999999999.5");
  EXPECT_EQ(text(real(1234567890123456.5)), "1234567890123456.5");
  EXPECT_EQ(text(real(1234567890123456.0)), "1.234567890123456e15");
  EXPECT_EQ(text(real(-1e-15)), "-0.000000000000001");
  EXPECT_EQ(text(real(1.5e-16)), "1.5e-16");
  EXPECT_EQ(text(real(1.7976931348623157e308)), "1.7976931348623157e308");
  EXPECT_THROW(text(real(std::bit_cast<double>(0x7ff0000000000000))), Error);
}

TEST(JsonBinary, escapesAsTheServerDoes) {
  EXPECT_EQ(text(string("a\"b\\c/\b\f\n\r\t\x01\x1f\x7fä")), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7fä\"");
  EXPECT_EQ(text(string("")), "\"\"");
  // Lengths above 127 take more bytes, seven bits each.
  EXPECT_EQ(text(bytes({12, 0xc8, 0x01}) + std::string(200, 'x')), "\"" + std::string(200, 'x') + "\"");
}

TEST(JsonBinary, readsSmallContainers) {
  EXPECT_EQ(text(bytes({2, 0, 0, 4, 0})), "[]");
  EXPECT_EQ(text(bytes({0, 0, 0, 4, 0})), "{}");
  EXPECT_EQ(text(bytes({2, 2, 0, 10, 0, 5, 0xfe, 0xff, 4, 1, 0})), "[-2, true]");
  // {"a": 1, "b": "x"}: two keys, then inlined 1 and a string at offset 20.
  EXPECT_EQ(text(bytes({0, 2, 0, 22, 0, 18, 0, 1, 0, 19, 0, 1, 0, 5, 1, 0, 12, 20, 0, 'a', 'b', 1, 'x'})),
            "{\"a\": 1, \"b\": \"x\"}");
}

TEST(JsonBinary, readsLargeContainers) {
  // In a large container 32-bit integers are inlined too.
  EXPECT_EQ(text(bytes({3}) + little(2, 4) + little(18, 4) + bytes({7}) + little(70000, 4) + bytes({5}) + little(3, 4)),
            "[70000, 3]");
  EXPECT_EQ(
      text(bytes({1}) + little(1, 4) + little(20, 4) + little(19, 4) + little(1, 2) + bytes({8}) + little(9, 4) + "k"),
      "{\"k\": 9}");
}

TEST(JsonBinary, printsOpaqueValues) {
  const std::string decimal = bytes({246, 4, 4, 2, 0x8c, 0x22});  // DECIMAL(4,2) 12.34
  EXPECT_EQ(text(bytes({15}) + decimal), "12.34");
  EXPECT_EQ(text(arrayOf(15, decimal)), "[12.34]");
  const std::uint64_t days = (2024ULL * 13 + 2) << 5 | 29;
  const std::uint64_t clock = 1 << 12 | 2 << 6 | 3;
  EXPECT_EQ(text(bytes({15, 12, 8}) + little((days << 17 | clock) << 24 | 4, 8)), "\"2024-02-29 01:02:03.000004\"");
  EXPECT_EQ(text(bytes({15, 10, 8}) + little((days << 17) << 24, 8)), "\"2024-02-29\"");
  EXPECT_EQ(text(bytes({15, 11, 8}) + little(0 - (clock << 24), 8)), "\"-01:02:03.000000\"");
  EXPECT_EQ(text(bytes({15, 252, 4, 0, 1, 2, 255})), "\"base64:type252:AAEC/w==\"");
}

/// MySQL reads numbers of a text as 64-bit integers or doubles; only DECIMALs can come out changed.
TEST(JsonText, findsTheNumberThatAServerWouldChange) {
  for (const char* kept : {"1",
                           "-1",
                           "0.0",
                           "-0.0",
                           "1.0",
                           "10.5",
                           "-2.5",
                           "0.1",
                           "1e20",
                           "1.5e-300",
                           "0.30000000000000004",
                           "18446744073709551615",
                           "-9223372036854775808",
                           "999999999999999.5",
                           "100000000000000.0",
                           "0.000000000000001",
                           "123456789012345.6",
                           "1234567890123456.5",
                           "\"1.10\"",
                           "\"a\\\"1.10\"",
                           "\"\\\\\"",
                           "null",
                           "true",
                           "",
                           "{\"1.10\": [1.5, \"12345678901234567890.12\", 2.25]}"})
    EXPECT_EQ(numberThatChanges(kept), "") << kept;
  struct Case {
    const char *json, *number;
  };
  for (const Case& c : {Case{"1.10", "1.10"},
                        {"[1.5, -1.10]", "-1.10"},
                        {"{\"p\": 12345678901234567890.12}", "12345678901234567890.12"},
                        {"0.00", "0.00"},
                        {"100.00", "100.00"},
                        {"18446744073709551616", "18446744073709551616"},
                        {"-9223372036854775809", "-9223372036854775809"},
                        {"1000000000000000.0", "1000000000000000.0"},
                        {"0.0000000000000001", "0.0000000000000001"},
                        {"0.12345678901234567890", "0.12345678901234567890"},
                        {"{\"a\": \"\\\\\", \"b\": 1.10}", "1.10"}})
    EXPECT_EQ(numberThatChanges(c.json), c.number) << c.json;
}

std::string nested(int levels) {
  std::string value = bytes({2, 0, 0, 4, 0});
  for (int i = 1; i < levels; ++i) value = arrayOf(2, value.substr(1));
  return value;
}

TEST(JsonBinary, boundsTheDepth) {
  EXPECT_EQ(text(nested(100)).size(), 200U);
  EXPECT_THROW(text(nested(101)), Error);
}

/// An array whose entries all point at the next level: the text would double with every level.
TEST(JsonBinary, boundsTheGrowthOfOverlappingValues) {
  std::string value = bytes({2, 0, 0, 4, 0});
  for (int i = 0; i < 60; ++i) {
    const std::string inner = value.substr(1);
    value = bytes({2}) + little(2, 2) + little(10 + inner.size(), 2) + bytes({2}) + little(10, 2) + bytes({2}) +
            little(10, 2) + inner;
  }
  EXPECT_THROW(text(value), Error);
}

TEST(JsonBinary, refusesDamage) {
  const std::string good = bytes({0, 2, 0, 22, 0, 18, 0, 1, 0, 19, 0, 1, 0, 5, 1, 0, 12, 20, 0, 'a', 'b', 1, 'x'});
  for (std::size_t size = 1; size < good.size(); ++size) EXPECT_THROW(text(good.substr(0, size)), Error) << size;
  EXPECT_THROW(text(bytes({4, 3})), Error);      // no such literal
  EXPECT_THROW(text(bytes({14, 0, 0})), Error);  // no such type
  EXPECT_THROW(text(bytes({2, 0xff, 0xff, 8, 0, 0, 0, 0})), Error);
  EXPECT_THROW(text(bytes({12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})), Error);
  EXPECT_THROW(text(bytes({15, 246, 1, 4})), Error);
  EXPECT_THROW(text(bytes({15, 12, 4, 0, 0, 0, 0})), Error);
}

TEST(JsonText, tellsWhereTheNumbersStandThatChange) {
  const auto found =
      numbersThatChange(R"({"a": 1.10, "b": [1, {"x\"y, [": [[], 2.20]}, "3.30"], "": {"1.10": "q", "z": -4.40}})", 10);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].path, R"($."a")");
  EXPECT_EQ(found[0].number, "1.10");
  EXPECT_EQ(found[1].path, R"($."b"[1]."x\"y, ["[1])");
  EXPECT_EQ(found[1].number, "2.20");
  EXPECT_EQ(found[2].path, R"($.""."z")");
  EXPECT_EQ(found[2].number, "-4.40");
  EXPECT_EQ(numbersThatChange("1.10", 10).at(0).path, "$");
  EXPECT_EQ(numbersThatChange("[1.10, 1.10, 1.10]", 2).size(), 2U);
  EXPECT_TRUE(numbersThatChange("]],}1,", 2).empty());
}

}  // namespace
}  // namespace drs::mysql
