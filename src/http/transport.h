#pragma once

#include "http/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <memory>

namespace boost::asio::ssl {
class context;
}

// Internal to the server. Coroutines: g++ 12 miscompiles some temporaries inside an awaited expression; arguments of an
// awaited call are named variables or plain class values, and no lambda stands inside one.

namespace drs::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

/// Completion token: the result is a tuple that starts with the error code.
inline constexpr auto kResult = asio::as_tuple(asio::use_awaitable);

/// Bytes in and out of one connection, plain or TLS. A deadline is set with expires_after() on socket() and closes it.
class Transport {
 public:
  struct Moved {
    error_code error;
    std::size_t bytes;
  };

  virtual ~Transport() = default;
  virtual beast::tcp_stream& socket() = 0;
  virtual asio::awaitable<bool> handshake() = 0;
  virtual asio::awaitable<Moved> read(asio::mutable_buffer space) = 0;
  virtual asio::awaitable<Moved> write(asio::const_buffer bytes) = 0;
  /// Says good-bye; the peer may still send.
  virtual asio::awaitable<void> shutdown() = 0;
};

using TlsContext = std::shared_ptr<asio::ssl::context>;

/// Of the certificate and key of the options; nothing without them. Throws Error(badConfig).
[[nodiscard]] TlsContext makeTlsContext(const ServerOptions& options);

/// TLS if there is a context.
[[nodiscard]] std::unique_ptr<Transport> makeTransport(tcp::socket socket, const TlsContext& tls);

}  // namespace drs::http
