#include "base/error.h"
#include "wire/rdb/dump_payload.h"
#include "wire/rdb_bytes.h"

#include <gtest/gtest.h>

namespace drs::rdb {
namespace {

using namespace bytes;

struct Result {
  std::vector<std::string> lines, unsaid;
};

Result commands(std::uint8_t type, std::string_view raw, std::optional<std::int64_t> expireAtMs = {},
                CommandOptions options = {}) {
  Commands sink;
  CommandForm form(sink, options);
  form.begin("k", expireAtMs);
  decodeValue(type, Dialect::redis, raw, form);
  Result result;
  for (const UnsaidCount& unsaid : form.end())
    result.unsaid.push_back(fmt::format("{}: {}", toText(unsaid.what), unsaid.count));
  result.lines = sink.lines;
  return result;
}

using Lines_ = std::vector<std::string>;

TEST(RdbCommands, strings) {
  EXPECT_EQ(commands(kString, string("v")).lines, Lines_{"SET k v"});
  EXPECT_EQ(commands(kString, string("v"), 1700000000000).lines, Lines_{"SET k v PXAT 1700000000000"});
  EXPECT_EQ(commands(kString, string("v"), 5, {.setPxat = false}).lines, (Lines_{"SET k v", "PEXPIREAT k 5"}));
  EXPECT_EQ(commands(kString, string("v"), 0).lines, (Lines_{"SET k v", "PEXPIREAT k 0"}));  // SET refuses 0
}

TEST(RdbCommands, aLongStringIsAppendedAndGetsItsDeadlineLast) {
  Commands sink;
  CommandForm form(sink);
  form.begin("k", 5);
  form.appendText("a");
  form.appendText("b");
  EXPECT_TRUE(form.end().empty());
  EXPECT_EQ(sink.lines, (Lines_{"SET k a", "APPEND k b", "PEXPIREAT k 5"}));
}

TEST(RdbCommands, collectionsAreRemovedFirst) {
  EXPECT_EQ(commands(kList, length(2) + string("a") + string("b"), 5).lines,
            (Lines_{"UNLINK k", "RPUSH k a b", "PEXPIREAT k 5"}));
  EXPECT_EQ(commands(kSet, length(1) + string("a")).lines, (Lines_{"UNLINK k", "SADD k a"}));
  EXPECT_EQ(commands(kHash, length(1) + string("f") + string("v")).lines, (Lines_{"UNLINK k", "HSET k f v"}));
  EXPECT_EQ(commands(kZset, length(1) + string("m") + byte(254)).lines, (Lines_{"UNLINK k", "ZADD k inf m"}));
  EXPECT_EQ(commands(kList, length(0), 5).lines, Lines_{"UNLINK k"});
}

TEST(RdbCommands, atMost128ElementsAnd64KiB) {
  std::string many = length(300), wide = length(10);
  for (int i = 0; i < 300; ++i) many += string(std::to_string(i)) + string("v");
  for (int i = 0; i < 10; ++i) wide += string(std::string(i == 4 ? 100'000 : 20'000, 'x'));
  Commands sink;
  CommandForm form(sink);
  form.begin("k", {});
  decodeValue(kHash, Dialect::redis, many, form);
  (void)form.end();
  EXPECT_EQ(sink.arguments, (std::vector<std::size_t>{2, 258, 258, 90}));
  sink = {};
  form.begin("k", {});
  decodeValue(kSet, Dialect::redis, wide, form);
  (void)form.end();
  EXPECT_EQ(sink.arguments, (std::vector<std::size_t>{2, 5, 3, 3, 5, 4}));
  for (std::size_t i = 0; i < sink.sizes.size(); ++i)
    EXPECT_TRUE(sink.sizes[i] <= kCommandBytes + 5 || sink.arguments[i] == 3);
}

TEST(RdbCommands, deadlinesOfFieldsAreGrouped) {
  const std::string value = little(100, 8) + length(4) + length(1) + string("a") + string("1") + length(0) +
                            string("b") + string("2") + length(3) + string("c") + string("3") + length(1) +
                            string("d") + string("4");
  EXPECT_EQ(
      commands(kHashMetadata, value).lines,
      (Lines_{"UNLINK k", "HSET k a 1 b 2 c 3 d 4", "HPEXPIREAT k 100 FIELDS 2 a d", "HPEXPIREAT k 102 FIELDS 1 c"}));
  const Result without = commands(kHashMetadata, value, {}, {.fieldExpiry = false});
  EXPECT_EQ(without.lines.size(), 2U);
  EXPECT_EQ(without.unsaid, Lines_{"deadlines of hash fields: 3"});
}

TEST(RdbCommands, streams) {
  const Result result = commands(kStreamListpacks5, stream(kStreamListpacks5), 5);
  EXPECT_EQ(result.lines, (Lines_{"UNLINK k", "XADD k 1000-5 f 7", "XADD k 2005-4 own -70000",
                                  "XSETID k 2005-4 ENTRIESADDED 9 MAXDELETEDID 1001-6",
                                  "XGROUP CREATE k group 1000-5 ENTRIESREAD 3", "XGROUP CREATECONSUMER k group alice",
                                  "XCLAIM k group alice 0 1000-5 TIME 111 RETRYCOUNT 1 FORCE JUSTID",
                                  "XCLAIM k group alice 0 2005-4 TIME 222 RETRYCOUNT 300 FORCE JUSTID",
                                  "XGROUP CREATECONSUMER k group bob", "XGROUP CREATE k idle 0-0", "PEXPIREAT k 5"}));
  EXPECT_EQ(result.unsaid, (Lines_{"times when consumers were seen last: 2", "pending entries that were given back: 1",
                                   "ids of idempotent producers: 2"}));
  const Result old =
      commands(kStreamListpacks3, stream(kStreamListpacks3), {}, {.createConsumer = false, .streamCounters = false});
  EXPECT_EQ(old.lines[3], "XSETID k 2005-4");
  EXPECT_EQ(old.lines[4], "XGROUP CREATE k group 1000-5");
  EXPECT_EQ(old.unsaid, (Lines_{"consumers without pending entries: 1", "times when consumers were seen last: 2",
                                "counters of streams and groups: 2"}));
}

TEST(RdbCommands, entriesDeliveredTogetherAreClaimedTogether) {
  std::string value = length(0) + length(0) + length(9) + length(0) + length(1) + string("g") + length(9) + length(0) +
                      length(300),
              own;
  for (unsigned i = 0; i < 300; ++i) {
    value += id(1, i) + little(i < 200 ? 7 : 8, 8) + length(1);
    own += id(1, i);
  }
  value += length(1) + string("c") + little(0, 8) + length(300) + own;
  const Lines_ lines = commands(kStreamListpacks, value).lines;
  EXPECT_EQ((Lines_{lines.begin(), lines.begin() + 4}),
            (Lines_{"UNLINK k", "XGROUP CREATE k drs 0-0 MKSTREAM", "XGROUP DESTROY k drs",
                    "XSETID k 9-0 ENTRIESADDED 0 MAXDELETEDID 0-0"}));
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_TRUE(lines[6].starts_with("XCLAIM k g c 0 1-0 1-1 ") &&
              lines[6].ends_with(" 1-127 TIME 7 RETRYCOUNT 1 FORCE JUSTID"));
  EXPECT_TRUE(lines[7].starts_with("XCLAIM k g c 0 1-128 ") &&
              lines[7].ends_with(" 1-199 TIME 7 RETRYCOUNT 1 FORCE JUSTID"));
  EXPECT_TRUE(lines[8].starts_with("XCLAIM k g c 0 1-200 ") &&
              lines[8].ends_with(" 1-299 TIME 8 RETRYCOUNT 1 FORCE JUSTID"));
}

TEST(RdbCommands, aKeyThatWasNotEndedIsDropped) {
  Commands sink;
  CommandForm form(sink);
  form.begin("damaged", {});
  EXPECT_THROW(decodeValue(kList, Dialect::redis, length(2) + string("a"), form), Error);
  form.begin("next", {});
  decodeValue(kList, Dialect::redis, length(1) + string("b"), form);
  (void)form.end();
  EXPECT_EQ(sink.lines, (Lines_{"UNLINK damaged", "UNLINK next", "RPUSH next b"}));
}

TEST(RdbPayload, checksumOfTheNineDigits) {
  EXPECT_EQ(crc64(0, "123456789"), 0xe9c6d914c4b8d9caU);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>(i * i >> 3);
  std::uint64_t slow = 0;
  for (std::size_t i = 0; i < text.size(); ++i) slow = crc64(slow, std::string_view(text).substr(i, 1));
  EXPECT_EQ(crc64(0, text), slow);
  EXPECT_EQ(crc64(crc64(0, std::string_view(text).substr(0, 6145)), std::string_view(text).substr(6145)), slow);
}

TEST(RdbPayload, aPayloadGetsTheVersionThatIsChosen) {
  std::string payload;
  appendDumpPayload(payload, kString, string("v"), 6);
  EXPECT_EQ(payload.size(), 2 + 11U);
  const DumpPayload parsed = parseDumpPayload(payload);
  EXPECT_EQ(parsed.type, kString);
  EXPECT_EQ(parsed.raw, string("v"));
  EXPECT_EQ(parsed.version, 6);
  EXPECT_EQ(parsed.dialect, Dialect::redis);
  payload[1] ^= 1;
  EXPECT_THROW((void)parseDumpPayload(payload), Error);
  EXPECT_THROW((void)parseDumpPayload("0123456789"), Error);
  payload.clear();
  appendDumpPayload(payload, kValkeyHash2, "", 80);
  EXPECT_EQ(parseDumpPayload(payload).dialect, Dialect::valkey);
}

TEST(RdbPayload, whatModulesAttachedIsCutOff) {
  std::string payload;
  appendDumpPayload(payload, 243, length(1) + "spec" + length(2) + length(5) + length(0) + byte(kString) + string("v"),
                    13);
  const DumpPayload parsed = parseDumpPayload(payload);
  EXPECT_TRUE(parsed.moduleMetadata);
  EXPECT_EQ(parsed.type, kString);
  EXPECT_EQ(parsed.raw, string("v"));
}

TEST(RdbPayload, lowestVersionsAreThoseThatServersTake) {
  const std::vector<std::pair<int, int>> expected = {
      {0, 6},   {1, 6},   {2, 6},   {3, 6},   {4, 6},   {5, 8},   {7, 8},   {9, 6},   {10, 6},
      {11, 6},  {12, 6},  {13, 6},  {14, 7},  {15, 9},  {16, 10}, {17, 10}, {18, 10}, {19, 10},
      {20, 11}, {21, 11}, {22, 12}, {23, 12}, {24, 12}, {25, 12}, {26, 13}, {27, 14}};
  for (const auto& [type, version] : expected)
    EXPECT_EQ(lowestVersion(static_cast<std::uint8_t>(type), Dialect::redis), version) << type;
  EXPECT_EQ(lowestVersion(22, Dialect::valkey), 80);
  for (const int type : {6, 8, 28, 29, 33, 243, 255})
    EXPECT_FALSE(lowestVersion(static_cast<std::uint8_t>(type), Dialect::redis)) << type;
  for (const int type : {23, 24, 25, 26, 27})
    EXPECT_FALSE(lowestVersion(static_cast<std::uint8_t>(type), Dialect::valkey)) << type;
}

}  // namespace
}  // namespace drs::rdb
