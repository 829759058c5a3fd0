#pragma once

#include "engine/redis/connection.h"
#include "engine/redis/scope.h"
#include "wire/resp/reply.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace drs::redis {

/// Which keys of a source have changed, as its keyspace notifications tell. Keeps each key once until it is taken, up
/// to a limit in bytes. Notifications get lost with their connection, and what is over the limit is forgotten: each
/// time the generation grows, and only a pass over all keys that begins behind that finds what was missed. One thread
/// runs it; the other calls may come from any.
class Notifications {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Changed {
    std::uint64_t db = 0;
    std::string key;
    Time at;  ///< when the first of its notifications came
  };
  struct Options {
    std::function<ConnectOptions()> source;  ///< the server to listen to now
    std::function<void(bool warning, const std::string& line)> note;
    std::size_t maxBytes = std::size_t{64} << 20U;  ///< of keys that wait
  };
  /// `scope` must outlive it.
  Notifications(const Scope& scope, Options options) : scope_(scope), options_(std::move(options)) {}

  /// Listens until the stop; a lost connection is made anew. Throws Error(redisRefused, accessDenied): the source does
  /// not let it listen.
  void run(const std::stop_token& stop);

  /// Waits until it listens for the first time; false after a stop.
  [[nodiscard]] bool awaitListening(const std::stop_token& stop);
  /// Up to `most` keys, those that wait longest first; waits for one up to `patience`.
  [[nodiscard]] std::vector<Changed> take(std::size_t most, std::chrono::milliseconds patience,
                                          const std::stop_token& stop);
  /// Since when the oldest waits; nothing: none does.
  [[nodiscard]] std::optional<Time> oldest() const;
  /// Grows whenever something may have been missed; 0: it does not listen yet.
  [[nodiscard]] std::uint64_t generation() const;
  /// When that was for the last time; nothing: it never was.
  [[nodiscard]] std::optional<Time> missedAt() const;

 private:
  void listen(const std::stop_token& stop);
  void takeMessage(const resp::Reply& message);
  void add(std::uint64_t db, std::string key);
  void missed();

  const Scope& scope_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Changed> waiting_;
  std::unordered_set<std::string> known_;  ///< of waiting_: database and key
  std::size_t bytes_ = 0;
  std::uint64_t generation_ = 0;
  std::optional<Time> missedAt_;
};

}  // namespace drs::redis
