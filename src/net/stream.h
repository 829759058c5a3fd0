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

/// What Stream::wait() waits for, and what it found.
struct Readiness {
  bool readable = false;  ///< also when the peer has closed
  bool writable = false;
  [[nodiscard]] bool any() const { return readable || writable; }
};

/// A blocking connection over TCP or TLS; closed by the destructor. Threads: one at a time, but wait() may run beside
/// any other call: two threads that share a Stream lock around tryRead(), tryWrite() and write(), and wait() without
/// the lock. The program must ignore SIGPIPE.
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

  /// Reads what is there, at most `size` bytes, without waiting: nothing if there is none yet, 0 = the peer has closed.
  /// Call it until it gives nothing before wait(): TLS may hold bytes that the socket does not show. Throws
  /// Error(connectionLost).
  [[nodiscard]] virtual std::optional<std::size_t> tryRead(char* to, std::size_t size) = 0;
  /// Writes what it can without waiting and returns how many bytes that were, maybe 0. With TLS, what was not taken
  /// must be offered again, with the same bytes first. Throws Error(connectionLost).
  [[nodiscard]] virtual std::size_t tryWrite(std::string_view bytes) = 0;
  /// Waits until the socket is ready for one of those that `wanted` names; none when the deadline passes. A broken
  /// connection counts as readable: the next call throws.
  [[nodiscard]] virtual Readiness wait(Readiness wanted, Deadline deadline) const = 0;
};

struct Address {
  std::string host;  ///< name, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const;  ///< "host:port" for messages
};

struct TlsOptions {
  std::string caFile;  ///< PEM; empty = the certificates that the system trusts
  std::string caPem;   ///< as PEM text, in place of a file
};

/// Connects to the first address of the host that answers; with TLS the certificate must be valid for the host. Throws
/// Error(cannotResolve), Error(cannotConnect), Error(tlsFailed).
[[nodiscard]] std::unique_ptr<Stream> connect(const Address& address, const std::optional<TlsOptions>& tls,
                                              Deadline deadline);

}  // namespace drs::net
