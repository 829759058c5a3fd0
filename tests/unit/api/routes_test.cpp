#include "unit/api/service_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

// What every path has in common, and that the contract names the same paths.

namespace drs::api {
namespace {

using nlohmann::json;

/// "GET /v5/{project_id}/jobs" → method and a path in the given project.
std::pair<std::string, std::string> filled(const std::string& route, const std::string& project) {
  const auto space = route.find(' ');
  std::string path = std::regex_replace(route.substr(space + 1), std::regex(R"(\{project_id\})"), project);
  return {route.substr(0, space), std::regex_replace(path, std::regex(R"(\{\w+\})"), "x")};
}

TEST_F(ApiTest, NoPathAnswersStrangers) {
  for (const std::string& route : router().list()) {
    const auto [method, path] = filled(route, "p1");
    const http::Response response = call(method, path, "", {});
    EXPECT_EQ(response.status, 401) << route;
    EXPECT_EQ(json::parse(response.body)["error_code"], "APIG.0301") << route;
  }
}

TEST_F(ApiTest, NoPathAnswersForAnotherProject) {
  for (const std::string& route : router().list()) {
    const auto [method, path] = filled(route, "p2");
    const http::Response response = call(method, path);
    EXPECT_EQ(response.status, 403) << route;
    EXPECT_EQ(json::parse(response.body)["error_code"], "DRS.M00261") << route;
  }
}

TEST_F(ApiTest, BodiesOfOtherTypesAreRefused) {
  for (const std::string& route : router().list()) {
    const auto [method, path] = filled(route, "p1");
    if (method == "GET") continue;
    EXPECT_EQ(call(method, path, "<x/>", {{"X-Auth-Token", "good"}, {"Content-Type", "text/xml"}}).status, 415)
        << route;
    EXPECT_EQ(call(method, path, "{}", {{"X-Auth-Token", "good"}}).status, 415) << route;
  }
}

TEST_F(ApiTest, JsonMayNameItsCharset) {
  const std::string path = "/v5/p1/jobs/batch-async-create";
  for (const char* type : {"application/json;charset=UTF-8", "Application/JSON ; charset=utf-8"})
    EXPECT_EQ(call("POST", path, "{}", {{"X-Auth-Token", "good"}, {"Content-Type", type}}).status, 400) << type;
}

/// The operations of openapi.yaml on a project: it indents paths by two and methods by four spaces.
std::set<std::string> operationsOfContract() {
  std::ifstream file(OPENAPI_FILE);
  std::set<std::string> found;
  std::string line, path;
  std::smatch match;
  while (std::getline(file, line)) {
    if (std::regex_match(line, match, std::regex("  (/\\S+):"))) path = match[1];
    if (!path.empty() && std::regex_match(line, match, std::regex("    (get|put|post|delete):.*"))) {
      std::string method = match[1];
      std::transform(method.begin(), method.end(), method.begin(),
                     [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      if (path.find("/{project_id}/") != std::string::npos) found.insert(method + " " + path);
    }
    if (line.starts_with("components:")) break;
  }
  return found;
}

TEST_F(ApiTest, TheContractNamesTheSamePaths) {
  const auto routes = router().list();
  EXPECT_EQ(std::set<std::string>(routes.begin(), routes.end()), operationsOfContract());
}

}  // namespace
}  // namespace drs::api
