#include "http/transport.h"

#include "base/error.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace drs::http {
namespace {

constexpr std::chrono::milliseconds kGoodBye{2'000};

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(tcp::socket socket) : stream_(std::move(socket)) {}
  beast::tcp_stream& socket() override { return stream_; }
  void handshake(Done done) override { done({}, 0); }
  void read(asio::mutable_buffer space, Done done) override { stream_.async_read_some(space, std::move(done)); }
  void write(const std::array<asio::const_buffer, 2>& buffers, Done done) override {
    asio::async_write(stream_, buffers, std::move(done));
  }
  void shutdown(Done done) override {
    error_code error;
    (void)stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    done(error, 0);
  }

 private:
  beast::tcp_stream stream_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(tcp::socket socket, TlsContext context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}
  beast::tcp_stream& socket() override { return stream_.next_layer(); }
  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const error_code& error) { done(error, 0); });
  }
  void read(asio::mutable_buffer space, Done done) override { stream_.async_read_some(space, std::move(done)); }
  void write(const std::array<asio::const_buffer, 2>& buffers, Done done) override {
    asio::async_write(stream_, buffers, std::move(done));
  }
  void shutdown(Done done) override {
    socket().expires_after(kGoodBye);
    stream_.async_shutdown([done = std::move(done)](const error_code& error) { done(error, 0); });
  }

 private:
  const TlsContext context_;
  asio::ssl::stream<beast::tcp_stream> stream_;
};

}  // namespace

TlsContext makeTlsContext(const ServerOptions& options) {
  if (options.tlsCertFile.empty()) return nullptr;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
  (void)context->use_certificate_chain_file(options.tlsCertFile, error);
  if (error) throw Error(Msg::badConfig, {"TLS certificate " + options.tlsCertFile + ": " + error.message()});
  (void)context->use_private_key_file(options.tlsKeyFile, asio::ssl::context::pem, error);
  if (error) throw Error(Msg::badConfig, {"TLS key " + options.tlsKeyFile + ": " + error.message()});
  return context;
}

std::unique_ptr<Transport> makeTransport(tcp::socket socket, const TlsContext& tls) {
  if (tls) return std::make_unique<TlsTransport>(std::move(socket), tls);
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace drs::http
