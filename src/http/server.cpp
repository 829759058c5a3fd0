#include "http/server.h"

#include "base/task_group.h"
#include "http/connections.h"
#include "http/session.h"
#include "http/transport.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <mutex>

namespace drs::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAcceptRetry{100};

tcp::acceptor listenOn(asio::io_context& io, const ServerOptions& options) {
  const std::string where = options.host + ":" + std::to_string(options.port);
  const auto check = [&](const error_code& error) {
    if (error) throw Error(Msg::badConfig, {"cannot listen on " + where + ": " + error.message()});
  };
  error_code error;
  const auto found =
      tcp::resolver(io).resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  check(error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor acceptor(asio::make_strand(io));
  check(acceptor.open(endpoint.protocol(), error));
  check(acceptor.set_option(asio::socket_base::reuse_address(true), error));
  check(acceptor.bind(endpoint, error));
  check(acceptor.listen(asio::socket_base::max_listen_connections, error));
  return acceptor;
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, ServerHooks hooks, Log log)
      : shared_(std::make_shared<Shared>(options.limits, std::move(hooks), std::move(log))),
        tls_(makeTlsContext(options)),
        io_(options.ioThreads),
        acceptor_(listenOn(io_, options)),
        pause_(acceptor_.get_executor()),
        port_(acceptor_.local_endpoint().port()) {
    asio::post(acceptor_.get_executor(), [this] { accept(); });
    for (int i = 0; i < options.ioThreads; ++i) {
      ioGroup_.start("http-io-" + std::to_string(i), [this](const std::stop_token&) { moveBytes(); });
    }
    for (int i = 0; i < options.handlerThreads; ++i) {
      handlers_.start("http-" + std::to_string(i), [this](const std::stop_token&) { handleRequests(); });
    }
  }

  ~Impl() { stop(std::chrono::seconds(1)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  void stop(std::chrono::milliseconds bound) {
    const std::lock_guard lock(stopMutex_);
    if (stopped_) return;
    stopped_ = true;
    const auto until = Clock::now() + bound;
    shared_->stopping = true;
    std::promise<void> closed;  // behind it no connection is added
    asio::post(acceptor_.get_executor(), [&] {
      acceptor_.close();
      pause_.cancel();
      closed.set_value();
    });
    closed.get_future().wait();
    for (const auto& connection : shared_->all()) connection->closeIfIdle();
    if (!shared_->waitUntilEmpty(until)) {
      for (const auto& connection : shared_->all()) connection->close(true);
    }
    shared_->queue.close();
    handlers_.wait();
    work_.reset();  // not io_.stop(): it would drop the closing of connections that waits for its turn
    ioGroup_.wait();
    shared_->clear();
  }

 private:
  /// One I/O thread. A failure ends the connection that met it, not the others.
  void moveBytes() {
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& e) {
        shared_->log.error("a connection failed: {}", e.what());
      }
    }
  }

  void accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(asio::make_strand(io_), [this](const error_code& error, tcp::socket socket) {
      if (!error) {
        start(std::move(socket));
        return accept();
      }
      if (error == asio::error::operation_aborted) return;
      // No free file descriptor, mostly: others must end first.
      shared_->log.warn("cannot accept a connection: {}", error.message());
      pause_.expires_after(kAcceptRetry);
      pause_.async_wait([this](const error_code& aborted) {
        if (!aborted) accept();
      });
    });
  }

  void start(tcp::socket socket) noexcept {
    if (shared_->stopping) return;
    try {
      const std::string remote = socket.remote_endpoint().address().to_string();
      socket.set_option(tcp::no_delay(true));
      startSession(makeTransport(std::move(socket), tls_), remote, shared_);
    } catch (const boost::system::system_error&) {  // the client has gone already
    } catch (const std::exception& e) {
      shared_->log.error("a new connection failed: {}", e.what());
    }
  }

  /// One thread of the pool.
  void handleRequests() {
    while (auto next = shared_->queue.pop({})) {
      Exchange& exchange = **next;
      try {
        exchange.response = shared_->hooks.handle(exchange.request);
      } catch (const Error& error) {
        exchange.response = shared_->refuse(error, exchange.request);
      } catch (const std::exception& e) {
        shared_->log.error("request {}: {}", exchange.request.requestId, e.what());
        exchange.response = shared_->refuse(Error(Msg::internal, {"unexpected failure"}), exchange.request);
      }
      const auto done = std::move(exchange.done);
      done();
    }
  }

  const std::shared_ptr<Shared> shared_;
  const TlsContext tls_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::uint16_t port_;
  std::mutex stopMutex_;
  bool stopped_ = false;
  TaskGroup ioGroup_;
  TaskGroup handlers_;
};

void requireUsable(const ServerOptions& options) {
  (void)makeTlsContext(options);
  asio::io_context io;
  (void)listenOn(io, options);
}

Server::Server(const ServerOptions& options, ServerHooks hooks, Log log)
    : impl_(std::make_unique<Impl>(options, std::move(hooks), std::move(log))) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->port();
}
void Server::stop(std::chrono::milliseconds bound) {
  impl_->stop(bound);
}

}  // namespace drs::http
