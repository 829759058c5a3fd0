#pragma once

#include "http/server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <array>
#include <functional>
#include <memory>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming)
}

// Internal to the server. Callbacks, not coroutines: g++ 12 miscompiles coroutines in ways that are hard to predict.

namespace drs::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

/// Bytes in and out of one connection, plain or TLS. A deadline is set with expires_after() on socket() and closes it.
/// The callbacks run on the socket's executor, once; buffers must live until then.
class Transport {
 public:
  using Done = std::function<void(const error_code&, std::size_t bytes)>;

  virtual ~Transport() = default;
  virtual beast::tcp_stream& socket() = 0;
  virtual void handshake(Done done) = 0;
  /// Reads some bytes.
  virtual void read(asio::mutable_buffer space, Done done) = 0;
  /// Writes all bytes of both buffers.
  virtual void write(const std::array<asio::const_buffer, 2>& buffers, Done done) = 0;
  /// Says good-bye; the peer may still send.
  virtual void shutdown(Done done) = 0;
};

using TlsContext = std::shared_ptr<asio::ssl::context>;

/// Of the certificate and key of the options; nothing without them. Throws Error(badConfig).
[[nodiscard]] TlsContext makeTlsContext(const ServerOptions& options);

/// TLS if there is a context.
[[nodiscard]] std::unique_ptr<Transport> makeTransport(tcp::socket socket, const TlsContext& tls);

}  // namespace drs::http
