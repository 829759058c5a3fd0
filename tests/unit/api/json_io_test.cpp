#include "api/json_io.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;

http::Request withBody(std::string body) {
  http::Request request;
  request.body = std::move(body);
  return request;
}

class BadBody : public testing::TestWithParam<std::string> {};

TEST_P(BadBody, IsRefusedAsBadJson) {
  try {
    (void)parseBody(withBody(GetParam()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::badJson);
    EXPECT_EQ(error.origin(), Origin::request);
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, BadBody,
                         testing::Values("", "{", "{} x", "{'a':1}", "\xff\xfe", "{\"a\":\"\xc3\x28\"}",
                                         std::string(100000, '['), "[" + std::string(40, '[') + std::string(41, ']'),
                                         "{\"a\":1e999}"));

TEST(Body, DepthUpToTheLimitIsRead) {
  EXPECT_NO_THROW((void)parseBody(withBody(std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']'))));
}

TEST(Answer, BytesThatAreNotUtf8AreReplaced) {
  const http::Response response = jsonResponse({{"text", "a\xff"}}, 202);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.contentType, "application/json");
  EXPECT_EQ(json::parse(response.body)["text"], "a\xEF\xBF\xBD");
}

struct Reading {
  explicit Reading(const char* text) : body(json::parse(text)), members(&body, "", problems) {}
  json body;
  std::vector<Problem> problems;
  Members members;

  [[nodiscard]] std::vector<std::pair<Msg, std::string>> found() const {
    std::vector<std::pair<Msg, std::string>> out;
    for (const Problem& problem : problems) out.emplace_back(problem.msg, problem.path);
    return out;
  }
};

TEST(MembersTest, NullCountsAsAbsent) {
  Reading r(R"({"a":null,"b":"x"})");
  EXPECT_EQ(r.members.text("a"), std::nullopt);
  EXPECT_EQ(r.members.text("b"), "x");
  EXPECT_EQ(r.members.boolean("c"), std::nullopt);
  EXPECT_TRUE(r.problems.empty());
}

TEST(MembersTest, EveryProblemIsKeptWithItsPath) {
  Reading r(R"({"job":{"n":1,"e":"","kind":"z","deep":{"list":["a",2,"b"]}}})");
  static constexpr std::string_view kKinds[] = {"x", "y"};
  Members job = r.members.object("job");
  (void)job.text("n");
  (void)job.requiredText("e");
  (void)job.choice("kind", kKinds);
  Members deep = job.object("deep");
  EXPECT_THAT(deep.texts("list"), ElementsAre("a", "b"));
  (void)job.requiredObject("absent");
  EXPECT_THAT(r.found(),
              ElementsAre(std::pair(Msg::wrongType, "job.n"), std::pair(Msg::missingMember, "job.e"),
                          std::pair(Msg::valueNotAllowed, "job.kind"), std::pair(Msg::wrongType, "job.deep.list[1]"),
                          std::pair(Msg::missingMember, "job.absent")));
  EXPECT_EQ(r.problems[2].value, "z");
  EXPECT_EQ(r.problems[2].allowed, "x, y");
}

TEST(MembersTest, ProblemsSayTheSameAsThoseOfABatch) {
  Reading r(R"({"name":7,"flag":"yes","list":{"a":1},"inner":"secret?"})");
  (void)r.members.text("name");
  (void)r.members.boolean("flag");
  (void)r.members.texts("list");
  (void)r.members.object("inner");
  (void)r.members.requiredText("absent");
  std::vector<std::pair<std::string, std::string>> found;
  for (const Problem& problem : r.problems) found.emplace_back(problem.value, problem.allowed);
  EXPECT_THAT(found,
              ElementsAre(std::pair("7", "text"), std::pair("yes", "a boolean"), std::pair("an object", "an array"),
                          std::pair("text", "an object"), std::pair("", "a value")));
}

TEST(MembersTest, AWrongTypeIsReportedOnce) {
  Reading r(R"({"name":7,"list":{}})");
  EXPECT_EQ(r.members.requiredText("name"), "");
  EXPECT_TRUE(r.members.requiredObjects("list", 5).empty());
  EXPECT_EQ(r.problems.size(), 2U);
}

TEST(MembersTest, NumberOfElementsIsBounded) {
  Reading r(R"({"jobs":[{},{},{}],"none":[]})");
  EXPECT_EQ(r.members.requiredObjects("jobs", 3).size(), 3U);
  EXPECT_TRUE(r.problems.empty());
  EXPECT_TRUE(r.members.requiredObjects("jobs", 2).empty());
  EXPECT_TRUE(r.members.requiredObjects("none", 2).empty());
  EXPECT_THAT(r.found(), ElementsAre(std::pair(Msg::valueNotAllowed, "jobs"), std::pair(Msg::missingMember, "none")));
}

TEST(MembersTest, ABodyThatIsNoObjectIsAProblem) {
  Reading r("[]");
  EXPECT_EQ(r.members.text("a"), std::nullopt);
  ASSERT_EQ(r.problems.size(), 1U);
  EXPECT_EQ(r.problems[0].msg, Msg::wrongType);
}

}  // namespace
}  // namespace drs::api
