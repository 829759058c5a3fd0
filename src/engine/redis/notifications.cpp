#include "engine/redis/notifications.h"

#include "base/task_group.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kListenStep{500};
constexpr std::chrono::seconds kPingEvery{10};
constexpr std::chrono::seconds kSilence{60};
constexpr std::chrono::milliseconds kFirstListenPause{200};
constexpr std::chrono::milliseconds kLongestListenPause{5000};
constexpr std::size_t kListenBytes = std::size_t{64} << 10U;
/// What a waiting key takes beside its bytes, twice.
constexpr std::size_t kKeyOverhead = 160;

std::string nameOf(std::uint64_t db, std::string_view key) {
  return std::to_string(db).append(":").append(key);
}

/// Of "__keyevent@5__:set", "__keyspace@5__:key": what stands behind the database; nothing: it is no such channel.
std::optional<std::string_view> behindDatabase(std::string_view channel, std::uint64_t& db) {
  const std::size_t at = channel.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const char* const end = channel.data() + channel.size();
  const auto [behind, failure] = std::from_chars(channel.data() + at + 1, end, db);
  constexpr std::string_view kMark = "__:";
  const std::string_view rest(behind, static_cast<std::size_t>(end - behind));
  if (failure != std::errc() || !rest.starts_with(kMark)) return std::nullopt;
  return rest.substr(kMark.size());
}

/// Either tells all; with both on, keys come twice.
std::string_view patternFor(Connection& source) {
  const resp::Reply reply = source.ask({"CONFIG", "GET", "notify-keyspace-events"});
  const bool onlySpace = !reply.isError() && reply.find("notify-keyspace-events").text().find('E') == std::string::npos;
  return onlySpace ? "__keyspace@*__:*" : "__keyevent@*__:*";
}

}  // namespace

void Notifications::run(const std::stop_token& stop) {
  auto pause = kFirstListenPause;
  std::string said;
  while (!stop.stop_requested()) {
    const std::uint64_t before = generation();
    try {
      listen(stop);
      return;
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      if (error.action() != Action::retry) throw;
      if (generation() != before) pause = kFirstListenPause;
      if (error.text() != said)
        options_.note(true, "Notifications of the source are lost (" + error.text() +
                                "); all keys are compared as soon as it tells again");
      said = error.text();
    }
    (void)sleepFor(pause, stop);
    pause = std::min(pause * 2, kLongestListenPause);
  }
}

void Notifications::listen(const std::stop_token& stop) {
  const auto connection = Connection::open(options_.source());
  const net::Deadline soon = connection->answerDeadline();
  (void)connection->call(std::array<std::string_view, 2>{"PSUBSCRIBE", patternFor(*connection)}, soon);
  resp::ReplyReader reader;
  std::string rest;
  const auto stream = connection->release(rest);
  reader.append(rest);
  missed();  // whatever was changed before now
  std::string buffer(kListenBytes, '\0');
  auto heardAt = std::chrono::steady_clock::now();
  auto askedAt = heardAt;
  while (!stop.stop_requested()) {
    while (const auto message = reader.next()) takeMessage(*message);
    const auto got = stream->tryRead(buffer.data(), buffer.size());
    const auto now = std::chrono::steady_clock::now();
    if (got && *got == 0)
      throw Error(Msg::connectionLost, {connection->address(), "the server has closed the connection"}, Origin::source);
    if (got) {
      heardAt = now;
      reader.append({buffer.data(), *got});
      continue;
    }
    if (now - heardAt > kSilence)
      throw Error(Msg::connectionLost, {connection->address(), "it has said nothing for a minute"}, Origin::source);
    if (now - askedAt > kPingEvery) {
      resp::Encoder ping;
      ping.command({"PING"});
      stream->write(ping.bytes(), net::after(kSilence));
      askedAt = now;
    }
    (void)stream->wait({.readable = true, .writable = false}, net::after(kListenStep));
  }
}

void Notifications::takeMessage(const resp::Reply& message) {
  constexpr std::size_t kParts = 4;
  if (message.elements().size() != kParts || !message.at(0).is("pmessage")) return;
  std::uint64_t db = 0;
  const std::string& channel = message.at(2).text();
  const auto rest = behindDatabase(channel, db);
  if (!rest) return;
  const bool isEvent = channel.starts_with("__keyevent");
  const std::string_view key = isEvent ? std::string_view(message.at(3).text()) : *rest;
  if (scope_.targetDb(db) && scope_.covers(db, key)) add(db, std::string(key));
}

void Notifications::add(std::uint64_t db, std::string key) {
  const std::lock_guard lock(mutex_);
  const std::size_t size = 2 * key.size() + kKeyOverhead;
  if (bytes_ + size > options_.maxBytes) {
    waiting_.clear();
    known_.clear();
    bytes_ = 0;
    ++generation_;
    missedAt_ = std::chrono::steady_clock::now();
  }
  if (!known_.insert(nameOf(db, key)).second) return;
  bytes_ += size;
  waiting_.push_back({db, std::move(key), std::chrono::steady_clock::now()});
  changed_.notify_all();
}

void Notifications::missed() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  missedAt_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

bool Notifications::awaitListening(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, stop, [&] { return generation_ > 0; });
}

std::vector<Notifications::Changed> Notifications::take(std::size_t most, std::chrono::milliseconds patience,
                                                        const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  (void)changed_.wait_for(lock, stop, patience, [&] { return !waiting_.empty(); });
  std::vector<Changed> out;
  while (!waiting_.empty() && out.size() < most) {
    Changed& next = waiting_.front();
    known_.erase(nameOf(next.db, next.key));
    bytes_ -= 2 * next.key.size() + kKeyOverhead;
    out.push_back(std::move(next));
    waiting_.pop_front();
  }
  return out;
}

std::optional<Notifications::Time> Notifications::oldest() const {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().at;
}

std::uint64_t Notifications::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

std::optional<Notifications::Time> Notifications::missedAt() const {
  const std::lock_guard lock(mutex_);
  return missedAt_;
}

}  // namespace drs::redis
