#pragma once

#include "base/error.h"
#include "base/log.h"
#include "http/request.h"
#include "http/response.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace drs::http {

/// Limits of a server. Every one of them bounds what a single client can cost the others.
struct ServerLimits {
  std::size_t headerBytes = 32U << 10U;      ///< request line and header fields; more is answered 431
  std::size_t bodyBytes = 16U << 20U;        ///< one body; more is answered 413
  std::size_t allBodiesBytes = 256U << 20U;  ///< large bodies of all connections together; more is answered 503
  std::size_t connections = 1024;            ///< when full, the longest waiting one of the busiest address goes
  std::chrono::milliseconds idle{75'000};    ///< between two requests
  std::chrono::milliseconds header{10'000};  ///< first byte to end of header, and the TLS handshake
  std::chrono::milliseconds body{60'000};    ///< end of header to end of body
  std::chrono::milliseconds write{60'000};   ///< one answer, from first to last byte
};

struct ServerOptions {
  std::string host = "127.0.0.1";  ///< an address, or a name that is resolved
  std::uint16_t port = 0;          ///< 0 = a free one, see Server::port()
  std::string tlsCertFile;         ///< PEM chain; empty = plain HTTP
  std::string tlsKeyFile;          ///< PEM key
  int ioThreads = 1;
  int handlerThreads = 8;
  ServerLimits limits;
};

/// What a server does with requests. `handle` runs on a thread of the handler pool and may block; the others run on
/// any thread and must not.
struct ServerHooks {
  /// The answer. An exception is answered by `refuse`.
  std::function<Response(const Request&)> handle;
  /// The answer to what never becomes a complete request (400, 413, 431, 503) or failed in `handle`.
  std::function<Response(const Error&, const Request&)> refuse;
  /// Optional: called with the header alone before a body above kSmallBodyBytes is read. Throws Error to refuse it, so
  /// that strangers cannot make the server hold large bodies.
  std::function<void(const Request&)> admit;
  /// Optional: after each answer, with its status and the time since the end of the header.
  std::function<void(const Request&, int status, std::chrono::microseconds took)> observe;
};

inline constexpr std::size_t kSmallBodyBytes = 64U << 10U;

/// Throws what the constructor of a Server would throw now, and does nothing else: for a start that is to leave nothing
/// behind when it fails.
void requireUsable(const ServerOptions& options);

/// An HTTP/1.1 server with keep-alive, pipelining, TLS 1.2 and later. Every answer has X-Request-Id, Date and (but for
/// 204) Content-Length. Connections cost memory, not threads. Threads: stop() and port() from any.
class Server {
 public:
  /// Listens and serves from now on. Throws Error(badConfig) if it cannot listen, or certificate or key are unusable.
  Server(const ServerOptions& options, ServerHooks hooks, Log log);
  /// As stop() with one second.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Stops accepting, closes idle connections, finishes the requests that are on their way and closes. What is not
  /// finished after `bound` is cut off; only a handler that still runs then can make this last longer.
  void stop(std::chrono::milliseconds bound);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drs::http
