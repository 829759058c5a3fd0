#pragma once

#include "base/clock.h"
#include "crypto/master_key.h"

#include <optional>
#include <string>
#include <string_view>

namespace drs {

/// Makes and checks tokens that need no storage: text, end of validity and an HMAC over both. They survive a restart
/// and end when the key changes. Threads: any.
class TokenSigner {
 public:
  explicit TokenSigner(const Key& key) : key_(key) {}

  /// A token of URL-safe characters that carries `claims` readable for anyone.
  [[nodiscard]] std::string issue(std::string_view claims, UnixMillis expires) const;
  /// The claims; nothing if the token is malformed, altered, made with another key, or expired at `now`.
  [[nodiscard]] std::optional<std::string> open(std::string_view token, UnixMillis now) const;

 private:
  [[nodiscard]] std::string mac(std::string_view body) const;

  Key key_;
};

}  // namespace drs
