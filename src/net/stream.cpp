#include "net/stream.h"

#include "base/error.h"
#include "base/system_text.h"
#include "net/socket.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drs::net {
namespace {

using AddressList = std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)>;

AddressList resolve(const Address& address) {
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  ::addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (failure != 0) throw Error(Msg::cannotResolve, {address.host, ::gai_strerror(failure)});
  return {list, &::freeaddrinfo};
}

/// The events that came; 0 when the deadline passes.
short pollSocket(int fd, short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    ::pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000)));
    if (ready > 0) return entry.revents;
    if (left <= 0 && ready == 0) return 0;
    if (ready < 0 && errno != EINTR) return 0;
  }
}

/// 0 or an errno.
int tryConnect(const Socket& socket, const ::addrinfo& target, Deadline deadline) {
  if (::connect(socket.fd(), target.ai_addr, target.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!socket.wait(POLLOUT, deadline)) return ETIMEDOUT;
  int failure = 0;
  ::socklen_t size = sizeof failure;
  return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

class TcpStream final : public Stream {
 public:
  TcpStream(Socket socket, std::string peer) : socket_(std::move(socket)), peer_(std::move(peer)) {}

  std::size_t read(char* to, std::size_t size, Deadline deadline) override {
    while (true) {
      const ssize_t got = ::recv(socket_.fd(), to, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      waitOrThrow(POLLIN, deadline);
    }
  }

  std::optional<std::size_t> tryRead(char* to, std::size_t size) override {
    const ssize_t got = ::recv(socket_.fd(), to, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    throwUnlessWaiting();
    return std::nullopt;
  }

  std::size_t tryWrite(std::string_view bytes) override {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    throwUnlessWaiting();
    return 0;
  }

  [[nodiscard]] Readiness wait(Readiness wanted, Deadline deadline) const override {
    return socket_.wait(wanted, deadline);
  }

  void write(std::string_view bytes, Deadline deadline) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else {
        waitOrThrow(POLLOUT, deadline);
      }
    }
  }

 private:
  /// After a call that failed: throws if it is not that it would have had to wait.
  void throwUnlessWaiting() const {
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return;
    throw Error(Msg::connectionLost, {peer_, systemText(errno)});
  }

  /// After a call that failed: waits if it only had to wait.
  void waitOrThrow(short events, Deadline deadline) const {
    if (errno == EINTR) return;
    throwUnlessWaiting();
    if (!socket_.wait(events, deadline)) throw Error(Msg::connectionLost, {peer_, "no answer in time"});
  }

  Socket socket_;
  std::string peer_;
};

}  // namespace

std::string Address::text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

bool Socket::wait(short events, Deadline deadline) const {
  return pollSocket(fd_, events, deadline) != 0;
}

Readiness Socket::wait(Readiness wanted, Deadline deadline) const {
  const int events = (wanted.readable ? POLLIN : 0) | (wanted.writable ? POLLOUT : 0);
  const int found = pollSocket(fd_, static_cast<short>(events), deadline);
  const bool broken = (found & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  return {wanted.readable && ((found & POLLIN) != 0 || broken), wanted.writable && ((found & POLLOUT) != 0 || broken)};
}

Socket connectTcp(const Address& address, Deadline deadline) {
  const AddressList list = resolve(address);
  int failure = ETIMEDOUT;
  for (const ::addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    Socket socket(::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.fd() < 0) {
      failure = errno;
      continue;
    }
    failure = tryConnect(socket, *each, deadline);
    if (failure != 0) continue;
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }
  throw Error(Msg::cannotConnect, {address.text(), systemText(failure)});
}

std::unique_ptr<Stream> connect(const Address& address, const std::optional<TlsOptions>& tls, Deadline deadline) {
  Socket socket = connectTcp(address, deadline);
  if (tls) return startTls(std::move(socket), address, *tls, deadline);
  return std::make_unique<TcpStream>(std::move(socket), address.text());
}

}  // namespace drs::net
