#include "api/identity.h"

#include "api/authenticator.h"
#include "api/json_io.h"
#include "base/error.h"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxLoginBytes = 64U << 10U;

/// The identity service has an error shape of its own.
http::Response identityError(int status, const char* title, const std::string& text) {
  return jsonResponse(Json{{"error", {{"code", status}, {"message", text}, {"title", title}}}}, status);
}

http::Response unauthorized() {
  return identityError(401, "Unauthorized", "The user name, the password or the scope is not right.");
}

/// "2026-01-05T08:00:00.000000Z".
std::string isoTime(UnixMillis time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}000Z", fmt::gmtime(static_cast<std::time_t>(time / 1000)), time % 1000);
}

/// The object or text at a path of member names; null if it is not there.
const nlohmann::json& at(const nlohmann::json& from, std::initializer_list<const char*> path) {
  static const nlohmann::json kNothing;
  const nlohmann::json* here = &from;
  for (const char* name : path) {
    if (!here->is_object()) return kNothing;
    const auto found = here->find(name);
    if (found == here->end()) return kNothing;
    here = &*found;
  }
  return *here;
}

std::string textAt(const nlohmann::json& from, std::initializer_list<const char*> path) {
  const nlohmann::json& value = at(from, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// An id or a name that was sent must be the account's.
bool fits(const nlohmann::json& scope, const std::string& id, const std::string& name) {
  const std::string sentId = textAt(scope, {"id"});
  const std::string sentName = textAt(scope, {"name"});
  return (sentId.empty() || sentId == id) && (sentName.empty() || sentName == name) &&
         !(sentId.empty() && sentName.empty());
}

Json domainJson(const Credentials& account) {
  return {{"id", account.domainId()}, {"name", account.domainName}};
}

/// The body of the answer; nothing if the scope is not the account's.
std::optional<Json> describeToken(const nlohmann::json& scope, const Credentials& account,
                                  const AccountAuthenticator::IssuedToken& token) {
  Json out{{"methods", Json::array({"password"})},
           {"issued_at", isoTime(token.issued)},
           {"expires_at", isoTime(token.expires)}};
  if (const auto& project = at(scope, {"project"}); !project.is_null()) {
    if (!fits(project, account.projectId, account.region)) return std::nullopt;
    out["project"] = {{"id", account.projectId}, {"name", account.region}, {"domain", domainJson(account)}};
  } else {
    const auto& domain = at(scope, {"domain"});
    if (!domain.is_null() && !fits(domain, account.domainId(), account.domainName)) return std::nullopt;
    out["domain"] = domainJson(account);
  }
  out["user"] = {{"id", account.userId()}, {"name", account.userName}, {"domain", domainJson(account)}};
  out["roles"] = Json::array({{{"id", "0"}, {"name", "te_admin"}}});
  return out;
}

http::Response createToken(AccountAuthenticator& authenticator, const http::Request& request) {
  const auto body = request.body.size() > kMaxLoginBytes
                        ? nlohmann::json(nlohmann::json::value_t::discarded)
                        : nlohmann::json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return identityError(400, "Bad Request", "The body is not a JSON object.");
  const auto& user = at(body, {"auth", "identity", "password", "user"});
  const auto& methods = at(body, {"auth", "identity", "methods"});
  if (!user.is_object() || !methods.is_array() || methods != nlohmann::json::array({"password"})) {
    return identityError(400, "Bad Request", "auth.identity must hold methods [\"password\"] and password.user.");
  }
  const Credentials& account = authenticator.credentials();
  std::string name = textAt(user, {"name"});
  if (name.empty() && textAt(user, {"id"}) == account.userId()) name = account.userName;
  std::string domain = textAt(user, {"domain", "name"});
  if (domain.empty()) domain = textAt(user, {"domain", "id"});
  if (!authenticator.login(name, domain, textAt(user, {"password"}), request.remote)) return unauthorized();

  const auto token = authenticator.issueToken();
  auto described = describeToken(at(body, {"auth", "scope"}), account, token);
  if (!described) return unauthorized();
  if (!request.queryValue("nocatalog")) (*described)["catalog"] = Json::array();
  http::Response response = jsonResponse(Json{{"token", std::move(*described)}}, 201);
  response.headers.emplace_back("X-Subject-Token", token.text);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Json noLinks() {
  return {{"self", nullptr}, {"next", nullptr}, {"previous", nullptr}};
}

http::Response listProjects(AccountAuthenticator& authenticator, const http::Request& request) {
  (void)authenticator.authenticate(request);
  const Credentials& account = authenticator.credentials();
  Json projects = Json::array();
  if (request.queryValue("name").value_or(account.region) == account.region) {
    projects.push_back({{"id", account.projectId},
                        {"name", account.region},
                        {"domain_id", account.domainId()},
                        {"enabled", true},
                        {"is_domain", false},
                        {"parent_id", account.domainId()},
                        {"description", ""},
                        {"links", Json::object()}});
  }
  return jsonResponse(Json{{"projects", std::move(projects)}, {"links", noLinks()}});
}

http::Response listDomains(AccountAuthenticator& authenticator, const http::Request& request) {
  (void)authenticator.authenticate(request);
  const Credentials& account = authenticator.credentials();
  Json domain{{"id", account.domainId()},
              {"name", account.domainName},
              {"enabled", true},
              {"description", ""},
              {"links", Json::object()}};
  return jsonResponse(Json{{"domains", Json::array({std::move(domain)})}, {"links", noLinks()}});
}

}  // namespace

void addIdentityRoutes(http::Router& router, AccountAuthenticator& authenticator) {
  const auto with = [&authenticator](http::Response (*handler)(AccountAuthenticator&, const http::Request&)) {
    return [&authenticator, handler](const http::Request& request, const http::PathParams&) {
      return handler(authenticator, request);
    };
  };
  router.add({{"POST", "/v3/auth/tokens", with(createToken)},
              {"GET", "/v3/projects", with(listProjects)},
              {"GET", "/v3/auth/domains", with(listDomains)}});
}

}  // namespace drs::api
