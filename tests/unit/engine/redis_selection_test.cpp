#include "base/error.h"
#include "engine/redis/selection.h"

#include <gtest/gtest.h>

#include <string>

namespace drs::redis {
namespace {

JobSpec allOf() {
  JobSpec spec;
  spec.dbObject.objectScope = "all";
  return spec;
}

JobSpec databases(std::map<std::string, DatabaseObject> objects, const char* scope = "database") {
  JobSpec spec;
  spec.dbObject.objectScope = scope;
  spec.dbObject.objectInfo = std::move(objects);
  return spec;
}

DatabaseObject named(const std::string& name) {
  DatabaseObject out;
  out.name = name;
  return out;
}

DatabaseObject keys(const std::vector<std::string>& names) {
  DatabaseObject out;
  out.all = false;
  out.tables.emplace();
  for (const std::string& each : names) (*out.tables)[each] = {};
  return out;
}

std::pair<Msg, std::string> refusal(const JobSpec& spec) {
  try {
    (void)Selection(spec);
  } catch (const Error& error) {
    return {error.msg(), error.args().at(0)};
  }
  return {Msg::internal, "not refused"};
}

TEST(RedisSelection, AllTakesEveryDatabaseToItsOwnNumber) {
  const Selection selection(allOf());
  EXPECT_TRUE(selection.all());
  for (const std::uint32_t each : {0U, 9U, 10U, 15U, 999U}) {
    EXPECT_EQ(selection.targetDb(each), each);
    EXPECT_EQ(selection.sourceDb(each), each);
    EXPECT_TRUE(selection.coversWhole(each));
    EXPECT_TRUE(selection.covers(each, "any"));
    EXPECT_TRUE(selection.covers(each, ""));
  }
  EXPECT_THROW((void)selection.targetDb(kLargestDatabase + 1), Error);
}

TEST(RedisSelection, OurOwnKeysAreNobodysData) {
  EXPECT_FALSE(Selection(allOf()).covers(0, "__drs:job:0:mark"));
  EXPECT_FALSE(Selection(databases({{"0", keys({"__*"})}})).covers(0, "__drs:x"));
  EXPECT_TRUE(Selection(allOf()).covers(0, "__drs"));
}

TEST(RedisSelection, MapsNumbersAndSwapsThem) {
  const Selection selection(databases({{"0", named("1")}, {"1", named("0")}, {"15", {}}, {"10", named("999")}}));
  EXPECT_EQ(selection.targetDb(0), 1U);
  EXPECT_EQ(selection.targetDb(1), 0U);
  EXPECT_EQ(selection.targetDb(15), 15U);
  EXPECT_EQ(selection.targetDb(10), 999U);
  EXPECT_EQ(selection.targetDb(2), std::nullopt);
  EXPECT_EQ(selection.sourceDb(999), 10U);
  EXPECT_EQ(selection.sourceDb(10), std::nullopt);
  EXPECT_FALSE(selection.covers(2, "k"));
  ASSERT_EQ(selection.databases().size(), 4U);
  EXPECT_EQ(selection.databases().at(2).source, 10U);
}

TEST(RedisSelection, ATextWithoutSpecialCharactersIsAPrefix) {
  const Selection selection(databases({{"0", keys({"order:", "user", "user:1", "a"})}}, "table"));
  EXPECT_FALSE(selection.coversWhole(0));
  for (const char* key : {"order:", "order:1", "user", "userx", "user:1", "a", "ab"})
    EXPECT_TRUE(selection.covers(0, key)) << key;
  for (const char* key : {"", "order", "orders", "use", "b", "xorder:", "Order:1"})
    EXPECT_FALSE(selection.covers(0, key)) << key;
  EXPECT_EQ(selection.databases().at(0).prefixes, (std::vector<std::string>{"a", "order:", "user"}));
}

TEST(RedisSelection, PrefixesAreFoundAmongManyNeighbours) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i) names.push_back("p" + std::to_string(i * 7) + ":");
  names.emplace_back("\xff\xfe");
  const Selection selection(databases({{"0", keys(names)}}, "table"));
  for (int i = 0; i < 14000; ++i)
    EXPECT_EQ(selection.covers(0, "p" + std::to_string(i) + ":rest"), i % 7 == 0 && i / 7 < 2000) << i;
  EXPECT_TRUE(selection.covers(0, "\xff\xfe\xff"));
  EXPECT_FALSE(selection.covers(0, "\xff"));
}

TEST(RedisSelection, ATextWithSpecialCharactersIsAPatternForTheWholeKey) {
  const Selection selection(databases({{"3", keys({"*:2024", "u?", "[xy]z*", "\\exact", "star\\**"})}}, "table"));
  for (const char* key : {"a:2024", ":2024", "u1", "xz", "yzzz", "exact", "star*", "star*more"})
    EXPECT_TRUE(selection.covers(3, key)) << key;
  for (const char* key : {"a:2024x", "u", "u12", "zz", "exact1", "\\exact", "starry"})
    EXPECT_FALSE(selection.covers(3, key)) << key;
  EXPECT_FALSE(selection.covers(0, "u1"));
}

TEST(RedisSelection, AllOfADatabaseGoesBeforeItsKeys) {
  DatabaseObject both = keys({"a:"});
  both.all = true;
  EXPECT_TRUE(Selection(databases({{"0", both}})).coversWhole(0));
  both.all = std::nullopt;  // tables are listed
  EXPECT_FALSE(Selection(databases({{"0", both}})).coversWhole(0));
  EXPECT_TRUE(Selection(databases({{"0", {}}})).coversWhole(0));
}

TEST(RedisSelection, RefusesWithThePathOfTheMember) {
  const std::string root = "db_object.object_info";
  for (const char* name : {"db0", "", "-1", "01", "2147483648", "1.0", " 1"})
    EXPECT_EQ(refusal(databases({{name, {}}})), std::make_pair(Msg::valueNotAllowed, root + "." + name)) << name;
  EXPECT_EQ(refusal(databases({{"0", named("x")}})), std::make_pair(Msg::valueNotAllowed, root + ".0.name"));
  EXPECT_EQ(refusal(databases({{"0", {}}, {"1", named("0")}})), std::make_pair(Msg::crossField, root + ".1.name"));
  EXPECT_EQ(refusal(databases({})), std::make_pair(Msg::crossField, root));
  EXPECT_EQ(refusal(databases({{"0", {}}}, "table")), std::make_pair(Msg::crossField, root + ".0.tables"));
  EXPECT_EQ(refusal(databases({{"0", keys({""})}})), std::make_pair(Msg::crossField, root + ".0.tables."));

  DatabaseObject renamed = keys({"a:"});
  renamed.tables->at("a:").name = "b:";
  EXPECT_EQ(refusal(databases({{"0", renamed}})), std::make_pair(Msg::crossField, root + ".0.tables.a:.name"));
  renamed.tables->at("a:").name = "a:";
  EXPECT_EQ(refusal(databases({{"0", renamed}})).second, "not refused");
  DatabaseObject filtered = keys({"a:"});
  filtered.tables->at("a:").filterConditions = std::vector<std::string>{"x > 1"};
  EXPECT_EQ(refusal(databases({{"0", filtered}})).second, root + ".0.tables.a:.filter_conditions");
  DatabaseObject schemas;
  schemas.schemas.emplace()["s"] = {};
  EXPECT_EQ(refusal(databases({{"0", schemas}})).second, root + ".0.schemas");

  std::vector<std::string> many;
  for (int i = 0; i < 1001; ++i) many.push_back("*" + std::to_string(i));
  EXPECT_EQ(refusal(databases({{"0", keys(many)}})), std::make_pair(Msg::crossField, root + ".0.tables"));
}

}  // namespace
}  // namespace drs::redis
