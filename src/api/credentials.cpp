#include "api/credentials.h"

#include "base/error.h"
#include "base/ids.h"
#include "crypto/encoding.h"
#include "crypto/private_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace drs::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kIdDigits = 32;
constexpr std::size_t kMaxNameLength = 64;

struct Field {
  const char* name;
  std::string Credentials::* member;
  bool mandatory;
};

constexpr std::array kFields{
    Field{"endpoint", &Credentials::endpoint, false},          Field{"region", &Credentials::region, true},
    Field{"project_id", &Credentials::projectId, true},        Field{"domain_name", &Credentials::domainName, true},
    Field{"user_name", &Credentials::userName, true},          Field{"password", &Credentials::password, false},
    Field{"password_hash", &Credentials::passwordHash, false}, Field{"access_key", &Credentials::accessKey, true},
    Field{"secret_key", &Credentials::secretKey, true},
};

void demandName(const char* what, const std::string& text) {
  const bool good = !text.empty() && text.size() <= kMaxNameLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
  if (!good) throw Error(Msg::badConfig, {std::string(what) + " must be 1 to 64 letters, digits, - or _"});
}

Json readJson(const std::string& path) {
  std::string text = readPrivateFile(path);
  Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  wipe(text);
  if (!object.is_object()) throw Error(Msg::badConfig, {path + ": is not a JSON object"});
  return object;
}

}  // namespace

std::string Credentials::domainId() const {
  return sha256Hex("domain/" + domainName).substr(0, kIdDigits);
}
std::string Credentials::userId() const {
  return sha256Hex("user/" + domainName + "/" + userName).substr(0, kIdDigits);
}

Credentials makeCredentials(const std::string& endpoint, const std::string& region, const std::string& projectId) {
  Credentials out;
  out.endpoint = endpoint;
  out.region = region;
  out.projectId = projectId.empty() ? randomHex(kIdDigits / 2) : projectId;
  demandName("the region", out.region);
  demandName("the project id", out.projectId);
  out.domainName = "local";
  out.userName = "admin";
  out.password = toBase64Url(randomBytes(18));
  std::string accessKey = randomHex(10);
  std::transform(accessKey.begin(), accessKey.end(), accessKey.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  out.accessKey = accessKey;
  out.secretKey = toBase64Url(randomBytes(30));
  return out;
}

void createCredentialsFile(const std::string& path, const Credentials& credentials) {
  Json object = Json::object();
  for (const Field& field : kFields) {
    const std::string& value = credentials.*field.member;
    if (!value.empty()) object[field.name] = value;
  }
  std::string text = object.dump(2) + "\n";
  createPrivateFile(path, text);
  wipe(text);
}

Credentials loadCredentials(const std::string& path) {
  const Json object = readJson(path);
  Credentials out;
  for (const Field& field : kFields) {
    const auto found = object.find(field.name);
    if (found != object.end() && !found->is_string())
      throw Error(Msg::badConfig, {path + ": " + field.name + " must be text"});
    if (found != object.end()) out.*field.member = found->get<std::string>();
    if (field.mandatory && (out.*field.member).empty())
      throw Error(Msg::badConfig, {path + ": " + field.name + " is missing"});
  }
  if (out.password.empty() == out.passwordHash.empty()) {
    throw Error(Msg::badConfig, {path + ": needs either password or password_hash"});
  }
  demandName("region", out.region);
  demandName("project_id", out.projectId);
  return out;
}

void updateEndpoint(const std::string& path, const std::string& endpoint) {
  Json object = readJson(path);
  object["endpoint"] = endpoint;
  std::string text = object.dump(2) + "\n";
  replacePrivateFile(path, text);
  wipe(text);
}

}  // namespace drs::api
