#pragma once

#include "api/auth.h"
#include "api/credentials.h"
#include "api/lockout.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/master_key.h"
#include "crypto/token.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace drs::api {

/// Authentication against the account of credentials.json. Tokens are signed with a key of the master key and the
/// password, so they survive a restart and end when either changes.
///
/// Five wrong signatures in a row lock an access key for five minutes, five wrong passwords in a row lock the login for
/// one minute, both for the client's address only. Threads: any.
class AccountAuthenticator final : public Authenticator {
 public:
  AccountAuthenticator(Credentials credentials, const MasterKey& masterKey, std::shared_ptr<const Clock> clock,
                       Log log);

  [[nodiscard]] Caller authenticate(const http::Request& request) override;
  /// As authenticate(), but cheap and by the header alone: the signature itself is not checked. For deciding whether a
  /// large body is worth reading.
  void admit(const http::Request& request);

  /// Whether user, domain and password are right. `domain` may be empty. Throws Error(throttled).
  [[nodiscard]] bool login(std::string_view user, std::string_view domain, std::string_view password,
                           const std::string& remote);

  struct IssuedToken {
    std::string text;
    UnixMillis issued, expires;
  };
  [[nodiscard]] IssuedToken issueToken();

  [[nodiscard]] const Credentials& credentials() const { return credentials_; }

 private:
  [[nodiscard]] Caller callerOf(const http::Request& request) const;
  void checkToken(std::string_view token) const;
  void checkSignature(const http::Request& request, std::string_view authorization);
  [[nodiscard]] bool passwordIsRight(std::string_view password);

  const Credentials credentials_;
  const std::shared_ptr<const Clock> clock_;
  const Log log_;
  const TokenSigner tokens_;
  const Key compareKey_;
  std::mutex hashing_;  ///< one scrypt at a time: it takes 32 MiB
  std::mutex knownMutex_;
  std::string knownPassword_;  ///< HMAC of a password that was right, so that it is not hashed again
  Lockout signatures_, logins_;
};

}  // namespace drs::api
