#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drs::net {

/// A moment after which a blocking call gives up.
using Deadline = std::chrono::steady_clock::time_point;
[[nodiscard]] inline Deadline after(std::chrono::milliseconds span) {
  return std::chrono::steady_clock::now() + span;
}

/// A blocking connection over TCP or TLS; closed by the destructor. Threads: one at a time. The program must ignore
/// SIGPIPE.
class Stream {
 public:
  virtual ~Stream() = default;
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Reads at least one byte and at most `size`; 0 = the peer has closed. Throws Error(connectionLost), also when the
  /// deadline passes.
  [[nodiscard]] virtual std::size_t read(char* to, std::size_t size, Deadline deadline) = 0;
  /// Writes everything. Throws Error(connectionLost).
  virtual void write(std::string_view bytes, Deadline deadline) = 0;
};

struct Address {
  std::string host;  ///< name, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const;  ///< "host:port" for messages
};

struct TlsOptions {
  std::string caFile;  ///< PEM; empty = the certificates that the system trusts
};

/// Connects to the first address of the host that answers; with TLS the certificate must be valid for the host. Throws
/// Error(cannotResolve), Error(cannotConnect), Error(tlsFailed).
[[nodiscard]] std::unique_ptr<Stream> connect(const Address& address, const std::optional<TlsOptions>& tls,
                                              Deadline deadline);

}  // namespace drs::net
