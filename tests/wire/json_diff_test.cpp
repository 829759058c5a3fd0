// Changes of JSON values as PARTIAL_UPDATE_ROWS has them; recorded ones of a real server are in
// recorded_types_test.cpp.
#include "wire/mysql/json_diff.h"

#include "base/error.h"
#include "wire/mysql/json_path.h"

#include <gtest/gtest.h>

namespace drs::mysql {
namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out += static_cast<char>(b);
  return out;
}

std::string small(int number) {
  return bytes({5, number, 0});
}

/// {"a": 1, "cc": [7, 8]}
std::string before() {
  const std::string array = bytes({2, 0, 10, 0, 5, 7, 0, 5, 8, 0});
  return bytes({0, 2, 0, 31, 0, 18, 0, 1, 0, 19, 0, 2, 0, 5, 1, 0, 2, 21, 0}) + "acc" + array;
}

std::string diff(int operation, const std::string& path, const std::string& value = {}) {
  std::string out = bytes({operation, static_cast<int>(path.size())}) + path;
  if (operation != 2) out += static_cast<char>(value.size()) + value;
  return out;
}

std::string changed(const std::string& diffs, const std::string& value = before()) {
  std::string out;
  appendChangedJson(out, value, diffs);
  return out;
}

constexpr int kReplace = 0, kInsert = 1, kRemove = 2;

TEST(JsonDiff, withoutAChangeTheValueStays) {
  EXPECT_EQ(changed(""), R"({"a": 1, "cc": [7, 8]})");
}

TEST(JsonDiff, changesApplyInOrder) {
  EXPECT_EQ(changed(diff(kReplace, "$.a", small(2))), R"({"a": 2, "cc": [7, 8]})");
  EXPECT_EQ(changed(diff(kReplace, "$", small(2))), "2");
  EXPECT_EQ(changed(diff(kRemove, "$.cc[0]")), R"({"a": 1, "cc": [8]})");
  EXPECT_EQ(changed(diff(kRemove, "$.cc[0]") + diff(kReplace, "$.cc[0]", small(3)) + diff(kRemove, "$.a")),
            R"({"cc": [3]})");
  EXPECT_EQ(changed(diff(kReplace, "$.a", before()) + diff(kReplace, "$.a.cc[1]", small(3))),
            R"({"a": {"a": 1, "cc": [7, 3]}, "cc": [7, 8]})");
}

TEST(JsonDiff, insertsWhereTheServerWould) {
  EXPECT_EQ(changed(diff(kInsert, "$.cc[0]", small(3))), R"({"a": 1, "cc": [3, 7, 8]})");
  EXPECT_EQ(changed(diff(kInsert, "$.cc[9]", small(3))), R"({"a": 1, "cc": [7, 8, 3]})");
  // Members stand by length, then by bytes.
  EXPECT_EQ(
      changed(diff(kInsert, "$.b", small(3)) + diff(kInsert, "$.bb", small(4)) + diff(kInsert, "$.aaa", small(5))),
      R"({"a": 1, "b": 3, "bb": 4, "cc": [7, 8], "aaa": 5})");
}

TEST(JsonDiff, whatDoesNotFitIsDamage) {
  for (const std::string& diffs :
       {diff(kReplace, "$.x", small(1)), diff(kRemove, "$.x"), diff(kRemove, "$.cc[2]"), diff(kRemove, "$"),
        diff(kInsert, "$.a", small(1)), diff(kInsert, "$", small(1)), diff(kReplace, "$.a.b", small(1)),
        diff(kReplace, "$[0]", small(1)), diff(kReplace, "$.cc.x", small(1)), diff(3, "$.a", small(1)),
        diff(kReplace, "$.a", ""), diff(kReplace, "$.a", small(1)).substr(0, 5), diff(kReplace, "$.a", bytes({9})),
        diff(kReplace, "$.a", bytes({0, 1, 0, 99, 0}))}) {
    EXPECT_THROW(changed(diffs), Error) << diffs;
  }
  EXPECT_THROW(changed(diff(kReplace, "$.a", small(1)), small(1)), Error);
}

TEST(JsonPath, takesApart) {
  const auto steps = parseJsonPath(R"($.a[12]."b.[\"\\\n\u0001"[0].ä)");
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[0].member, "a");
  EXPECT_EQ(steps[1].member, std::nullopt);
  EXPECT_EQ(steps[1].cell, 12U);
  EXPECT_EQ(steps[2].member, "b.[\"\\\n\x01");
  EXPECT_EQ(steps[4].member, "ä");
  EXPECT_TRUE(parseJsonPath("$").empty());
}

TEST(JsonPath, whatIsNoneIsDamage) {
  for (const char* path : {"", "a", "$a", "$.", "$[", "$[1", "$[x]", "$[-1]", "$.*", "$[*]", "$[last]", "$**.a",
                           "$.\"a", "$.\"a\\", "$.\"\\x\"", "$.\"\\u00\"", "$.\"\\u0041\"", "$[99999999999999999999]"})
    EXPECT_THROW((void)parseJsonPath(path), Error) << path;
}

}  // namespace
}  // namespace drs::mysql
