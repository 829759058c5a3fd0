#pragma once

#include "http/router.h"

namespace drs::api {

class AccountAuthenticator;

/// Adds the calls of the identity service that clients need to find their way (auth.md 1 and 3): POST /v3/auth/tokens,
/// GET /v3/projects, GET /v3/auth/domains. The authenticator outlives the router.
void addIdentityRoutes(http::Router& router, AccountAuthenticator& authenticator);

}  // namespace drs::api
