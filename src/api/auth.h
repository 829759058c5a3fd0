#pragma once

#include "http/request.h"

#include <memory>
#include <string>

namespace drs::api {

/// Who sends a request. projectId is empty for account-wide tokens outside of a project path.
struct Caller {
  std::string projectId, domainId, domainName, userId, userName;
  std::string language = "en-us";  ///< X-Language, "en-us" or "zh-cn"
};

/// Decides who a caller is. Threads: any.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// By X-Auth-Token or by the signature in Authorization (auth.md 1 and 2). For a path /v{n}/{project_id}/… the
  /// project must be the caller's. Throws Error(notAuthenticated), Error(otherProject), Error(throttled).
  [[nodiscard]] virtual Caller authenticate(const http::Request& request) = 0;
};

}  // namespace drs::api
