#include "engine/redis/replica_link.h"

#include "base/error.h"
#include "wire/resp/encoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace drs::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a wait goes on before it looks whether it is to stop.
constexpr milliseconds kSlice{200};
constexpr seconds kAcknowledgePeriod{1};
/// For the few bytes of an acknowledgement.
constexpr seconds kWriteTimeout{10};
/// Answers to PSYNC and headers of snapshots are far shorter.
constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kIdBytes = 40;

std::optional<std::uint64_t> lineNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool isReplId(std::string_view text) {
  return text.size() == kIdBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> all;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) all.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return all;
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The network does not know whose end of a job it is.
template <typename Function>
void withOrigin(Origin origin, Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    throw Error(error.msg(), error.args(), origin, error.detail());
  }
}

[[noreturn]] void refuseReplication(const ConnectOptions& options, std::string_view said, std::string_view remedy) {
  throw Error(Msg::replicationRefused, {options.address.text(), std::string(said), std::string(remedy)},
              options.origin);
}

/// What an error to one of the handshake's commands means.
[[noreturn]] void throwRefusal(const resp::Reply& reply, const ConnectOptions& options, std::string_view command) {
  const Error error = errorOf(reply, options, command);
  if (error.msg() != Msg::redisRefused) throw Error(error);
  if (reply.errorCode() == "NOPERM") {
    refuseReplication(options, reply.text(),
                      fmt::format("Allow the user of the task to replicate: ACL SETUSER {} +psync +replconf +ping, and "
                                  "for the pre-check +info +config|get.",
                                  options.user.empty() ? "default" : options.user));
  }
  if (holds(reply.text(), "unknown command")) {
    refuseReplication(
        options, reply.text(),
        fmt::format("The server is older than Redis 2.8, which OpenDRS does not read (it knows SYNC only), "
                    "or {} has been renamed or disabled there: allow it (rename-command).",
                    command));
  }
  refuseReplication(options, reply.text(), "Mend what the server names.");
}

/// PING and REPLCONF, each answered before the next: some servers refuse a line as a whole. A server that does not know
/// an option answers ERR and does without it.
void shakeHands(Connection& connection, const ReplicaOptions& replica) {
  const auto say = [&](std::span<const std::string_view> command) {
    const resp::Reply reply = connection.ask(command, connection.answerDeadline());
    // PING only tells whether the server answers: the account need not have it.
    const bool mayBe = reply.errorCode() == "ERR" || (reply.errorCode() == "NOPERM" && command[0] == "PING");
    if (reply.isError() && !mayBe) throwRefusal(reply, connection.options(), command[0]);
  };
  const std::string port = std::to_string(replica.listeningPort);
  say(std::array<std::string_view, 1>{"PING"});
  say(std::array<std::string_view, 3>{"REPLCONF", "listening-port", port});
  if (replica.endMarkCapable) {
    say(std::array<std::string_view, 5>{"REPLCONF", "capa", "eof", "capa", "psync2"});
  } else {
    say(std::array<std::string_view, 3>{"REPLCONF", "capa", "psync2"});
  }
  if (!replica.version.empty()) say(std::array<std::string_view, 3>{"REPLCONF", "version", replica.version});
}

}  // namespace

std::unique_ptr<ReplicaLink> ReplicaLink::open(const ConnectOptions& options, const std::optional<StreamPoint>& from,
                                               const ReplicaOptions& replica, const std::stop_token& stop) {
  const std::unique_ptr<Connection> connection = Connection::open(options);
  shakeHands(*connection, replica);
  std::string rest;
  std::unique_ptr<net::Stream> stream = connection->release(rest);
  std::unique_ptr<ReplicaLink> link(new ReplicaLink(options, std::move(stream), std::move(rest)));
  link->requestStream(from, stop);
  return link;
}

ReplicaLink::ReplicaLink(ConnectOptions options, std::unique_ptr<net::Stream> stream, std::string rest)
    : options_(std::move(options)), stream_(std::move(stream)), rest_(std::move(rest)) {}

void ReplicaLink::requestStream(const std::optional<StreamPoint>& from, const std::stop_token& stop) {
  resp::Encoder encoder;
  encoder.begin(3).argument("PSYNC");
  if (from) {
    encoder.argument(from->replId).argument(from->offset + 1);
  } else {
    encoder.argument("?").argument("-1");
  }
  withOrigin(options_.origin, [&] { stream_->write(encoder.bytes(), net::after(kWriteTimeout)); });
  takeAnswer(readLine(net::after(options_.answerTimeout), stop, false), from);
}

void ReplicaLink::takeAnswer(std::string_view line, const std::optional<StreamPoint>& from) {
  const std::vector<std::string_view> said = words(line);
  if (line.starts_with('-')) {
    throwRefusal(resp::Reply(resp::Reply::Kind::error, std::string(line.substr(1))), options_, "PSYNC");
  }
  if (!said.empty() && said[0] == "+FULLRESYNC" && said.size() == 3 && isReplId(said[1]) && lineNumber(said[2])) {
    full_ = true;
    start_ = {std::string(said[1]), *lineNumber(said[2])};
    return;
  }
  // Servers before 4.0 name no id: theirs is the one that was asked for.
  const bool goesOn = from && !said.empty() && said[0] == "+CONTINUE";
  if (goesOn && (said.size() == 1 || (said.size() == 2 && isReplId(said[1])))) {
    start_ = {said.size() == 2 ? std::string(said[1]) : from->replId, from->offset};
    return;
  }
  throw Error(Msg::badReply, {options_.address.text(), fmt::format("to PSYNC it said \"{}\"", line.substr(0, 200))},
              options_.origin);
}

SnapshotFraming ReplicaLink::awaitSnapshot(const std::stop_token& stop, seconds silence) {
  const std::string line = readLine(net::after(silence), stop, true);
  if (line.starts_with('-'))
    throw Error(Msg::redisNotReady, {options_.address.text(), "PSYNC", line.substr(1)}, options_.origin);
  constexpr std::string_view kMark = "$EOF:";
  if (line.starts_with(kMark) && line.size() == kMark.size() + kIdBytes)
    return {SnapshotFraming::Kind::endMark, 0, line.substr(kMark.size())};
  const std::optional<std::uint64_t> bytes =
      line.starts_with('$') ? lineNumber(std::string_view(line).substr(1)) : std::nullopt;
  if (bytes) return {SnapshotFraming::Kind::length, *bytes, {}};
  throw Error(Msg::badReply,
              {options_.address.text(), fmt::format("in place of a snapshot it sent \"{}\"", line.substr(0, 200))},
              options_.origin);
}

std::string ReplicaLink::readLine(net::Deadline deadline, const std::stop_token& stop, bool acknowledging) {
  const net::Deadline::duration patience = deadline - std::chrono::steady_clock::now();
  net::Deadline nextAcknowledgement = net::after(kAcknowledgePeriod);
  std::string line;
  while (true) {
    char c = 0;
    const std::size_t got = read(&c, 1, std::min(deadline, net::after(kSlice)), stop);
    const net::Deadline now = std::chrono::steady_clock::now();
    if (acknowledging && now >= nextAcknowledgement) {
      acknowledge(0);
      nextAcknowledgement = now + kAcknowledgePeriod;
    }
    if (got == 0) {
      if (stop.stop_requested())
        throw Error(Msg::connectionLost, {options_.address.text(), "stopped"}, options_.origin);
      if (closed_)
        throw Error(Msg::connectionLost, {options_.address.text(), "the source has closed the link"}, options_.origin);
      if (now >= deadline)
        throw Error(Msg::connectionLost, {options_.address.text(), "no answer in time"}, options_.origin);
    } else if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) return line;
      deadline = now + patience;  // a sign of life
    } else {
      line += c;
      if (line.size() > kMaxLine)
        throw Error(Msg::badReply, {options_.address.text(), "a line without an end"}, options_.origin);
    }
  }
}

std::size_t ReplicaLink::read(char* to, std::size_t size, net::Deadline deadline, const std::stop_token& stop) {
  if (restAt_ == rest_.size()) {
    if (size >= kMaxLine) return readSocket(to, size, deadline, stop);
    // Single bytes are read in larger pieces; what is behind stays for the next call.
    rest_.resize(kMaxLine);
    restAt_ = 0;
    std::size_t got = 0;
    try {
      got = readSocket(rest_.data(), rest_.size(), deadline, stop);
    } catch (...) {
      rest_.clear();
      throw;
    }
    rest_.resize(got);
  }
  const std::size_t taken = std::min(size, rest_.size() - restAt_);
  std::memcpy(to, rest_.data() + restAt_, taken);
  restAt_ += taken;
  return taken;
}

std::size_t ReplicaLink::readSocket(char* to, std::size_t size, net::Deadline deadline, const std::stop_token& stop) {
  while (!closed_ && !stop.stop_requested()) {
    std::optional<std::size_t> got;
    {
      const std::lock_guard lock(mutex_);
      withOrigin(options_.origin, [&] { got = stream_->tryRead(to, size); });
    }
    if (got) {
      closed_ = *got == 0;
      return *got;
    }
    const net::Deadline now = std::chrono::steady_clock::now();
    if (now >= deadline) return 0;
    (void)stream_->wait({.readable = true}, std::min(deadline, now + kSlice));
  }
  return 0;
}

void ReplicaLink::acknowledge(std::uint64_t offset) {
  resp::Encoder encoder;
  encoder.begin(3).argument("REPLCONF").argument("ACK").argument(offset);
  const std::lock_guard lock(mutex_);
  withOrigin(options_.origin, [&] { stream_->write(encoder.bytes(), net::after(kWriteTimeout)); });
}

}  // namespace drs::redis
