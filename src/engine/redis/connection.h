#pragma once

#include "base/error.h"
#include "net/stream.h"
#include "wire/resp/encoder.h"
#include "wire/resp/reply.h"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

/// How to reach one server, secrets opened.
struct ConnectOptions {
  Origin origin = Origin::source;  ///< for errors
  net::Address address;
  std::string user;      ///< empty: the default user (AUTH with a password alone, as servers before 6.0 want it)
  std::string password;  ///< empty: no AUTH
  bool tls = false;
  std::string caPem;                                 ///< empty: the system's CAs; verification is always on when tls is
  std::chrono::milliseconds connectTimeout{10'000};  ///< for connection, TLS and AUTH together
  std::chrono::milliseconds answerTimeout{60'000};   ///< for an answer, where the caller gives no deadline
};

/// Opens a stream, TLS included, without a word of RESP. Throws Error: cannotResolve, cannotConnect, tlsFailed.
[[nodiscard]] std::unique_ptr<net::Stream> openStream(const ConnectOptions& options);

/// The text of an error reply without what servers repeat of a command that they do not know: its arguments are data,
/// or a password.
[[nodiscard]] std::string withoutArguments(const std::string& text);

/// What an error reply means to us: Error(redisNotReady) for what passes by itself (LOADING, BUSY, MASTERDOWN,
/// CLUSTERDOWN, TRYAGAIN, NOMASTERLINK, NOREPLICAS, READONLY, MISCONF …), Error(accessDenied) for NOAUTH and WRONGPASS,
/// Error(redisRefused) for all others. `command`: its name (and subcommand), never its arguments: they may be data or
/// secrets.
[[nodiscard]] Error errorOf(const resp::Reply& reply, const ConnectOptions& options, std::string_view command);

/// A control connection: one command at a time, RESP2. Also for a few thousand in a pipeline; the data path has writers
/// of its own. One thread. After an exception other than of call()'s error replies it is closed for good (open() anew).
class Connection {
 public:
  using Arguments = std::initializer_list<std::string_view>;

  /// Connects and logs in. Throws Error: cannotResolve, cannotConnect, tlsFailed, accessDenied, redisNotReady,
  /// connectionLost, badReply.
  [[nodiscard]] static std::unique_ptr<Connection> open(const ConnectOptions& options);
  /// Over a stream of the caller's, without login; for tests and for streams that are logged in.
  Connection(std::unique_ptr<net::Stream> stream, ConnectOptions options);

  /// Sends a command and returns its reply. An error reply is thrown as errorOf() tells. Throws Error: redisRefused,
  /// redisNotReady, accessDenied, connectionLost (also when the deadline passes: whether the command was done is
  /// unknown then), badReply.
  resp::Reply call(Arguments arguments);
  resp::Reply call(std::span<const std::string_view> arguments, net::Deadline deadline);
  /// As call(), but an error reply is returned like others.
  resp::Reply ask(Arguments arguments);
  resp::Reply ask(std::span<const std::string_view> arguments, net::Deadline deadline);
  /// Sends `commands`, which must hold exactly `count` of them, and returns their replies in order, errors among them.
  /// Reads while it writes, so that neither side waits for the other. Throws Error: connectionLost, badReply.
  std::vector<resp::Reply> pipeline(std::string_view commands, std::size_t count, net::Deadline deadline);

  [[nodiscard]] const ConnectOptions& options() const { return options_; }
  [[nodiscard]] std::string address() const { return options_.address.text(); }
  [[nodiscard]] net::Deadline answerDeadline() const { return net::after(options_.answerTimeout); }

  /// Gives the stream away with the bytes that were read behind the last reply; the connection is closed then.
  [[nodiscard]] std::unique_ptr<net::Stream> release(std::string& rest);

 private:
  [[nodiscard]] net::Stream& stream();
  /// Every failure but an error reply ends the connection: what would be read next belongs to another command.
  template <typename Function>
  auto orClose(Function&& function);
  [[nodiscard]] resp::Reply readReply(net::Deadline deadline);
  void login(net::Deadline deadline);

  ConnectOptions options_;
  std::unique_ptr<net::Stream> stream_;
  resp::Encoder encoder_;
  resp::ReplyReader reader_;
};

}  // namespace drs::redis
