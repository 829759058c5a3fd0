#include "http/session.h"

#include "base/ids.h"

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>

#include <array>
#include <ctime>
#include <optional>

namespace drs::http {
namespace {

namespace bhttp = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kDiscardBytes = 64U << 10U;
constexpr std::chrono::milliseconds kLinger{5'000};
constexpr std::size_t kLingerBytes = 64U << 20U;  // enough for most uploads that were too large

Error refusalOf(const error_code& error, const ServerLimits& limits) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return Error(Msg::headerTooLarge, {std::to_string(limits.headerBytes)}, Origin::request);
  }
  if (error == bhttp::error::body_limit) {
    return Error(Msg::bodyTooLarge, {std::to_string(limits.bodyBytes)}, Origin::request);
  }
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

/// One connection: reads a request, has it handled, writes the answer, and again. Each step starts one operation and
/// names the step that follows. All steps run on one strand; a pending operation keeps the session alive.
class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(std::unique_ptr<Transport> transport, std::string address, std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), transport_(std::move(transport)) {
    remote = std::move(address);
  }

  void close(bool evenRunning) override {
    post([this, evenRunning] {
      if (evenRunning || state != State::running) transport_->socket().close();
    });
  }

  void closeIfIdle() override {
    post([this] {
      if (state == State::idle) transport_->socket().close();
    });
  }

  void start() {
    post([this] {
      expireAfter(limits().header);
      transport_->handshake([self = shared_from_this()](const error_code& error, std::size_t) {
        if (error) return self->end();
        self->awaitRequest();
      });
    });
  }

 private:
  using Parser = bhttp::request_parser<bhttp::string_body>;
  using Step = void (Session::*)();

  [[nodiscard]] const ServerLimits& limits() const { return shared_->limits; }
  void expireAfter(std::chrono::milliseconds span) { transport_->socket().expires_after(span); }

  /// Runs a step later, on the strand. Threads: any.
  template <typename F>
  void post(F step) {
    asio::post(transport_->socket().get_executor(), [self = shared_from_this(), step = std::move(step)] { step(); });
  }

  /// Reads once into the buffer, then goes on with a step.
  void fill(Step next) {
    transport_->read(buffer_.prepare(kReadBytes),
                     [self = shared_from_this(), next](const error_code& error, std::size_t size) {
                       if (error) return self->end();  // gone, or too slow: nobody waits for an answer
                       self->buffer_.commit(size);
                       (self.get()->*next)();
                     });
  }

  // ---- reading a request ----

  void awaitRequest() {
    exchange_ = std::make_shared<Exchange>();
    started_ = {};
    exchange_->request.requestId = randomHex(16);
    exchange_->request.remote = remote;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits().headerBytes));
    parser_->body_limit(boost::none);               // checked in checkHeader(), when the length is known
    if (buffer_.size() > 0) return startRequest();  // the client sent several requests at once
    enter(State::idle);
    if (shared_->stopping) return finish();
    expireAfter(limits().idle);
    fill(&Session::startRequest);
  }

  void startRequest() {
    enter(State::reading);
    expireAfter(limits().header);
    readHeader();
  }

  void readHeader() {
    error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == bhttp::error::need_more) return fill(&Session::readHeader);
    if (error) return refuse(refusalOf(error, limits()));
    started_ = Clock::now();
    if (const auto refusal = checkHeader()) return refuse(*refusal);
    expireAfter(limits().body);
    parser_->eager(true);
    if (parser_->is_done() || buffer_.size() > 0) return readBody();
    if (!equalsIgnoreCase(exchange_->request.header("Expect").value_or(""), "100-continue"))
      return fill(&Session::readBody);
    outHeader_ = "HTTP/1.1 100 Continue\r\n\r\n";
    outBody_.clear();
    send([](Session& self) { self.fill(&Session::readBody); });
  }

  void readBody() {
    error_code error;
    while (!parser_->is_done() && buffer_.size() > 0 && !error) buffer_.consume(parser_->put(buffer_.data(), error));
    if (error && error != bhttp::error::need_more) return refuse(refusalOf(error, limits()));
    if (!parser_->is_done()) return fill(&Session::readBody);
    exchange_->request.body = std::move(parser_->get().body());
    runHandler();
  }

  /// Fills the request and says why it must not go on.
  std::optional<Error> checkHeader() {
    Request& request = exchange_->request;
    const auto& message = parser_->get();
    request.method = std::string(message.method_string());
    for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    if (!parseTarget(std::string_view(message.target()), request)) {
      return Error(Msg::badHttp, {"the target of the request is malformed"}, Origin::request);
    }
    if (message.version() >= 11 && request.headers.count("Host") != 1) {
      return Error(Msg::badHttp, {"exactly one Host header is needed"}, Origin::request);
    }
    if (request.headers.find("Transfer-Encoding") &&
        !parser_->chunked()) {  // where would the body end? (RFC 9112, 6.3)
      return Error(Msg::badHttp, {"Transfer-Encoding must be chunked"}, Origin::request);
    }
    const auto length = parser_->content_length();
    if (length && *length > limits().bodyBytes) {
      return Error(Msg::bodyTooLarge, {std::to_string(limits().bodyBytes)}, Origin::request);
    }
    if (!parser_->chunked() && length.value_or(0) <= kSmallBodyBytes) return std::nullopt;
    return checkLargeBody(length ? static_cast<std::size_t>(*length) : limits().bodyBytes);
  }

  std::optional<Error> checkLargeBody(std::size_t bytes) {
    parser_->body_limit(limits().bodyBytes);
    try {
      if (shared_->hooks.admit) shared_->hooks.admit(exchange_->request);
    } catch (const Error& error) {
      return error;
    } catch (const std::exception& e) {
      shared_->log.error("request {}: {}", exchange_->request.requestId, e.what());
      return Error(Msg::internal, {"unexpected failure"});
    }
    memory_ = std::make_unique<Reservation>(*shared_);
    if (!memory_->take(bytes)) return Error(Msg::notReady, {"too many large requests at once"}, Origin::request);
    return std::nullopt;
  }

  // ---- answering ----

  void runHandler() {
    enter(State::running);
    transport_->socket().expires_never();
    exchange_->done = [self = shared_from_this()] { self->post([self] { self->answer(); }); };
    if (shared_->queue.push(exchange_, 1, {})) return;
    exchange_->done = nullptr;
    refuse(Error(Msg::notReady, {"shutting down"}));
  }

  void answer() {
    keepAlive_ = parser_->keep_alive() && !shared_->stopping;
    prepareAnswer();
    send([](Session& self) {
      self.observe();
      self.memory_.reset();
      if (self.keepAlive_) return self.awaitRequest();
      self.finish();
    });
  }

  /// Answers and ends the connection: what follows in the stream is not to be trusted, or not worth reading.
  void refuse(const Error& error) {
    if (started_ == Clock::time_point()) started_ = Clock::now();
    exchange_->response = shared_->refuse(error, exchange_->request);
    keepAlive_ = false;
    prepareAnswer();
    send([](Session& self) {
      self.observe();
      error_code ignored;
      (void)self.transport_->socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
      self.expireAfter(kLinger);
      self.linger(0);
    });
  }

  void prepareAnswer() {
    Response& response = exchange_->response;
    outHeader_ = headerText(exchange_->request, response, keepAlive_);
    outBody_.clear();
    if (exchange_->request.method != "HEAD" && response.status != 204) outBody_ = std::move(response.body);
    expireAfter(limits().write);
  }

  /// Writes outHeader_ and outBody_, then goes on.
  void send(void (*next)(Session&)) {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(outHeader_), asio::buffer(outBody_)};
    transport_->write(buffers, [self = shared_from_this(), next](const error_code& error, std::size_t) {
      if (error) return self->end();
      next(*self);
    });
  }

  void observe() {
    if (!shared_->hooks.observe) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
    shared_->hooks.observe(exchange_->request, exchange_->response.status, took);
  }

  // ---- ending ----

  /// Closing with unread input would reset the connection and lose the answer on its way (RFC 9112, 9.6).
  void linger(std::size_t total) {
    if (total > kLingerBytes) return end();
    buffer_.clear();
    transport_->socket().async_read_some(buffer_.prepare(kDiscardBytes),
                                         [self = shared_from_this(), total](const error_code& error, std::size_t size) {
                                           if (error) return self->end();
                                           self->linger(total + size);
                                         });
  }

  void finish() {
    transport_->shutdown([self = shared_from_this()](const error_code&, std::size_t) { self->end(); });
  }

  void end() {
    transport_->socket().close();
    memory_.reset();
    shared_->remove(shared_from_this());
  }

  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<Transport> transport_;
  beast::flat_buffer buffer_;

  // Of the request that is being served.
  std::shared_ptr<Exchange> exchange_;
  std::optional<Parser> parser_;
  std::unique_ptr<Reservation> memory_;
  Clock::time_point started_;
  bool keepAlive_ = false;
  std::string outHeader_, outBody_;
};

}  // namespace

void startSession(std::unique_ptr<Transport> transport, std::string remote, const std::shared_ptr<Shared>& shared) {
  const auto session = std::make_shared<Session>(std::move(transport), std::move(remote), shared);
  shared->add(session);
  session->start();
}

}  // namespace drs::http
