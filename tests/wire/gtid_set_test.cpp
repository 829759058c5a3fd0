#include "wire/mysql/gtid_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace drs::mysql {
namespace {

constexpr const char* kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* kB = "4d22fa47-71ca-11e1-9e33-c80aa9429562";

std::string uuidA(const std::string& rest) {
  return kA + rest;
}
std::string uuidB(const std::string& rest) {
  return kB + rest;
}

GtidSet set(const std::string& text) {
  const auto parsed = GtidSet::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(GtidSet{});
}

std::string canonical(const std::string& text) {
  return set(text).text();
}

TEST(GtidSet, printsCanonically) {
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical(uuidA(":1")), uuidA(":1"));
  EXPECT_EQ(canonical(uuidA(":1-1")), uuidA(":1"));
  EXPECT_EQ(canonical("3E11FA47-71CA-11E1-9E33-C80AA9429562:5:1-3"), uuidA(":1-3:5"));
  EXPECT_EQ(canonical(uuidA(":1-3:4-6")), uuidA(":1-6"));
  EXPECT_EQ(canonical(uuidA(":1-10:3-5")), uuidA(":1-10"));
  EXPECT_EQ(canonical(uuidB(":1,\n ") + uuidA(":7")), uuidA(":7") + "," + uuidB(":1"));
  EXPECT_EQ(canonical(uuidA(":1-2,") + uuidA(":3")), uuidA(":1-3"));
  EXPECT_EQ(canonical("3e11fa4771ca11e19e33c80aa9429562:9"), uuidA(":9"));
}

TEST(GtidSet, understandsTags) {
  EXPECT_EQ(canonical(uuidA(":1-3:Tag_1:5-8:9")), uuidA(":1-3:tag_1:5-9"));
  EXPECT_EQ(canonical(uuidA(":b:1:a:2")), uuidA(":a:2:b:1"));
  EXPECT_EQ(canonical(uuidA(":t:4,") + uuidA(":1")), uuidA(":1:t:4"));
  EXPECT_FALSE(set(uuidA(":1-9")).contains(*Gtid::parse(uuidA(":t:4"))));
  EXPECT_TRUE(set(uuidA(":1:t:2-9")).contains(*Gtid::parse(uuidA(":t:4"))));
}

TEST(GtidSet, refusesWhatIsMalformed) {
  for (const std::string& text :
       {std::string("abc"), uuidA(""), uuidA(":"), uuidA(":0"), uuidA(":5-3"), uuidA(":1-"), uuidA(":1:"), uuidA(":-3"),
        uuidA(":1x"), uuidA(":tag"), uuidA(":tag:other:1"), uuidA(":9223372036854775807"),
        uuidA(":18446744073709551616"), std::string("3e11fa47-71ca-11e1-9e33-c80aa942956:1"),
        std::string("3e11fa47+71ca-11e1-9e33-c80aa9429562:1"), uuidA(":1;2")}) {
    EXPECT_FALSE(GtidSet::parse(text)) << text;
  }
}

TEST(GtidSet, containsOtherSets) {
  const GtidSet big = set(uuidA(":1-10:20-30,") + uuidB(":5"));
  EXPECT_TRUE(big.contains(set("")));
  EXPECT_TRUE(big.contains(big));
  EXPECT_TRUE(big.contains(set(uuidA(":2-3:10:25"))));
  EXPECT_FALSE(big.contains(set(uuidA(":10-20"))));
  EXPECT_FALSE(big.contains(set(uuidA(":11"))));
  EXPECT_FALSE(big.contains(set(uuidB(":5-6"))));
  EXPECT_FALSE(set(uuidA(":1")).contains(big));
}

TEST(GtidSet, addsTransactionsInAnyOrder) {
  GtidSet grown;
  for (const std::uint64_t number : {5U, 1U, 3U, 2U, 9U, 4U, 2U}) {
    Gtid gtid = *Gtid::parse(uuidA(":1"));
    gtid.number = number;
    grown.add(gtid);
  }
  EXPECT_EQ(grown.text(), uuidA(":1-5:9"));
  grown.add(set(uuidA(":6-8,") + uuidB(":1")));
  EXPECT_EQ(grown.text(), uuidA(":1-9,") + uuidB(":1"));
}

TEST(GtidSet, removesTransactions) {
  const auto without = [](const std::string& from, std::uint64_t number) {
    GtidSet out = set(from);
    Gtid gtid = *Gtid::parse(uuidA(":1"));
    gtid.number = number;
    out.remove(gtid);
    return out.text();
  };
  EXPECT_EQ(without(uuidA(":1-5:9"), 3), uuidA(":1-2:4-5:9"));
  EXPECT_EQ(without(uuidA(":1-5:9"), 1), uuidA(":2-5:9"));
  EXPECT_EQ(without(uuidA(":1-5:9"), 5), uuidA(":1-4:9"));
  EXPECT_EQ(without(uuidA(":1-5:9"), 9), uuidA(":1-5"));
  EXPECT_EQ(without(uuidA(":1-5:9"), 7), uuidA(":1-5:9"));
  EXPECT_EQ(without(uuidA(":1"), 1), "");
}

/// Random interval sets behave like sets of numbers.
TEST(GtidSet, agreesWithASetOfNumbers) {
  std::mt19937 random(7);
  const Gtid base = *Gtid::parse(uuidA(":1"));
  for (int round = 0; round < 300; ++round) {
    GtidSet ours;
    std::set<std::uint64_t> numbers;
    for (int i = 0; i < 12; ++i) {
      const std::uint64_t first = 1 + random() % 40;
      const std::uint64_t last = first + random() % 6;
      ours.add(set(uuidA(":" + std::to_string(first) + "-" + std::to_string(last))));
      for (std::uint64_t n = first; n <= last; ++n) numbers.insert(n);
    }
    for (std::uint64_t n = 1; n < 50; ++n) {
      Gtid gtid = base;
      gtid.number = n;
      ASSERT_EQ(ours.contains(gtid), numbers.contains(n)) << ours.text() << " " << n;
    }
    EXPECT_EQ(canonical(ours.text()), ours.text());
    EXPECT_EQ(GtidSet::decode(ours.encode()), ours);
  }
}

TEST(GtidSet, encodesForTheDumpRequest) {
  const std::string raw = set(uuidA(":1-3")).encode();
  EXPECT_EQ(raw.size(), 8U + 16U + 8U + 16U);
  EXPECT_EQ(raw[0], 1);
  EXPECT_EQ(raw[7], 0);   // no tags: the form of every version
  EXPECT_EQ(raw[32], 1);  // first
  EXPECT_EQ(raw[40], 4);  // behind the last
  const GtidSet tagged = set(uuidA(":1-3:a_tag:7,") + uuidB(":2"));
  EXPECT_EQ(GtidSet::decode(tagged.encode()), tagged);
}

TEST(GtidSet, refusesDamagedBytes) {
  const std::string good = set(uuidA(":1-3:9:tag:5")).encode();
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(GtidSet::decode(good.substr(0, size))) << size;
  EXPECT_FALSE(GtidSet::decode(good + "x"));
  EXPECT_FALSE(GtidSet::decode(std::string(8, '\xff')));
}

TEST(Gtid, isReadAndPrinted) {
  const auto gtid = Gtid::parse(uuidA(":Some_Tag:42"));
  ASSERT_TRUE(gtid);
  EXPECT_EQ(gtid->text(), uuidA(":some_tag:42"));
  EXPECT_EQ(Gtid::parse(uuidA(":42"))->text(), uuidA(":42"));
  EXPECT_FALSE(Gtid::parse(uuidA(":0")));
  EXPECT_FALSE(Gtid::parse(uuidA(":1-2")));
  EXPECT_FALSE(Gtid::parse("bin.000001:4"));
}

TEST(MariadbPosition, isReadAndPrinted) {
  EXPECT_EQ(MariadbPosition::parse("1-5-7, 0-1-100")->text(), "0-1-100,1-5-7");
  EXPECT_TRUE(MariadbPosition::parse("")->empty());
  for (const char* text : {"0-1", "0-1-", "a-1-2", "0-1-2,0-1-3", "0-1-2-3", "4294967296-1-1", "0--1-2"}) {
    EXPECT_FALSE(MariadbPosition::parse(text)) << text;
  }
}

TEST(MariadbPosition, isOrderedWithinDomains) {
  const auto at = *MariadbPosition::parse("0-1-100,2-1-5");
  EXPECT_TRUE(at.contains(*MariadbGtid::parse("0-9-100")));
  EXPECT_FALSE(at.contains(*MariadbGtid::parse("0-1-101")));
  EXPECT_FALSE(at.contains(*MariadbGtid::parse("1-1-1")));
  EXPECT_TRUE(at.contains(*MariadbPosition::parse("2-2-4")));
  EXPECT_FALSE(at.contains(*MariadbPosition::parse("0-1-1,1-1-1")));
  auto moved = at;
  moved.advance(*MariadbGtid::parse("0-3-101"));
  EXPECT_EQ(moved.text(), "0-3-101,2-1-5");
}

}  // namespace
}  // namespace drs::mysql
