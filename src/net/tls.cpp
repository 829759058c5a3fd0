#include "base/error.h"
#include "net/socket.h"

#include <climits>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <poll.h>

namespace drs::net {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

std::string opensslReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the peer closed the connection" : reason;
}

/// Trusts every certificate in the text; false if there is none.
bool trustPem(SSL_CTX* context, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                     &BIO_free);
  bool any = false;
  while (X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    any = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1 || any;
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the text is an error, too
  return any;
}

Context makeContext(const Address& address, const TlsOptions& options) {
  Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    throw Error(Msg::internal, {"TLS is not available"});
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool trusted = !options.caPem.empty()   ? trustPem(context.get(), options.caPem)
                       : options.caFile.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                                : SSL_CTX_load_verify_file(context.get(), options.caFile.c_str()) == 1;
  if (!trusted) throw Error(Msg::tlsFailed, {address.text(), options.caFile + ": " + opensslReason()});
  return context;
}

/// The certificate must be for this name or this IP address.
void demandHost(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1) return;
  ERR_clear_error();
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(session, host.c_str()) != 1 || SSL_set_tlsext_host_name(session, host.c_str()) != 1) {
    throw Error(Msg::tlsFailed, {host, "not a host name"});
  }
}

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, const Address& address, const TlsOptions& options)
      : socket_(std::move(socket)),
        peer_(address.text()),
        context_(makeContext(address, options)),
        session_(SSL_new(context_.get()), &SSL_free) {
    if (!session_ || SSL_set_fd(session_.get(), socket_.fd()) != 1)
      throw Error(Msg::tlsFailed, {peer_, opensslReason()});
    demandHost(session_.get(), address.host);
    // tryWrite() takes part of what it is given, and is given the rest from another place of memory.
    SSL_set_mode(session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }

  void handshake(Deadline deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_connect(session_.get());
      if (result == 1) return;
      try {
        if (waitAfter(result, deadline)) continue;
      } catch (const Error&) {
        // Servers that speak no TLS on this port often say nothing at all.
        throw Error(Msg::tlsFailed, {peer_, "no answer in time"});
      }
      const long verified = SSL_get_verify_result(session_.get());
      throw Error(Msg::tlsFailed,
                  {peer_, verified == X509_V_OK ? opensslReason() : X509_verify_cert_error_string(verified)});
    }
  }

  std::size_t read(char* to, std::size_t size, Deadline deadline) override {
    while (true) {
      ERR_clear_error();
      const int got = SSL_read(session_.get(), to, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
      if (got > 0) return static_cast<std::size_t>(got);
      if (SSL_get_error(session_.get(), got) == SSL_ERROR_ZERO_RETURN) return 0;
      if (!waitAfter(got, deadline)) throw Error(Msg::connectionLost, {peer_, opensslReason()});
    }
  }

  std::optional<std::size_t> tryRead(char* to, std::size_t size) override {
    ERR_clear_error();
    const int got = SSL_read(session_.get(), to, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (got > 0) return static_cast<std::size_t>(got);
    if (SSL_get_error(session_.get(), got) == SSL_ERROR_ZERO_RETURN) return 0;
    throwUnlessWaiting(got);
    return std::nullopt;
  }

  std::size_t tryWrite(std::string_view bytes) override {
    if (bytes.empty()) return 0;
    ERR_clear_error();
    const int sent =
        SSL_write(session_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
    if (sent > 0) return static_cast<std::size_t>(sent);
    throwUnlessWaiting(sent);
    return 0;
  }

  [[nodiscard]] Readiness wait(Readiness wanted, Deadline deadline) const override {
    return socket_.wait(wanted, deadline);
  }

  void write(std::string_view bytes, Deadline deadline) override {
    while (!bytes.empty()) {
      ERR_clear_error();
      const int sent =
          SSL_write(session_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (!waitAfter(sent, deadline)) {
        throw Error(Msg::connectionLost, {peer_, opensslReason()});
      }
    }
  }

 private:
  /// After a call that failed: throws if it is not that it would have had to wait.
  void throwUnlessWaiting(int result) const {
    const int error = SSL_get_error(session_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
    throw Error(Msg::connectionLost, {peer_, opensslReason()});
  }

  /// Waits for what a call wants; false if it failed for another reason. Throws Error(connectionLost) when time is up.
  [[nodiscard]] bool waitAfter(int result, Deadline deadline) const {
    const int error = SSL_get_error(session_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    if (socket_.wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return true;
    throw Error(Msg::connectionLost, {peer_, "no answer in time"});
  }

  Socket socket_;
  std::string peer_;
  Context context_;
  Session session_;
};

}  // namespace

std::unique_ptr<Stream> startTls(Socket socket, const Address& address, const TlsOptions& options, Deadline deadline) {
  auto stream = std::make_unique<TlsStream>(std::move(socket), address, options);
  stream->handshake(deadline);
  return stream;
}

}  // namespace drs::net
