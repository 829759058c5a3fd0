#pragma once

#include "base/clock.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs {

/// What of a request is signed.
struct SignableRequest {
  std::string_view method;  ///< upper case
  std::string_view target;  ///< raw path and query as on the wire
  std::span<const std::pair<std::string, std::string>> headers;
  std::string_view body;
};

/// The parts of "Authorization: SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…".
struct Authorization {
  std::string accessKey;
  std::vector<std::string> signedHeaders;  ///< lower case, in the order sent
  std::string signature;                   ///< lower-case hex
};

/// Nothing if the text is not of that form, or uses another algorithm.
[[nodiscard]] std::optional<Authorization> parseAuthorization(std::string_view header);

enum class SignatureResult {
  good,
  malformed,     ///< a header that the check needs is missing, repeated or unreadable, or the target is
  clockTooFar,   ///< X-Sdk-Date differs from now by more than 15 minutes
  bodyMismatch,  ///< X-Sdk-Content-Sha256 does not describe the body
  mismatch,      ///< signed with another key, or altered on the way
};

/// Checks a signature by its own list of signed headers and nothing else, because every client signs other ones.
/// Constant time in the comparison. X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD is taken for content that is not JSON only.
[[nodiscard]] SignatureResult verifySignature(const SignableRequest& request, const Authorization& authorization,
                                              std::string_view secretKey, UnixMillis now);

/// The value of the Authorization header for a request that has its X-Sdk-Date (see sdkDate). All of request.headers
/// are signed.
[[nodiscard]] std::string signRequest(const SignableRequest& request, std::string_view accessKey,
                                      std::string_view secretKey);

/// "20260102T030405Z".
[[nodiscard]] std::string sdkDate(UnixMillis time);

/// The canonical query of a raw one ("b=2&a=1"): decoded, encoded again, sorted by key, then by value. Nothing on a
/// broken percent escape.
[[nodiscard]] std::optional<std::string> canonicalQuery(std::string_view rawQuery);

/// The six parts joined by newlines. Nothing if a signed header is missing or occurs twice, or the target is malformed.
[[nodiscard]] std::optional<std::string> canonicalRequest(const SignableRequest& request,
                                                          const std::vector<std::string>& signedHeaders);

}  // namespace drs
