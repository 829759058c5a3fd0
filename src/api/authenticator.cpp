#include "api/authenticator.h"

#include "base/error.h"
#include "crypto/encoding.h"
#include "crypto/password.h"
#include "crypto/request_signature.h"

#include <optional>

namespace drs::api {
namespace {

constexpr UnixMillis kTokenLife = 24LL * 3600 * 1000;
constexpr int kMaxFailures = 5;
constexpr UnixMillis kSignatureLock = 5LL * 60 * 1000;
constexpr UnixMillis kLoginLock = 60LL * 1000;
constexpr std::string_view kTokenClaims = "account";

Error notAuthenticated(std::string why) {
  return Error(Msg::notAuthenticated, {std::move(why)}, Origin::request);
}

/// The project of a path /v{n}/{project_id}/…; nothing for the paths of the identity service.
std::optional<std::string_view> projectOf(const http::Request& request) {
  const auto& path = request.segments;
  if (path.size() < 3 || !path[0].starts_with('v') || path[1] == "auth" || path[1] == "projects") return std::nullopt;
  return path[1];
}

std::string languageOf(const http::Request& request) {
  const auto wanted = request.header("X-Language");
  return wanted && http::equalsIgnoreCase(*wanted, "zh-cn") ? "zh-cn" : "en-us";
}

std::string explain(SignatureResult result) {
  switch (result) {
    case SignatureResult::malformed:
      return "a signed header or X-Sdk-Date is missing, repeated or malformed";
    case SignatureResult::clockTooFar:
      return "X-Sdk-Date differs from the server's clock by more than 15 minutes";
    case SignatureResult::bodyMismatch:
      return "X-Sdk-Content-Sha256 does not fit the body";
    case SignatureResult::mismatch:
      return "the signature does not match";
    case SignatureResult::good:
      break;
  }
  return "";
}

}  // namespace

AccountAuthenticator::AccountAuthenticator(Credentials credentials, const MasterKey& masterKey,
                                           std::shared_ptr<const Clock> clock, Log log)
    : credentials_(std::move(credentials)),
      clock_(std::move(clock)),
      log_(std::move(log)),
      tokens_(masterKey.derive("token/" + sha256Hex(credentials_.userName + "\n" + credentials_.password + "\n" +
                                                    credentials_.passwordHash))),
      compareKey_(masterKey.derive("password")),
      signatures_(kMaxFailures, kSignatureLock),
      logins_(kMaxFailures, kLoginLock) {
  if (!credentials_.password.empty()) knownPassword_ = hmacSha256(compareKey_.bytes(), credentials_.password);
}

Caller AccountAuthenticator::callerOf(const http::Request& request) const {
  const auto project = projectOf(request);
  if (project && *project != credentials_.projectId)
    throw Error(Msg::otherProject, {std::string(*project)}, Origin::request);
  return {credentials_.projectId, credentials_.domainId(), credentials_.domainName,
          credentials_.userId(),  credentials_.userName,   languageOf(request)};
}

Caller AccountAuthenticator::authenticate(const http::Request& request) {
  const auto authorization = request.header("Authorization");
  const auto token = request.header("X-Auth-Token");
  if (authorization) {
    checkSignature(request, *authorization);
  } else if (token) {
    checkToken(*token);
  } else {
    throw notAuthenticated("the request has neither X-Auth-Token nor Authorization");
  }
  return callerOf(request);
}

void AccountAuthenticator::admit(const http::Request& request) {
  const auto authorization = request.header("Authorization");
  if (!authorization) {
    (void)authenticate(request);
    return;
  }
  const auto parsed = parseAuthorization(*authorization);
  if (!parsed || parsed->accessKey != credentials_.accessKey) throw notAuthenticated("unknown access key");
  (void)callerOf(request);
}

void AccountAuthenticator::checkToken(std::string_view token) const {
  if (tokens_.open(token, clock_->now()) != kTokenClaims)
    throw notAuthenticated("the token is not valid or has expired");
}

void AccountAuthenticator::checkSignature(const http::Request& request, std::string_view authorization) {
  const auto parsed = parseAuthorization(authorization);
  if (!parsed)
    throw notAuthenticated("Authorization is not of the form SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…");
  if (parsed->accessKey != credentials_.accessKey) throw notAuthenticated("unknown access key");
  const std::string who = parsed->accessKey + "\n" + request.remote;
  const UnixMillis now = clock_->now();
  if (signatures_.locked(who, now))
    throw notAuthenticated("too many wrong signatures; the access key is locked for a few minutes");
  const SignableRequest signable{request.method, request.target, request.headers.all(), request.body};
  const SignatureResult result = verifySignature(signable, *parsed, credentials_.secretKey, now);
  if (result == SignatureResult::mismatch) {
    signatures_.failed(who, now);
    log_.warn("wrong signature for access key {} from {}", parsed->accessKey, request.remote);
  }
  if (result != SignatureResult::good) throw notAuthenticated(explain(result));
  signatures_.succeeded(who);
}

bool AccountAuthenticator::login(std::string_view user, std::string_view domain, std::string_view password,
                                 const std::string& remote) {
  const UnixMillis now = clock_->now();
  if (logins_.locked(remote, now)) throw Error(Msg::throttled, {}, Origin::request);
  // The password is looked at even for an unknown user, so that the answer's time does not tell which names exist.
  const bool right = passwordIsRight(password) && equalsConstantTime(user, credentials_.userName) &&
                     (domain.empty() || domain == credentials_.domainName || domain == credentials_.domainId());
  if (right) {
    logins_.succeeded(remote);
  } else {
    logins_.failed(remote, now);
    log_.warn("wrong user name or password from {}", remote);
  }
  return right;
}

bool AccountAuthenticator::passwordIsRight(std::string_view password) {
  const std::string mac = hmacSha256(compareKey_.bytes(), password);
  {
    const std::lock_guard lock(knownMutex_);
    if (!knownPassword_.empty() && equalsConstantTime(mac, knownPassword_)) return true;
  }
  if (credentials_.passwordHash.empty()) return false;
  const std::unique_lock turn(hashing_, std::try_to_lock);
  if (!turn) throw Error(Msg::throttled, {}, Origin::request);
  if (!verifyPassword(password, credentials_.passwordHash)) return false;
  const std::lock_guard lock(knownMutex_);
  knownPassword_ = mac;
  return true;
}

AccountAuthenticator::IssuedToken AccountAuthenticator::issueToken() {
  const UnixMillis now = clock_->now();
  return {tokens_.issue(kTokenClaims, now + kTokenLife), now, now + kTokenLife};
}

}  // namespace drs::api
