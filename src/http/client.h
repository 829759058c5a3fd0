#pragma once

#include "http/request.h"

#include <chrono>
#include <string>

namespace drs::http {

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

struct ClientOptions {
  std::string caFile;  ///< PEM, for https; empty = the certificates that the system trusts
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds total{120'000};  ///< the whole exchange
  std::size_t maxBodyBytes = 256U << 20U;
};

/// "http://host:port/path?query" in its parts.
struct Url {
  bool tls = false;
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  std::string authority;  ///< as written, "host:port": the Host header
  std::string target;     ///< from the first "/" on; "/" if there is none
};
/// Throws Error(badConfig) for anything but http and https.
[[nodiscard]] Url parseUrl(const std::string& url);

/// One request on a connection of its own. Adds Host, Content-Length and Connection; a Host among `headers` is sent as
/// it is. The answer may have any status. Throws Error(cannotResolve, cannotConnect, tlsFailed, connectionLost) and
/// Error(badHttp) if the peer does not speak HTTP or answers too much. The program must ignore SIGPIPE.
[[nodiscard]] ClientResponse call(const std::string& method, const std::string& url, const Headers& headers,
                                  const std::string& body, const ClientOptions& options = {});

}  // namespace drs::http
