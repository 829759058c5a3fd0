#pragma once

#include "crypto/master_key.h"

#include <string>
#include <string_view>

namespace drs {

/// Seals secrets before they touch the store, with AES-256-GCM: "sealed:v1:<key id>:<base64 of nonce, text, tag>". What
/// was sealed opens only for the same job and field, so that a sealed value cannot be moved to where it would be shown.
/// Threads: any.
class Sealer {
 public:
  explicit Sealer(const MasterKey& key) : key_(key.derive("seal")), keyId_(key.id()) {}

  /// `path` is the field within the job, e.g. "source_endpoint[0].endpoint.db_password".
  [[nodiscard]] std::string seal(std::string_view plain, std::string_view jobId, std::string_view path) const;

  /// The plain text. Throws Error(sealBroken) if the text is no sealed value, was sealed with another key, for another
  /// job or field, or has been altered. The error never holds the secret.
  [[nodiscard]] std::string open(std::string_view sealed, std::string_view jobId, std::string_view path) const;

  /// Whether a text has the form of a sealed value.
  [[nodiscard]] static bool looksSealed(std::string_view text) { return text.starts_with("sealed:"); }

 private:
  Key key_;
  std::string keyId_;
};

}  // namespace drs
