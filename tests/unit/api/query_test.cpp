#include "api/query.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace drs::api {
namespace {

http::Request requestFor(const std::string& query) {
  http::Request request;
  EXPECT_TRUE(http::parseTarget("/v5/p/jobs" + query, request));
  return request;
}

/// The message of the Error that `act` throws; Msg::internal if it throws none.
template <typename Act>
Msg thrownBy(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.origin(), Origin::request);
    return error.msg();
  }
  return Msg::internal;
}

TEST(Paging, DefaultsAreTheFirstTenRecords) {
  const Paging paging = pagingOf(requestFor(""));
  EXPECT_EQ(paging.offset, 0);
  EXPECT_EQ(paging.limit, 10);
}

TEST(Paging, TakesTheWholeRange) {
  const Paging paging = pagingOf(requestFor("?offset=2147483647&limit=1000"));
  EXPECT_EQ(paging.offset, 2147483647);
  EXPECT_EQ(paging.limit, 1000);
}

class BadPaging : public testing::TestWithParam<const char*> {};

TEST_P(BadPaging, IsRefused) {
  EXPECT_EQ(thrownBy([] { (void)pagingOf(requestFor(GetParam())); }), Msg::badPaging);
}

INSTANTIATE_TEST_SUITE_P(Values, BadPaging,
                         testing::Values("?limit=0", "?limit=1001", "?limit=-1", "?limit=ten", "?limit=10x",
                                         "?limit=", "?limit=99999999999999999999", "?offset=-1", "?offset=2147483648",
                                         "?offset=%201", "?offset=1.5"));

TEST(Slice, StaysWithinTheRows) {
  const std::vector<int> rows{1, 2, 3, 4, 5};
  const auto texts = [&](Paging paging) {
    const auto slice = sliceOf(rows, paging);
    return std::vector<int>(slice.begin(), slice.end());
  };
  EXPECT_EQ(texts({0, 2}), (std::vector<int>{1, 2}));
  EXPECT_EQ(texts({4, 2}), (std::vector<int>{5}));
  EXPECT_EQ(texts({5, 2}), (std::vector<int>{}));
  EXPECT_EQ(texts({2147483647, 1000}), (std::vector<int>{}));
}

TEST(Query, ChoiceNamesWhatIsAllowed) {
  static constexpr std::string_view kAllowed[] = {"sync", "migration"};
  EXPECT_EQ(queryChoice(requestFor("?t=sync"), "t", kAllowed), "sync");
  EXPECT_EQ(queryChoice(requestFor("?t="), "t", kAllowed), std::nullopt);
  try {
    (void)queryChoice(requestFor("?t=Sync"), "t", kAllowed);
    FAIL() << "case matters";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::valueNotAllowed);
    EXPECT_EQ(error.args(), (std::vector<std::string>{"t", "Sync", "sync, migration"}));
  }
}

TEST(Query, MandatoryParametersAreAskedFor) {
  static constexpr std::string_view kAllowed[] = {"sync"};
  EXPECT_EQ(thrownBy([&] { (void)requiredQueryChoice(requestFor(""), "t", kAllowed); }), Msg::missingMember);
  EXPECT_EQ(thrownBy([&] { (void)requiredQueryChoice(requestFor("?t="), "t", kAllowed); }), Msg::missingMember);
  EXPECT_EQ(thrownBy([&] { (void)requiredQueryChoice(requestFor("?t=x"), "t", kAllowed); }), Msg::valueNotAllowed);
}

TEST(Query, ListsAreRepeatedKeysOrCommas) {
  EXPECT_EQ(queryList(requestFor("?id=a&id=b,c&other=d&id=,"), "id", 10), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(queryList(requestFor(""), "id", 10), (std::vector<std::string>{}));
  EXPECT_EQ(thrownBy([] { (void)queryList(requestFor("?id=a,b,c"), "id", 2); }), Msg::valueNotAllowed);
}

TEST(Query, FlagsAreLowerCase) {
  EXPECT_TRUE(queryFlag(requestFor("?f=true"), "f"));
  EXPECT_FALSE(queryFlag(requestFor("?f=false"), "f"));
  EXPECT_FALSE(queryFlag(requestFor(""), "f"));
  EXPECT_EQ(thrownBy([] { (void)queryFlag(requestFor("?f=True"), "f"); }), Msg::valueNotAllowed);
}

TEST(Query, LongValuesAreShortenedInMessages) {
  static constexpr std::string_view kAllowed[] = {"sync"};
  try {
    (void)queryChoice(requestFor("?t=" + std::string(5000, 'x')), "t", kAllowed);
    FAIL();
  } catch (const Error& error) {
    EXPECT_LT(error.text().size(), 200U);
  }
}

}  // namespace
}  // namespace drs::api
