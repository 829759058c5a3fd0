#include "api/error_response.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;

http::Request request() {
  http::Request out;
  out.requestId = "0123456789abcdef0123456789abcdef";
  return out;
}

std::string headerOf(const http::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(ErrorResponse, HasCodeTextAndRemedy) {
  const http::Response response = errorResponse(Error(Msg::unknownJob, {"x"}), request());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json::parse(response.body),
            json({{"error_code", "DRS.10000010"}, {"error_msg", "The job x does not exist"}}));
  const json busy = json::parse(errorResponse(Error(Msg::busy, {"x"}), request()).body);
  EXPECT_EQ(busy["error_msg"], "Another operation is running on the job x. Repeat the call when it has ended.");
}

TEST(ErrorResponse, GatewayCodesCarryTheRequestId) {
  const http::Response response = errorResponse(Error(Msg::notAuthenticated, {"x"}), request());
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(json::parse(response.body)["request_id"], request().requestId);
  EXPECT_FALSE(json::parse(errorResponse(Error(Msg::busy, {"x"}), request()).body).contains("request_id"));
}

TEST(ErrorResponse, SaysWhatHttpWantsToBeSaid) {
  EXPECT_EQ(headerOf(errorResponse(Error(Msg::methodNotAllowed, {"PUT", "GET, POST"}), request()), "Allow"),
            "GET, POST");
  EXPECT_EQ(headerOf(errorResponse(Error(Msg::throttled), request()), "Retry-After"), "1");
}

TEST(ErrorResponse, DetailNeverReachesAClient) {
  const http::Response response =
      errorResponse(Error(Msg::storeFailed, {"disk full"}, Origin::store, "secret detail"), request());
  EXPECT_EQ(response.body.find("secret detail"), std::string::npos);
}

TEST(ErrorResponse, TextHasAtMost512Characters) {
  const auto text = [](const std::string& argument) {
    return json::parse(errorResponse(Error(Msg::unknownJob, {argument}), request()).body)["error_msg"]
        .get<std::string>();
  };
  EXPECT_EQ(text(std::string(1000, 'a')).size(), 512U);
  std::string wide;
  for (int i = 0; i < 600; ++i) wide += "\xc3\xbc";
  const std::string cut = text(wide);
  EXPECT_EQ(cut.substr(0, 8), "The job ");
  EXPECT_EQ(cut.size(), 8U + 2U * 504U) << "504 characters of two bytes, none of them halved";
  EXPECT_NE(text("\xff\xfe").find("does not exist"), std::string::npos) << "bytes that are not UTF-8";
}

TEST(ErrorResponse, ARefusedParameterStandsInErrorsToo) {
  const auto errors = [](const Error& error) {
    return json::parse(errorResponse(error, request()).body).value("errors", json::array());
  };
  EXPECT_EQ(errors(Error(Msg::badPaging, {"limit", "0", "1 to 1000"}, Origin::request)),
            json({{{"path", "limit"}, {"value", "0"}, {"allowed", "1 to 1000"}, {"error_code", "DRS.M00210"}}}));
  EXPECT_EQ(errors(Error(Msg::missingMember, {"type"}, Origin::request)),
            json({{{"path", "type"}, {"value", ""}, {"allowed", "a value"}, {"error_code", "DRS.M00201"}}}));
  EXPECT_EQ(errors(Error(Msg::valueNotAllowed, {"type", "x", "a, b"}, Origin::request))[0]["allowed"], "a, b");
  EXPECT_EQ(errors(Error(Msg::unknownJob, {"x"}, Origin::request)), json::array());
}

TEST(ErrorResponse, AllProblemsAreListed) {
  const std::vector<Problem> problems{{Msg::missingMember, "jobs[0].node_info", "", "", {"jobs[0].node_info"}},
                                      {Msg::valueNotAllowed, "jobs[1].x", "7", "1 to 3", {"jobs[1].x", "7", "1 to 3"}}};
  const http::Response response = errorResponse(problems, request());
  EXPECT_EQ(response.status, 400);
  const json body = json::parse(response.body);
  EXPECT_EQ(body["error_code"], "DRS.M00201");
  EXPECT_EQ(body["error_msg"], "jobs[0].node_info is missing or empty");
  ASSERT_EQ(body["errors"].size(), 2U);
  EXPECT_EQ(body["errors"][1],
            json({{"path", "jobs[1].x"}, {"value", "7"}, {"allowed", "1 to 3"}, {"error_code", "DRS.M00202"}}));
}

}  // namespace
}  // namespace drs::api
