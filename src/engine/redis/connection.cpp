#include "engine/redis/connection.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace drs::redis {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;

bool isOneOf(std::string_view code, std::span<const std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

/// The name of a command for messages: with the subcommand of those that have some, never with arguments, which may be
/// data or secrets.
std::string commandName(std::span<const std::string_view> arguments) {
  constexpr std::array<std::string_view, 10> kContainers{"ACL",      "CLIENT", "CLUSTER",  "COMMAND", "CONFIG",
                                                         "FUNCTION", "OBJECT", "REPLCONF", "SCRIPT",  "SENTINEL"};
  if (arguments.empty()) return "";
  std::string name(arguments[0]);
  if (arguments.size() > 1 && isOneOf(name, kContainers)) name.append(" ").append(arguments[1]);
  return name;
}

}  // namespace

std::unique_ptr<net::Stream> openStream(const ConnectOptions& options) {
  std::optional<net::TlsOptions> tls;
  if (options.tls) tls = net::TlsOptions{.caFile = {}, .caPem = options.caPem};
  try {
    return net::connect(options.address, tls, net::after(options.connectTimeout));
  } catch (const Error& error) {
    throw Error(error.msg(), error.args(), options.origin, error.detail());
  }
}

std::string withoutArguments(const std::string& text) {
  return text.substr(0, text.find(", with args beginning with"));
}

Error errorOf(const resp::Reply& reply, const ConnectOptions& options, std::string_view command) {
  constexpr std::array<std::string_view, 10> kLater{"LOADING",  "BUSY",         "MASTERDOWN", "CLUSTERDOWN",
                                                    "TRYAGAIN", "NOMASTERLINK", "NOREPLICAS", "FAILOVER",
                                                    "READONLY", "MISCONF"};
  constexpr std::array<std::string_view, 2> kLogin{"NOAUTH", "WRONGPASS"};
  const std::string address = options.address.text();
  if (isOneOf(reply.errorCode(), kLater))
    return Error(Msg::redisNotReady, {address, std::string(command), withoutArguments(reply.text())}, options.origin);
  if (isOneOf(reply.errorCode(), kLogin))
    return Error(Msg::accessDenied, {address, withoutArguments(reply.text())}, options.origin);
  return Error(Msg::redisRefused, {address, std::string(command), withoutArguments(reply.text())}, options.origin);
}

std::unique_ptr<Connection> Connection::open(const ConnectOptions& options) {
  const net::Deadline deadline = net::after(options.connectTimeout);
  auto connection = std::make_unique<Connection>(openStream(options), options);
  connection->login(deadline);
  return connection;
}

Connection::Connection(std::unique_ptr<net::Stream> stream, ConnectOptions options)
    : options_(std::move(options)), stream_(std::move(stream)) {}

net::Stream& Connection::stream() {
  if (!stream_)
    throw Error(Msg::connectionLost, {address(), "it was closed after an earlier failure"}, options_.origin);
  return *stream_;
}

template <typename Function>
auto Connection::orClose(Function&& function) {
  try {
    return function();
  } catch (const Error& error) {
    stream_.reset();
    std::vector<std::string> arguments = error.args();
    // The codec does not know whom it reads.
    if (error.msg() == Msg::badReply && !arguments.empty()) arguments.front() = address();
    throw Error(error.msg(), std::move(arguments), options_.origin, error.detail());
  }
}

void Connection::login(net::Deadline deadline) {
  if (options_.password.empty()) return;
  std::vector<std::string_view> auth{"AUTH"};
  if (!options_.user.empty()) auth.push_back(options_.user);
  auth.push_back(options_.password);
  const resp::Reply reply = ask(auth, deadline);
  if (!reply.isError()) return;
  stream_.reset();
  const Error error = errorOf(reply, options_, "AUTH");
  if (error.msg() == Msg::redisNotReady) throw Error(error);
  // Also "ERR AUTH <password> called without any password configured" and servers before 6.0 that know no users.
  throw Error(Msg::accessDenied, {address(), withoutArguments(reply.text())}, options_.origin);
}

resp::Reply Connection::readReply(net::Deadline deadline) {
  std::array<char, kReadBytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  while (true) {
    if (std::optional<resp::Reply> reply = reader_.next()) return std::move(*reply);
    const std::size_t got = stream().read(buffer.data(), buffer.size(), deadline);
    if (got == 0) throw Error(Msg::connectionLost, {address(), "the server has closed the connection"});
    reader_.append({buffer.data(), got});
  }
}

resp::Reply Connection::ask(std::span<const std::string_view> arguments, net::Deadline deadline) {
  return orClose([&] {
    encoder_.clear();
    encoder_.command(arguments);
    stream().write(encoder_.bytes(), deadline);
    encoder_.clear();
    return readReply(deadline);
  });
}

resp::Reply Connection::ask(Arguments arguments) {
  return ask(std::span<const std::string_view>(arguments.begin(), arguments.size()), answerDeadline());
}

resp::Reply Connection::call(std::span<const std::string_view> arguments, net::Deadline deadline) {
  resp::Reply reply = ask(arguments, deadline);
  if (reply.isError()) throw errorOf(reply, options_, commandName(arguments));
  return reply;
}

resp::Reply Connection::call(Arguments arguments) {
  return call(std::span<const std::string_view>(arguments.begin(), arguments.size()), answerDeadline());
}

std::vector<resp::Reply> Connection::pipeline(std::string_view commands, std::size_t count, net::Deadline deadline) {
  return orClose([&] {
    std::vector<resp::Reply> replies;
    std::array<char, kReadBytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    while (replies.size() < count || !commands.empty()) {
      commands.remove_prefix(stream().tryWrite(commands));
      const std::optional<std::size_t> got = stream().tryRead(buffer.data(), buffer.size());
      if (got && *got == 0) throw Error(Msg::connectionLost, {address(), "the server has closed the connection"});
      if (got) reader_.append({buffer.data(), *got});
      while (std::optional<resp::Reply> reply = reader_.next()) replies.push_back(std::move(*reply));
      if (got || (replies.size() >= count && commands.empty())) continue;
      const net::Readiness ready = stream().wait({.readable = true, .writable = !commands.empty()}, deadline);
      if (!ready.any()) throw Error(Msg::connectionLost, {address(), "no answer in time"});
    }
    if (replies.size() > count) throw Error(Msg::badReply, {"", "more replies than commands"});
    return replies;
  });
}

std::unique_ptr<net::Stream> Connection::release(std::string& rest) {
  rest = reader_.takeRest();
  return std::move(stream_);
}

}  // namespace drs::redis
