#include "api/authenticator.h"
#include "api/identity.h"
#include "base/error.h"
#include "crypto/password.h"
#include "crypto/request_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] UnixMillis now() const override { return millis; }
  UnixMillis millis = 1'767'600'000'123;  // 2026-01-05T08:00:00.123Z
};

Credentials account() {
  Credentials out;
  out.region = "local-1";
  out.projectId = "0123456789abcdef0123456789abcdef";
  out.domainName = "acme";
  out.userName = "ops";
  out.password = "right password";
  out.accessKey = "AKEXAMPLE0000000001";
  out.secretKey = "sk-example-not-secret";
  return out;
}

class AuthTest : public ::testing::Test {
 protected:
  AuthTest() { build(account()); }

  void build(const Credentials& credentials) {
    router_ = {};
    authenticator_ = std::make_unique<AccountAuthenticator>(credentials, key_, clock_, Log());
    addIdentityRoutes(router_, *authenticator_);
  }

  http::Request request(const std::string& method, const std::string& target, const std::string& body = "") const {
    http::Request out;
    EXPECT_TRUE(http::parseTarget(target, out));
    out.method = method;
    out.body = body;
    out.remote = "192.0.2.1";
    return out;
  }
  http::Request project(const std::string& id = account().projectId) const {
    return request("GET", "/v5/" + id + "/jobs");
  }

  void sign(http::Request& request, const std::string& secretKey = account().secretKey) const {
    request.headers.set("X-Sdk-Date", sdkDate(clock_->millis));
    const std::vector<std::pair<std::string, std::string>> date{{"X-Sdk-Date", sdkDate(clock_->millis)}};
    request.headers.set("Authorization", signRequest({request.method, request.target, date, request.body},
                                                     account().accessKey, secretKey));
  }

  /// "good" or the symbol and the first argument of the error.
  std::string check(const http::Request& request) {
    try {
      (void)authenticator_->authenticate(request);
      return "good";
    } catch (const Error& error) {
      return std::string(message(error.msg()).symbol) + (error.args().empty() ? "" : ": " + error.args()[0]);
    }
  }
  std::string wronglySigned(const char* remote = "192.0.2.1") {
    http::Request wrong = project();
    wrong.remote = remote;
    sign(wrong, "another key");
    return check(wrong);
  }

  http::Response login(const json& user, const json& scope = nullptr, const std::string& query = "",
                       const char* remote = "192.0.2.1") {
    json body{{"auth", {{"identity", {{"methods", {"password"}}, {"password", {{"user", user}}}}}}}};
    if (!scope.is_null()) body["auth"]["scope"] = scope;
    http::Request one = request("POST", "/v3/auth/tokens" + query, body.dump());
    one.remote = remote;
    return router_.handle(one);
  }
  static json ops(const std::string& password = "right password") {
    return {{"name", "ops"}, {"password", password}, {"domain", {{"name", "acme"}}}};
  }
  static std::string tokenOf(const http::Response& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "X-Subject-Token") return value;
    }
    return "";
  }
  http::Request withToken(const std::string& token, const std::string& projectId = account().projectId) const {
    http::Request out = project(projectId);
    out.headers.add("x-auth-token", token);
    return out;
  }

  const MasterKey key_{std::string(32, 'k')};
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::unique_ptr<AccountAuthenticator> authenticator_;
  http::Router router_;
};

TEST_F(AuthTest, SignedRequestsAreKnown) {
  http::Request one = project();
  one.headers.add("X-Language", "ZH-CN");
  sign(one);
  const Caller caller = authenticator_->authenticate(one);
  EXPECT_EQ(caller.projectId, account().projectId);
  EXPECT_EQ(caller.domainName, "acme");
  EXPECT_EQ(caller.userName, "ops");
  EXPECT_EQ(caller.language, "zh-cn");
  EXPECT_EQ(caller.domainId.size(), 32U);
}

TEST_F(AuthTest, NothingWrongOrUnknownIsRefused) {
  EXPECT_THAT(check(project()), HasSubstr("notAuthenticated"));
  http::Request basic = project();
  basic.headers.add("Authorization", "Basic abc");
  EXPECT_THAT(check(basic), HasSubstr("not of the form"));
  http::Request unknown = project();
  sign(unknown);
  std::string authorization(*unknown.header("Authorization"));
  authorization.replace(authorization.find("AKEXAMPLE"), 9, "AKUNKNOWN");
  unknown.headers.set("Authorization", authorization);
  EXPECT_THAT(check(unknown), HasSubstr("unknown access key"));
  EXPECT_THAT(wronglySigned(), HasSubstr("does not match"));
  http::Request late = project();
  sign(late);
  clock_->millis += 16 * 60 * 1000;
  EXPECT_THAT(check(late), HasSubstr("15 minutes"));
}

TEST_F(AuthTest, AnotherProjectIsRefused) {
  for (const char* target : {"/v5/other/jobs", "/v5.1/other/jobs/1/db-object", "/v3/other/jobs"}) {
    http::Request one = request("GET", target);
    sign(one);
    EXPECT_EQ(check(one), "otherProject: other") << target;
  }
}

TEST_F(AuthTest, FiveWrongSignaturesLockTheKeyForFiveMinutesForThatAddressOnly) {
  for (int i = 0; i < 5; ++i) EXPECT_THAT(wronglySigned(), HasSubstr("does not match"));
  http::Request right = project();
  sign(right);
  EXPECT_THAT(check(right), HasSubstr("locked"));
  right.remote = "192.0.2.2";
  EXPECT_EQ(check(right), "good") << "a stranger locked the owner out";
  clock_->millis += 5 * 60 * 1000;
  http::Request later = project();
  sign(later);
  EXPECT_EQ(check(later), "good");
}

TEST_F(AuthTest, ARightSignatureForgetsTheWrongOnes) {
  http::Request right = project();
  sign(right);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) (void)wronglySigned();
    EXPECT_EQ(check(right), "good");
  }
}

TEST_F(AuthTest, TokenIsIssuedAndWorks) {
  const http::Response response = login(ops(), {{"project", {{"name", "local-1"}}}});
  ASSERT_EQ(response.status, 201) << response.body;
  const json token = json::parse(response.body)["token"];
  EXPECT_EQ(token["issued_at"], "2026-01-05T08:00:00.123000Z");
  EXPECT_EQ(token["expires_at"], "2026-01-06T08:00:00.123000Z");
  EXPECT_EQ(token["project"]["id"], account().projectId);
  EXPECT_EQ(token["project"]["name"], "local-1");
  EXPECT_EQ(token["project"]["domain"]["name"], "acme");
  EXPECT_EQ(token["user"]["name"], "ops");
  EXPECT_EQ(token["methods"], json::array({"password"}));
  EXPECT_TRUE(token["roles"].is_array());
  EXPECT_TRUE(token["catalog"].is_array());
  EXPECT_EQ(response.body.find(tokenOf(response)), std::string::npos) << "the token stands in the header only";
  EXPECT_EQ(check(withToken(tokenOf(response))), "good");
  EXPECT_EQ(check(withToken(tokenOf(response), "other")), "otherProject: other");
  EXPECT_THAT(check(withToken(tokenOf(response) + "x")), HasSubstr("not valid"));
  clock_->millis += 24LL * 3600 * 1000;
  EXPECT_THAT(check(withToken(tokenOf(response))), HasSubstr("expired"));
}

TEST_F(AuthTest, TokenSurvivesARestartAndEndsWithThePassword) {
  const std::string token = tokenOf(login(ops()));
  build(account());
  EXPECT_EQ(check(withToken(token)), "good");
  Credentials changed = account();
  changed.password = "new password";
  build(changed);
  EXPECT_THAT(check(withToken(token)), HasSubstr("notAuthenticated"));
}

TEST_F(AuthTest, ScopesAreTheAccountsOnly) {
  const json project = json::parse(login(ops(), {{"project", {{"id", account().projectId}}}}).body);
  EXPECT_TRUE(project["token"].contains("project"));
  for (const json& scope :
       {json(nullptr), json{{"domain", {{"name", "acme"}}}}, json{{"domain", {{"id", account().domainId()}}}}}) {
    const json body = json::parse(login(ops(), scope).body);
    EXPECT_FALSE(body["token"].contains("project"));
    EXPECT_EQ(body["token"]["domain"]["name"], "acme");
  }
  for (const json& scope :
       {json{{"project", {{"name", "elsewhere"}}}}, json{{"project", {{"id", "x"}}}}, json{{"project", json::object()}},
        json{{"project", "text"}}, json{{"domain", {{"name", "other"}}}}}) {
    EXPECT_EQ(login(ops(), scope).status, 401) << scope;
  }
}

TEST_F(AuthTest, CatalogueIsLeftOutOnRequest) {
  EXPECT_FALSE(json::parse(login(ops(), nullptr, "?nocatalog=true").body)["token"].contains("catalog"));
}

TEST_F(AuthTest, WrongLoginsAreRefusedInTheShapeOfTheIdentityService) {
  json otherUser = ops();
  otherUser["name"] = "root";
  json otherDomain = ops();
  otherDomain["domain"]["name"] = "other";
  for (const json& user : {ops("wrong"), ops(""), otherUser, otherDomain}) {
    const http::Response response = login(user);
    EXPECT_EQ(response.status, 401);
    const json error = json::parse(response.body)["error"];
    EXPECT_EQ(error["code"], 401);
    EXPECT_EQ(error["title"], "Unauthorized");
    EXPECT_TRUE(error["message"].is_string());
    EXPECT_EQ(tokenOf(response), "");
    EXPECT_EQ(login(ops()).status, 201);  // and the count begins again
  }
}

TEST_F(AuthTest, MalformedLoginsAre400) {
  for (const char* body :
       {"", "[]", "{", "{}", R"({"auth":{}})", R"({"auth":{"identity":{"methods":["totp"],"password":{"user":{}}}}})",
        R"({"auth":{"identity":{"methods":["password"],"password":{"user":[]}}}})"}) {
    const http::Response response = router_.handle(request("POST", "/v3/auth/tokens", body));
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(json::parse(response.body)["error"]["code"], 400);
  }
}

TEST_F(AuthTest, ManyWrongPasswordsThrottleTheAddress) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(login(ops("wrong")).status, 401);
  try {
    (void)login(ops());
    ADD_FAILURE() << "not throttled";
  } catch (const Error& error) {
    EXPECT_EQ(error.msg(), Msg::throttled);
  }
  EXPECT_EQ(login(ops(), nullptr, "", "192.0.2.2").status, 201) << "a stranger locked the owner out";
  clock_->millis += 60'000;
  EXPECT_EQ(login(ops()).status, 201);
}

TEST_F(AuthTest, PasswordMayBeStoredAsAHash) {
  Credentials hashed = account();
  hashed.passwordHash = hashPassword(hashed.password);
  hashed.password.clear();
  build(hashed);
  EXPECT_EQ(login(ops("wrong")).status, 401);
  EXPECT_EQ(login(ops()).status, 201);
  EXPECT_EQ(login(ops()).status, 201);
}

TEST_F(AuthTest, ProjectsAndDomainsAreListedAsClientsExpect) {
  http::Request projects = request("GET", "/v3/projects?name=local-1");
  sign(projects);
  const json listed = json::parse(router_.handle(projects).body);
  ASSERT_EQ(listed["projects"].size(), 1U);
  EXPECT_EQ(listed["projects"][0]["id"], account().projectId);
  EXPECT_EQ(listed["projects"][0]["enabled"], true);
  EXPECT_EQ(listed["projects"][0]["domain_id"], account().domainId());
  EXPECT_TRUE(listed["links"].contains("next"));

  http::Request others = request("GET", "/v3/projects?name=elsewhere");
  sign(others);
  EXPECT_EQ(json::parse(router_.handle(others).body)["projects"], json::array());

  http::Request domains = request("GET", "/v3/auth/domains");
  sign(domains);
  const json found = json::parse(router_.handle(domains).body)["domains"];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["name"], "acme");
  EXPECT_THROW((void)router_.handle(request("GET", "/v3/auth/domains")), Error);
}

TEST_F(AuthTest, AdmissionLooksAtTheHeaderAlone) {
  http::Request large = request("POST", "/v5/" + account().projectId + "/jobs/batch-async-create", "body");
  EXPECT_THROW(authenticator_->admit(large), Error);
  sign(large);
  large.body.clear();
  EXPECT_NO_THROW(authenticator_->admit(large));
  http::Request other = request("POST", "/v5/other/jobs");
  sign(other);
  EXPECT_THROW(authenticator_->admit(other), Error);
  EXPECT_NO_THROW(authenticator_->admit(withToken(tokenOf(login(ops())))));
  EXPECT_THROW(authenticator_->admit(withToken("nonsense")), Error);
}

TEST(LockoutTest, IsBounded) {
  Lockout lockout(1, 1000);
  for (int i = 0; i < 10'000; ++i) lockout.failed(std::to_string(i), i);
  EXPECT_FALSE(lockout.locked("0", 10'000)) << "the oldest went";
  EXPECT_TRUE(lockout.locked("9999", 10'000));
}

}  // namespace
}  // namespace drs::api
