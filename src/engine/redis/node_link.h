#pragma once

#include "engine/redis/connection.h"
#include "wire/resp/encoder.h"
#include "wire/resp/reply_scanner.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// A connection to one node of a target cluster, which sends and receives without waiting, so that one thread serves
/// many of them. Replies are counted, and what went wrong among them is kept; or kept whole, if that is asked for.
class NodeLink {
 public:
  /// Connects and logs in. `serial` is the caller's. Throws Error as Connection::open().
  NodeLink(const ConnectOptions& options, std::uint64_t serial);

  [[nodiscard]] std::uint64_t serial() const { return serial_; }
  [[nodiscard]] const ConnectOptions& options() const { return options_; }

  /// What is to be sent: commands are appended here, and `expected` grows by the number of their replies.
  resp::Encoder out;
  std::uint64_t expected = 0;
  bool keeps = false;  ///< replies are kept in `text`

  /// What came back since begin().
  std::vector<resp::ReplyProblem> problems;
  std::string text;

  /// Forgets the replies before; only when none is to come.
  void begin();
  /// Nothing is to be sent or to come.
  [[nodiscard]] bool isIdle() const { return failure_.has_value() || (sent_ == out.size() && answered_ == expected); }
  [[nodiscard]] bool isSent() const { return failure_.has_value() || sent_ == out.size(); }
  /// Replies that have come since begin().
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  /// Why the link is of no more use; nothing: it is.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  void fail(const Error& error);
  /// Sends and receives what goes without waiting. True: something went. A failure is kept, not thrown.
  bool pump();
  /// Waits until pump() may go on, at most so long.
  void wait(std::chrono::milliseconds most);

 private:
  const ConnectOptions options_;
  const std::uint64_t serial_;
  std::string rest_;  ///< before the stream, which is made with it
  std::unique_ptr<net::Stream> stream_;
  resp::ReplyScanner scanner_;
  std::size_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::optional<Error> failure_;
};

/// Pumps all of them until each is idle, or has only sent all (`onlySend`). A link that does not get on until the
/// deadline fails; after a stop they get three seconds more, since what is on its way is not given up at once.
void pumpAll(std::span<NodeLink* const> links, net::Deadline deadline, const std::stop_token& stop,
             bool onlySend = false);

}  // namespace drs::redis
