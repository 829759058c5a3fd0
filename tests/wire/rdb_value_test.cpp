#include "base/error.h"
#include "wire/rdb/lzf.h"
#include "wire/rdb_bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drs::rdb {
namespace {

using namespace bytes;

/// The message of the Error that decoding ends with.
std::string refused(std::uint8_t type, std::string_view raw, Dialect dialect = Dialect::redis) {
  try {
    return "nothing: " + decoded(type, raw, dialect);
  } catch (const Error& error) {
    return error.args().back();
  }
}

TEST(RdbValue, stringsHaveFiveForms) {
  EXPECT_EQ(decoded(kString, string("text")), "string text\n");
  EXPECT_EQ(decoded(kString, string("")), "string \n");
  EXPECT_EQ(decoded(kString, int8(-128)), "string -128\n");
  EXPECT_EQ(decoded(kString, int16(-32768)), "string -32768\n");
  EXPECT_EQ(decoded(kString, int32(2147483647)), "string 2147483647\n");
  EXPECT_EQ(decoded(kString, lzfRun('x', 200)), "string " + std::string(200, 'x') + "\n");
  EXPECT_EQ(decoded(kString, byte(0x81) + big(3, 8) + "abc"), "string abc\n");
  EXPECT_EQ(refused(kString, byte(0xc4) + "abc"), "a string has an unknown form");
  EXPECT_EQ(refused(kString, byte(0x82) + "abc"), "a length has an unknown form");
  EXPECT_EQ(refused(kString, length(4) + "abc"), "a value is cut off");
  EXPECT_EQ(refused(kString, ""), "a value is cut off");
  EXPECT_EQ(refused(kString, string("abc") + "d"), "bytes follow the end of a value");
  EXPECT_EQ(refused(kString, byte(0x81) + big(~std::uint64_t{0}, 8) + "abc"), "a value is cut off");
}

TEST(RdbValue, lzfStaysWithinItsBounds) {
  std::string out;
  EXPECT_TRUE(unpackLzf(byte(2) + "abc" + byte(1U << 5U) + byte(2), 6, out));  // 3 more from 3 back
  EXPECT_EQ(out, "abcabc");
  EXPECT_TRUE(unpackLzf("", 0, out));
  EXPECT_FALSE(unpackLzf(byte(2) + "ab", 3, out));                              // literals cut off
  EXPECT_FALSE(unpackLzf(byte(2) + "abc", 2, out));                             // more than it says
  EXPECT_FALSE(unpackLzf(byte(2) + "abc", 4, out));                             // less
  EXPECT_FALSE(unpackLzf(byte(2) + "abc" + byte(1U << 5U) + byte(3), 6, out));  // from before the beginning
  EXPECT_FALSE(unpackLzf(byte(2) + "abc" + byte(1U << 5U), 6, out));            // no distance
  EXPECT_FALSE(unpackLzf(byte(2) + "abc" + byte(7U << 5U), 6, out));            // no length
  EXPECT_FALSE(unpackLzf(byte(0) + "a" + byte(7U << 5U) + byte(9) + byte(0), 5, out));
  EXPECT_FALSE(unpackLzf(byte(0) + "a", std::uint64_t{1} << 40U, out));  // no memory for what cannot be
  EXPECT_EQ(refused(kString, byte(0xc3) + length(2) + length(100) + byte(0) + "a"),
            "a compressed string cannot be unpacked");
}

TEST(RdbValue, plainCollections) {
  EXPECT_EQ(decoded(kList, length(3) + string("b") + int8(5) + string("a")), "item b\nitem 5\nitem a\n");
  EXPECT_EQ(decoded(kSet, length(2) + string("b") + lzfRun('y', 12)), "member b\nmember yyyyyyyyyyyy\n");
  EXPECT_EQ(decoded(kHash, length(2) + lzfRun('f', 10) + lzfRun('v', 11) + int8(1) + int16(-2)),
            "field ffffffffff=vvvvvvvvvvv\nfield 1=-2\n");
  EXPECT_EQ(decoded(kList, length(0)), "");
  EXPECT_EQ(refused(kHash, length(1) + string("f")), "a value is cut off");
  EXPECT_EQ(refused(kList, byte(0x81) + big(~std::uint64_t{0}, 8) + string("a")), "a value is cut off");
}

TEST(RdbValue, scores) {
  EXPECT_EQ(
      decoded(kZset, length(5) + string("a") + byte(3) + "1.5" + string("b") + byte(254) + string("c") + byte(255) +
                         string("d") + byte(2) + "-0" + string("e") + byte(23) + "4.9406564584124654e-324"),
      "score a 1.5\nscore b inf\nscore c -inf\nscore d -0\nscore e 5e-324\n");
  EXPECT_EQ(refused(kZset, length(1) + string("a") + byte(253)), "a score is not a number");
  EXPECT_EQ(refused(kZset, length(1) + string("a") + byte(3) + "1.x"), "a score is not a number");
  EXPECT_EQ(refused(kZset, length(1) + string("a") + byte(3) + "nan"), "a score is not a number");
  EXPECT_EQ(refused(kZset, length(1) + string("a") + byte(0)), "a score is not a number");
  const auto binary = [](double score) { return little(std::bit_cast<std::uint64_t>(score), 8); };
  EXPECT_EQ(decoded(kZset2, length(2) + string("a") + binary(-1e-300) + string("b") + binary(1e22)),
            "score a -1e-300\nscore b 1e+22\n");
  EXPECT_EQ(refused(kZset2, length(1) + string("a") + binary(std::nan(""))), "a score is not a number");
  EXPECT_EQ(decoded(kZsetListpack, string(listpack({"a", -7, "b", "0.1", 12, "-inf"}))),
            "score a -7\nscore b 0.1\nscore 12 -inf\n");
  EXPECT_EQ(refused(kZsetListpack, string(listpack({"a", -7, "b"}))),
            "a packed sorted set ends with a member without score");
  EXPECT_EQ(refused(kZsetListpack, string(listpack({"a", "x"}))), "a score is not a number");
}

TEST(RdbValue, scoresAsTextComeBackTheSame) {
  char buffer[kScoreBytes];
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(scoreText(0.1, buffer), "0.1");
  EXPECT_EQ(scoreText(100000, buffer), "100000");
  EXPECT_EQ(scoreText(-3, buffer), "-3");
  EXPECT_EQ(scoreText(-0.0, buffer), "-0");
  EXPECT_EQ(scoreText(infinity, buffer), "inf");
  EXPECT_EQ(scoreText(-infinity, buffer), "-inf");
  EXPECT_EQ(scoreText(std::nan(""), buffer), "nan");
  for (const double score : {1e-7, 1.0 / 3, 9007199254740993.0, 1.7976931348623157e308, -2.2250738585072014e-308,
                             5e-324, 123456789012345678.0})
    EXPECT_EQ(std::strtod(std::string(scoreText(score, buffer)).c_str(), nullptr), score);
}

TEST(RdbValue, listpackHasTenForms) {
  const std::vector<std::int64_t> numbers = {0,
                                             127,
                                             -1,
                                             128,
                                             4095,
                                             -4096,
                                             4096,
                                             -32768,
                                             32767,
                                             8388607,
                                             -8388608,
                                             8388608,
                                             2147483647,
                                             -2147483648LL,
                                             2147483648LL,
                                             std::numeric_limits<std::int64_t>::min(),
                                             std::numeric_limits<std::int64_t>::max()};
  std::vector<Element> elements(numbers.begin(), numbers.end());
  std::string expected;
  for (const std::int64_t number : numbers) expected += fmt::format("member {}\n", number);
  for (const std::size_t size : {0, 1, 63, 64, 120, 127, 128, 4095, 4096, 16381, 16384, 2097152}) {
    elements.emplace_back(std::string(size, 'x'));
    expected += "member " + std::string(size, 'x') + "\n";
  }
  EXPECT_EQ(decoded(kSetListpack, string(listpack(elements))), expected);
}

TEST(RdbValue, listpackThatContradictsItself) {
  const std::string good = listpack({"a", 5});
  const auto with = [&](std::size_t at, unsigned value) {
    std::string bad = good;
    bad[at] = static_cast<char>(value);
    return refused(kSetListpack, string(bad));
  };
  EXPECT_EQ(decoded(kSetListpack, string(good)), "member a\nmember 5\n");
  EXPECT_EQ(with(0, 99), "a listpack has no valid head or end");
  EXPECT_EQ(with(good.size() - 1, 0), "a listpack has no valid head or end");
  EXPECT_EQ(with(4, 3), "a listpack has another number of elements than it says");
  EXPECT_EQ(with(6, 0x90), "a listpack is cut off");
  EXPECT_EQ(with(6, 0xf5), "a listpack has an element of an unknown form");
  EXPECT_EQ(with(6, 0xff), "a listpack does not end where it should");
  EXPECT_EQ(refused(kSetListpack, string("")), "a listpack has no valid head or end");
  EXPECT_EQ(refused(kSetListpack, string("123456")), "a listpack has no valid head or end");
  std::string many = good;  // 65535: the number is not known
  many[4] = many[5] = static_cast<char>(255);
  EXPECT_EQ(decoded(kSetListpack, string(many)), "member a\nmember 5\n");
}

TEST(RdbValue, ziplistHasElevenForms) {
  const std::vector<std::string> entries = {byte(0x02) + "ab",
                                            byte(0x40) + byte(100) + std::string(100, 'm'),
                                            byte(0x80) + big(300, 4) + std::string(300, 'l'),
                                            byte(0xfe) + byte(0x80),
                                            byte(0xc0) + little(0x8000, 2),
                                            byte(0xf0) + little(0x800000, 3),
                                            byte(0xd0) + little(0x80000000, 4),
                                            byte(0xe0) + little(std::uint64_t{1} << 63U, 8),
                                            byte(0xf1),
                                            byte(0xfd)};
  EXPECT_EQ(
      decoded(kListZiplist, string(ziplist(entries, 10))),
      "item ab\nitem " + std::string(100, 'm') + "\nitem " + std::string(300, 'l') +
          "\nitem -128\nitem -32768\nitem -8388608\nitem -2147483648\nitem -9223372036854775808\nitem 0\nitem 12\n");
  EXPECT_EQ(decoded(kZsetZiplist, string(ziplist({byte(1) + "a", byte(0xf2), byte(1) + "b", byte(3) + "1.5"}, 4))),
            "score a 1\nscore b 1.5\n");
  EXPECT_EQ(decoded(kHashZiplist, string(ziplist({byte(0xf2), byte(0xf3)}, 65535))), "field 1=2\n");
  EXPECT_EQ(
      decoded(kListQuicklist, length(2) + string(ziplist({byte(1) + "a"}, 1)) + string(ziplist({byte(1) + "b"}, 1))),
      "item a\nitem b\n");
  EXPECT_EQ(refused(kHashZiplist, string(ziplist({byte(0xf2)}, 1))), "a packed hash ends with a field without value");
  EXPECT_EQ(refused(kListZiplist, string(ziplist({byte(0xff)}, 1))), "a ziplist has an element of an unknown form");
  EXPECT_EQ(refused(kListZiplist, string(ziplist({byte(0x81) + "aaaa"}, 1))),
            "a ziplist has an element of an unknown form");
  EXPECT_EQ(refused(kListZiplist, string(ziplist({byte(0x05) + "ab"}, 1))), "a ziplist is cut off");
  EXPECT_EQ(refused(kListZiplist, string(ziplist({byte(0x01) + "a"}, 2))),
            "a ziplist has another number of elements than it says");
  EXPECT_EQ(refused(kListZiplist, string("abc")), "a ziplist has no valid head or end");
}

TEST(RdbValue, zipmapAndIntset) {
  EXPECT_EQ(decoded(kHashZipmap, string(byte(2) + byte(3) + "foo" + byte(3) + byte(0) + "bar" + byte(0) + byte(254) +
                                        little(300, 4) + byte(2) + std::string(300, 'v') + "??" + byte(255))),
            "field foo=bar\nfield =" + std::string(300, 'v') + "\n");
  EXPECT_EQ(refused(kHashZipmap, string(byte(1) + byte(3) + "foo" + byte(255))),
            "a zipmap ends with a field without value");
  EXPECT_EQ(refused(kHashZipmap, string(byte(1) + byte(9) + "foo" + byte(255))), "a zipmap is cut off");
  EXPECT_EQ(refused(kHashZipmap, string(byte(2) + byte(1) + "f" + byte(1) + byte(0) + "v" + byte(255))),
            "a zipmap has another number of elements than it says");
  EXPECT_EQ(refused(kHashZipmap, string("")), "a zipmap has no valid head or end");
  EXPECT_EQ(decoded(kSetIntset, string(little(2, 4) + little(2, 4) + little(0x8000, 2) + little(7, 2))),
            "member -32768\nmember 7\n");
  EXPECT_EQ(decoded(kSetIntset, string(little(8, 4) + little(1, 4) + little(std::uint64_t{1} << 63U, 8))),
            "member -9223372036854775808\n");
  EXPECT_EQ(refused(kSetIntset, string(little(3, 4) + little(1, 4) + "abc")), "an intset has no valid head");
  EXPECT_EQ(refused(kSetIntset, string(little(8, 4) + little(0x20000000, 4) + "abc")), "an intset has no valid head");
}

TEST(RdbValue, listsOfListpacks) {
  EXPECT_EQ(decoded(kListQuicklist2, length(3) + length(2) + string(listpack({"a", 1})) + length(1) + string("plain") +
                                         length(2) + string(listpack({}))),
            "item a\nitem 1\nitem plain\n");
  EXPECT_EQ(refused(kListQuicklist2, length(1) + length(3) + string("x")), "a node of a list is of an unknown kind");
}

TEST(RdbValue, deadlinesOfFields) {
  const std::uint64_t lowest = 1700000000000;
  const std::string pairs = length(0) + string("a") + string("1") + length(1) + string("b") + string("2") +
                            length(501) + string("c") + string("3");
  EXPECT_EQ(decoded(kHashMetadata, little(lowest, 8) + length(3) + pairs),
            "field a=1\nfield b=2 until 1700000000000\nfield c=3 until 1700000000500\n");
  EXPECT_EQ(decoded(kHashMetadataPreGa, length(1) + length(lowest) + string("b") + string("2")),
            "field b=2 until 1700000000000\n");
  EXPECT_EQ(decoded(kValkeyHash2,
                    length(2) + string("a") + string("1") + little(~std::uint64_t{0}, 8) + string("b") + string("2") +
                        little(lowest, 8),
                    Dialect::valkey),
            "field a=1\nfield b=2 until 1700000000000\n");
  const std::string packed = string(listpack({"b", 2, static_cast<std::int64_t>(lowest), "a", "1", 0}));
  const std::string expected = "field b=2 until 1700000000000\nfield a=1\n";
  EXPECT_EQ(decoded(kHashListpackEx, little(lowest, 8) + packed), expected);
  EXPECT_EQ(decoded(kHashListpackExPreGa, packed), expected);
  EXPECT_EQ(refused(kHashListpackExPreGa, string(listpack({"b", 2, "soon"}))),
            "the deadline of a field is not a number");
  EXPECT_EQ(refused(kHashListpackExPreGa, string(listpack({"b", 2}))), "a packed hash ends with a field without value");
}

TEST(RdbValue, streamsOfAllTypes) {
  const std::string entries = "entry 1000-5 f 7\nentry 2005-4 own -70000\n";
  EXPECT_EQ(decoded(kStreamListpacks, stream(kStreamListpacks)),
            entries +
                "stream 2 last 2005-4 first 0-0 deleted 0-0 added 2\ngroup group last 1000-5\nconsumer alice seen 500 "
                "active 500\n"
                "pending 1000-5 at 111 times 1\npending 2005-4 at 222 times 300\nconsumer bob seen 501 active "
                "501\ngroup idle last 0-0\n");
  const std::string head =
      entries + "stream 2 last 2005-4 first 1000-5 deleted 1001-6 added 9\ngroup group last 1000-5 read 3\n";
  const auto consumers = [](std::string_view active, std::string_view bobActive) {
    return fmt::format(
        "consumer alice seen 500 active {}\npending 1000-5 at 111 times 1\npending 2005-4 at 222 times 300\nconsumer "
        "bob seen 501 active {}\n",
        active, bobActive);
  };
  const std::string idle = "group idle last 0-0 read -1\n";
  EXPECT_EQ(decoded(kStreamListpacks2, stream(kStreamListpacks2)), head + consumers("500", "501") + idle);
  EXPECT_EQ(decoded(kStreamListpacks3, stream(kStreamListpacks3)), head + consumers("600", "600") + idle);
  EXPECT_EQ(decoded(kStreamListpacks4, stream(kStreamListpacks4)),
            head + consumers("600", "600") + idle + "producers 2\n");
  EXPECT_EQ(decoded(kStreamListpacks5, stream(kStreamListpacks5)),
            head + consumers("600", "600") + "returned 2005-9 at 0 times 2\n" + idle + "producers 2\n");
}

TEST(RdbValue, streamsThatContradictThemselves) {
  const auto tail = length(1) + length(9) + length(0);
  const auto node = [&](const std::vector<Element>& elements) {
    return refused(kStreamListpacks, length(1) + string(id(5, 0)) + string(listpack(elements)) + tail + length(0));
  };
  EXPECT_EQ(node({1, 0, 1, "f", 0, 2, 0, 0, "v", 4}),
            "nothing: entry 5-0 f v\nstream 1 last 9-0 first 0-0 deleted 0-0 added 1\n");
  EXPECT_EQ(node({2, 0, 1, "f", 0, 2, 0, 0, "v", 4}), "a listpack of a stream is cut off");
  EXPECT_EQ(node({0, 1, 1, "f", 0, 2, 0, 0, "v", 4}), "a node of a stream has another number of entries than it says");
  EXPECT_EQ(node({1, 0, 1, "f", 1, 2, 0, 0, "v", 4}), "the head of a node of a stream does not end with 0");
  EXPECT_EQ(node({1, 0, 1, "f", 0, 2, 0, 0, "v", 5}),
            "an entry of a stream has another number of elements than it says");
  EXPECT_EQ(node({1, 0, 1, "f", 0, 0, 0, 0, 9, "v", 4}), "a node of a stream is cut off");
  EXPECT_EQ(node({1, 0, 1, "f", 0, 2, 0, "x", "v", 4}), "a listpack of a stream has text where a number must be");
  EXPECT_EQ(node({2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 0, "v", 4}), "the entries of a stream are not in order");
  EXPECT_EQ(node({1, 0, 1, "f", 0, 2, 5, 0, "v", 4}), "a stream has an entry behind its last id");
  EXPECT_EQ(node({-1, 2, 1, "f", 0, 2, 0, 0, "v", 4}), "a node of a stream has a negative number of entries");
  EXPECT_EQ(node({0, 0, 1, "f", 0}), "a stream has 0 entries and says 1");
  // A node whose entries are all deleted is what servers may write (redis #15808), though they refuse to read it.
  EXPECT_EQ(
      decoded(kStreamListpacks, length(1) + string(id(5, 0)) + string(listpack({0, 1, 1, "f", 0, 3, 0, 0, "v", 4})) +
                                    length(0) + length(9) + length(0) + length(0)),
      "stream 0 last 9-0 first 0-0 deleted 0-0 added 0\n");
  const auto group = [&](std::string_view pending, std::string_view own) {
    return refused(kStreamListpacks, length(0) + length(0) + length(9) + length(0) + length(1) + string("g") +
                                         length(0) + length(0) + std::string(pending) + length(1) + string("c") +
                                         little(0, 8) + std::string(own));
  };
  const std::string one = id(1, 0) + little(5, 8) + length(1), two = id(2, 0) + little(5, 8) + length(1);
  EXPECT_EQ(group(length(1) + one, length(1) + id(2, 0)),
            "a consumer has a pending entry that its group does not have");
  EXPECT_EQ(group(length(1) + one, length(2) + id(1, 0) + id(1, 0)),
            "a consumer has a pending entry that its group does not have");
  EXPECT_EQ(group(length(2) + two + one, length(0)), "the pending entries of a group are not in order");
  EXPECT_TRUE(group(length(2) + one + two, length(1) + id(2, 0))
                  .ends_with("pending 2-0 at 5 times 1\nreturned 1-0 at 5 times 1\n"));
}

TEST(RdbValue, partsOfWholeRecordsGiveWhatTheWholeGives) {
  ValueDecoder decoder(kHash, Dialect::redis);
  Lines lines;
  decoder.decode(length(2) + string("a") + string("1"), lines);
  EXPECT_THROW(decoder.finish(), Error);
  decoder.decode(string("b") + string("2"), lines);
  decoder.finish();
  EXPECT_EQ(lines.text, "field a=1\nfield b=2\n");
}

TEST(RdbValue, whatCannotBeDecodedIsNamed) {
  EXPECT_THROW(ValueDecoder(kModule2, Dialect::redis), Error);
  EXPECT_THROW(ValueDecoder(28, Dialect::redis), Error);
  EXPECT_THROW(ValueDecoder(kHashMetadata, Dialect::valkey), Error);
  EXPECT_EQ(typeName(28, Dialect::redis), "type 28 (array)");
  EXPECT_EQ(typeName(28, Dialect::valkey), "type 28");
  EXPECT_EQ(typeName(22, Dialect::valkey), "type 22 (hash with field deadlines)");
}

}  // namespace
}  // namespace drs::rdb
