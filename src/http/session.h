#pragma once

#include "http/connections.h"
#include "http/transport.h"

#include <memory>
#include <string>

// Internal to the server.

namespace drs::http {

/// Lets a new connection live on its strand until it ends.
void startSession(std::unique_ptr<Transport> transport, std::string remote, const std::shared_ptr<Shared>& shared);

}  // namespace drs::http
