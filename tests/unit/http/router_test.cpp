#include "http/router.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace drs::http {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    const auto named = [](const std::string& name) {
      return [name](const Request&, const PathParams&) { return Response::text(name); };
    };
    router_.add({{"GET", "/v5/{project_id}/jobs", named("list")},
                 {"DELETE", "/v5/{project_id}/jobs", named("delete many")},
                 {"GET", "/v5/{project_id}/jobs/{job_id}",
                  [](const Request&, const PathParams& p) {
                    return Response::text(p.at("project_id") + " " + p.at("job_id"));
                  }},
                 {"POST", "/v5/{project_id}/jobs/action", named("action")},
                 {"GET", "/", named("root")}});
  }

  std::string call(const std::string& method, const std::string& target) {
    try {
      return router_.handle(request(method, target)).body;
    } catch (const Error& error) {
      return std::string(message(error.msg()).symbol) + (error.args().size() > 1 ? " " + error.args()[1] : "");
    }
  }
  static Request request(const std::string& method, const std::string& target) {
    Request out;
    out.method = method;
    EXPECT_TRUE(parseTarget(target, out));
    return out;
  }

  Router router_;
};

TEST_F(RouterTest, FindsByMethodAndPattern) {
  EXPECT_EQ(call("GET", "/v5/p/jobs"), "list");
  EXPECT_EQ(call("DELETE", "/v5/p/jobs/"), "delete many");
  EXPECT_EQ(call("GET", "/v5/p%31/jobs/a%2Fb?x=y"), "p1 a/b");
  EXPECT_EQ(call("GET", "/"), "root");
}

TEST_F(RouterTest, HeadIsAnsweredByGet) {
  EXPECT_EQ(call("HEAD", "/v5/p/jobs"), "list");
}

TEST_F(RouterTest, ALiteralWinsOverAName) {
  EXPECT_EQ(call("POST", "/v5/p/jobs/action"), "action");
  EXPECT_EQ(call("GET", "/v5/p/jobs/action"), "p action") << "the name takes what the literal has no method for";
}

TEST_F(RouterTest, UnknownPathsAre404) {
  EXPECT_EQ(call("GET", "/v5/p"), "noSuchApi /v5/p");
  EXPECT_EQ(call("GET", "/v5/p/jobs/1/2"), "noSuchApi /v5/p/jobs/1/2");
  EXPECT_EQ(call("GET", "/v5//jobs"), "noSuchApi /v5//jobs") << "a name is never empty";
  EXPECT_EQ(call("GET", "/V5/p/jobs?secret=1"), "noSuchApi /V5/p/jobs");
}

TEST_F(RouterTest, KnownPathsWithAnotherMethodNameTheAllowedOnes) {
  EXPECT_EQ(call("PUT", "/v5/p/jobs"), "methodNotAllowed GET, DELETE");
  EXPECT_EQ(call("get", "/v5/p/jobs"), "methodNotAllowed GET, DELETE") << "methods are case-sensitive";
}

TEST_F(RouterTest, PatternIsTheMetricsLabel) {
  EXPECT_EQ(router_.patternOf(request("GET", "/v5/p/jobs/123")), "/v5/{project_id}/jobs/{job_id}");
  EXPECT_EQ(router_.patternOf(request("POST", "/v5/p/jobs/action")), "/v5/{project_id}/jobs/action");
  EXPECT_EQ(router_.patternOf(request("GET", "/nothing")), "other");
}

TEST_F(RouterTest, ListsItsRoutes) {
  EXPECT_EQ(router_.list().front(), "GET /v5/{project_id}/jobs");
  EXPECT_EQ(router_.list().size(), 5U);
}

TEST(PathParams, UnknownNameIsAFaultOfTheProgram) {
  EXPECT_THROW((void)PathParams().at("x"), Error);
}

}  // namespace
}  // namespace drs::http
