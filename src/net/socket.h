#pragma once

#include "net/stream.h"

// Internal to net.

namespace drs::net {

/// Owns a non-blocking socket.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// Waits for POLLIN or POLLOUT; false when the deadline passes.
  [[nodiscard]] bool wait(short events, Deadline deadline) const;
  [[nodiscard]] Readiness wait(Readiness wanted, Deadline deadline) const;

 private:
  int fd_;
};

/// Throws Error(cannotResolve, cannotConnect).
[[nodiscard]] Socket connectTcp(const Address& address, Deadline deadline);

/// TLS on a connected socket; `address` names the peer. Throws Error(tlsFailed).
[[nodiscard]] std::unique_ptr<Stream> startTls(Socket socket, const Address& address, const TlsOptions& options,
                                               Deadline deadline);

}  // namespace drs::net
