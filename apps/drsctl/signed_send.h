#pragma once

#include "drsctl/access.h"
#include "drsctl/api.h"

namespace drs::ctl {

/// Sends requests signed with the access key (SDK-HMAC-SHA256). What keeps it from an answer becomes
/// Failure(unreachable); an endpoint or CA file that cannot be used, Failure(noAccess).
[[nodiscard]] Send signedSend(const Access& access);

}  // namespace drs::ctl
