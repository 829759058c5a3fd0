#include "http/session.h"

#include "base/ids.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>

#include <array>
#include <ctime>

namespace drs::http {
namespace {

namespace bhttp = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kDiscardBytes = 64U << 10U;
constexpr std::chrono::milliseconds kLinger{5'000};
constexpr std::size_t kLingerBytes = 64U << 20U;  // enough for most uploads that were too large

/// Nothing for an end that needs no answer: the client has gone, or was too slow.
std::optional<Error> refusalOf(const error_code& error, const ServerLimits& limits) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return Error(Msg::headerTooLarge, {std::to_string(limits.headerBytes)}, Origin::request);
  }
  if (error == bhttp::error::body_limit)
    return Error(Msg::bodyTooLarge, {std::to_string(limits.bodyBytes)}, Origin::request);
  const bool gone = error == bhttp::error::end_of_stream || error == bhttp::error::partial_message;
  if (gone || error.category() != bhttp::make_error_code(bhttp::error::bad_value).category()) return std::nullopt;
  return Error(Msg::badHttp, {error.message()}, Origin::request);
}

/// A line break in a value would let its author write headers of our answer.
std::string headerValue(std::string text) {
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return text;
}

/// Status line and header fields of an answer, with the empty line behind them.
std::string headerText(const Request& request, const Response& response, bool keepAlive) {
  const auto status = static_cast<unsigned>(response.status);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nX-Request-Id: {}\r\n", status,
                                std::string_view(bhttp::obsolete_reason(bhttp::int_to_status(status))),
                                fmt::gmtime(std::time(nullptr)), request.requestId);
  const auto add = [&out](std::string_view name, const std::string& value) {
    out.append(name).append(": ").append(headerValue(value)).append("\r\n");
  };
  for (const auto& [name, value] : response.headers) add(name, value);
  if (response.status != 204) {  // RFC 9110, 8.6: no Content-Length in a 204
    add("Content-Type", response.contentType);
    add("Content-Length", std::to_string(response.body.size()));
  }
  add("Connection", keepAlive ? "keep-alive" : "close");
  return out + "\r\n";
}

/// One connection: reads a request, has it handled, writes the answer, and again. All of it runs on one strand.
class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(std::unique_ptr<Transport> transport, std::string address, std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), transport_(std::move(transport)) {
    remote = std::move(address);
  }

  [[nodiscard]] asio::any_io_executor executor() { return transport_->socket().get_executor(); }

  void close(bool evenRunning) override {
    asio::post(executor(), [self = shared_from_this(), evenRunning] {
      if (self->state == State::running && !evenRunning) return;
      self->transport_->socket().close();
    });
  }

  void closeIfIdle() override {
    asio::post(executor(), [self = shared_from_this()] {
      if (self->state == State::idle) self->transport_->socket().close();
    });
  }

  /// The life of the connection; the argument keeps the session alive.
  static asio::awaitable<void> run(std::shared_ptr<Session> self) {
    self->expireAfter(self->limits().header);
    if (co_await self->transport_->handshake()) {
      while (co_await self->serveOne()) {
      }
      co_await self->transport_->shutdown();
    }
    self->transport_->socket().close();
    self->shared_->remove(self);
  }

 private:
  using Parser = bhttp::request_parser<bhttp::string_body>;

  [[nodiscard]] const ServerLimits& limits() const { return shared_->limits; }
  void expireAfter(std::chrono::milliseconds span) { transport_->socket().expires_after(span); }

  /// Waits for the first byte of a request; false if the client goes, or has been silent for too long.
  asio::awaitable<bool> waitForRequest() {
    if (buffer_.size() > 0) co_return true;  // the client sent several requests at once
    enter(State::idle);
    if (shared_->stopping) co_return false;
    expireAfter(limits().idle);
    const error_code error = co_await fill();
    co_return !error;
  }

  /// Reads once into the buffer.
  asio::awaitable<error_code> fill() {
    const asio::mutable_buffer space = buffer_.prepare(kReadBytes);
    const Transport::Moved read = co_await transport_->read(space);
    buffer_.commit(read.bytes);
    co_return read.error;
  }

  /// Serves one request; false if the connection ends.
  asio::awaitable<bool> serveOne() {
    if (!co_await waitForRequest()) co_return false;
    enter(State::reading);
    const auto exchange = std::make_shared<Exchange>();
    Request& request = exchange->request;
    request.requestId = randomHex(16);
    request.remote = remote;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits().headerBytes));
    parser.body_limit(boost::none);  // checked in checkHeader(), when the length is known
    expireAfter(limits().header);
    if (!co_await parseHeader(parser, request)) co_return false;
    const auto started = Clock::now();
    Reservation memory(*shared_);
    const std::optional<Error> refusal = checkHeader(parser, request, memory);
    if (refusal) {
      co_await refuse(*refusal, request);
      co_return false;
    }
    expireAfter(limits().body);
    if (!co_await parseBody(parser, request)) co_return false;
    request.body = std::move(parser.get().body());
    co_await runHandler(exchange);
    const bool keepAlive = parser.keep_alive() && !shared_->stopping;
    const bool written = co_await write(request, exchange->response, keepAlive);
    observe(request, exchange->response.status, started);
    co_return written&& keepAlive;
  }

  void observe(const Request& request, int status, Clock::time_point started) {
    if (!shared_->hooks.observe) return;
    shared_->hooks.observe(request, status,
                           std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started));
  }

  asio::awaitable<bool> parseHeader(Parser& parser, Request& request) {
    while (!parser.is_header_done()) {
      error_code error;
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error == bhttp::error::need_more) error = co_await fill();
      if (error) {
        co_await refuseRead(error, request);
        co_return false;
      }
    }
    co_return true;
  }

  asio::awaitable<bool> parseBody(Parser& parser, Request& request) {
    if (!parser.is_done() && buffer_.size() == 0 &&
        equalsIgnoreCase(request.header("Expect").value_or(""), "100-continue")) {
      const std::string proceed = "HTTP/1.1 100 Continue\r\n\r\n";
      if (!co_await send(proceed)) co_return false;
    }
    parser.eager(true);
    while (!parser.is_done()) {
      error_code error = bhttp::error::need_more;
      if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), error));
      if (error == bhttp::error::need_more && !parser.is_done()) error = co_await fill();
      if (error) {
        co_await refuseRead(error, request);
        co_return false;
      }
    }
    co_return true;
  }

  /// Fills the request and says why it must not go on.
  std::optional<Error> checkHeader(Parser& parser, Request& request, Reservation& memory) {
    const auto& message = parser.get();
    request.method = std::string(message.method_string());
    for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    if (!parseTarget(std::string_view(message.target()), request)) {
      return Error(Msg::badHttp, {"the target of the request is malformed"}, Origin::request);
    }
    if (message.version() >= 11 && request.headers.count("Host") != 1) {
      return Error(Msg::badHttp, {"exactly one Host header is needed"}, Origin::request);
    }
    const auto length = parser.content_length();
    if (length && *length > limits().bodyBytes) {
      return Error(Msg::bodyTooLarge, {std::to_string(limits().bodyBytes)}, Origin::request);
    }
    if (!parser.chunked() && length.value_or(0) <= kSmallBodyBytes) return std::nullopt;
    return checkLargeBody(length ? static_cast<std::size_t>(*length) : limits().bodyBytes, parser, request, memory);
  }

  std::optional<Error> checkLargeBody(std::size_t bytes, Parser& parser, Request& request, Reservation& memory) {
    parser.body_limit(limits().bodyBytes);
    try {
      if (shared_->hooks.admit) shared_->hooks.admit(request);
    } catch (const Error& error) {
      return error;
    }
    if (!memory.take(bytes)) return Error(Msg::notReady, {"too many large requests at once"}, Origin::request);
    return std::nullopt;
  }

  /// Hands the request to the pool and waits for the answer. The timer never expires: it is the bell.
  asio::awaitable<void> runHandler(std::shared_ptr<Exchange> exchange) {
    enter(State::running);
    transport_->socket().expires_never();
    const auto bell = std::make_shared<asio::steady_timer>(executor(), asio::steady_timer::time_point::max());
    exchange->done = [bell, strand = executor()] { asio::post(strand, [bell] { bell->cancel(); }); };
    if (!shared_->queue.push(exchange, 1, {})) {  // closed: the server ends
      exchange->response = shared_->refuse(Error(Msg::notReady, {"shutting down"}), exchange->request);
      co_return;
    }
    co_await bell->async_wait(kResult);
  }

  asio::awaitable<void> refuseRead(error_code error, const Request& request) {
    const std::optional<Error> refusal = refusalOf(error, limits());
    if (refusal) co_await refuse(*refusal, request);
  }

  /// Answers and ends the connection: what follows in the stream is not to be trusted, or not worth reading.
  asio::awaitable<void> refuse(const Error& error, const Request& request) {
    const Response response = shared_->refuse(error, request);
    const auto started = Clock::now();
    if (co_await write(request, response, false)) co_await linger();
    observe(request, response.status, started);
  }

  asio::awaitable<bool> write(const Request& request, const Response& response, bool keepAlive) {
    expireAfter(limits().write);
    const std::string header = headerText(request, response, keepAlive);
    if (!co_await send(header)) co_return false;
    if (request.method == "HEAD" || response.status == 204) co_return true;
    co_return co_await send(response.body);
  }

  asio::awaitable<bool> send(const std::string& text) {
    asio::const_buffer rest = asio::buffer(text);
    while (rest.size() > 0) {
      const Transport::Moved written = co_await transport_->write(rest);
      if (written.error) co_return false;
      rest += written.bytes;
    }
    co_return true;
  }

  /// Closing with unread input would reset the connection and lose the answer on its way (RFC 9112, 9.6).
  asio::awaitable<void> linger() {
    error_code ignored;
    transport_->socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
    expireAfter(kLinger);
    const asio::mutable_buffer space = buffer_.prepare(kDiscardBytes);
    for (std::size_t total = 0; total < kLingerBytes;) {
      const auto [error, size] = co_await transport_->socket().async_read_some(space, kResult);
      if (error) co_return;
      total += size;
    }
  }

  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<Transport> transport_;
  beast::flat_buffer buffer_;
};

}  // namespace

void startSession(std::unique_ptr<Transport> transport, std::string remote, std::shared_ptr<Shared> shared) {
  const auto session = std::make_shared<Session>(std::move(transport), std::move(remote), shared);
  shared->add(session);
  const auto ended = [shared, session](const std::exception_ptr& failure) {
    if (!failure) return;
    shared->remove(session);
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      shared->log.error("a connection of {} failed: {}", session->remote, e.what());
    }
  };
  asio::awaitable<void> life = Session::run(session);
  asio::co_spawn(session->executor(), std::move(life), ended);
}

}  // namespace drs::http
