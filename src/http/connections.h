#pragma once

#include "base/bounded_queue.h"
#include "http/server.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

// Internal to the server: what all its connections share.

namespace drs::http {

/// A request on its way through the handler pool.
struct Exchange {
  Request request;
  Response response;
  std::function<void()> done;
};

/// What the server knows of a connection without its type of stream.
class Connection {
 public:
  enum class State { idle, reading, running };

  virtual ~Connection() = default;
  /// Closes it, unless a request is running and `evenRunning` is false. Returns at once. Threads: any.
  virtual void close(bool evenRunning) = 0;
  /// Closes it if no byte of a request has arrived. Threads: any.
  virtual void closeIfIdle() = 0;

  std::string remote;
  std::atomic<State> state = State::reading;
  std::atomic<std::chrono::steady_clock::rep> since =
      std::chrono::steady_clock::now().time_since_epoch().count();  ///< start of the state

 protected:
  void enter(State next) {
    since = std::chrono::steady_clock::now().time_since_epoch().count();
    state = next;
  }
};

/// All connections of a server, the queue to its handlers, and the limits that hold for all together. Threads: any.
class Shared {
 public:
  Shared(ServerLimits serverLimits, ServerHooks serverHooks, Log serverLog);

  /// Takes a connection in; at the limit another one has to go.
  void add(const std::shared_ptr<Connection>& connection);
  void remove(const std::shared_ptr<Connection>& connection);
  /// Lets go of all that did not end by themselves; nothing runs on them any more.
  void clear();
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;
  /// False if there are still connections at that time.
  [[nodiscard]] bool waitUntilEmpty(std::chrono::steady_clock::time_point until);

  /// Takes memory for a large body; false if all have too much together.
  [[nodiscard]] bool reserve(std::size_t bytes);
  void release(std::size_t bytes) { reserved_ -= bytes; }

  /// The answer to a failure. Never throws: it must not fail itself.
  [[nodiscard]] Response refuse(const Error& error, const Request& request) const noexcept;

  const ServerLimits limits;
  const ServerHooks hooks;
  const Log log;
  BoundedQueue<std::shared_ptr<Exchange>> queue;  ///< one entry per connection at most: push never waits
  std::atomic<bool> stopping = false;

 private:
  [[nodiscard]] std::shared_ptr<Connection> chooseVictim() const;

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::atomic<std::size_t> reserved_ = 0;
};

/// Memory of one large body.
class Reservation {
 public:
  explicit Reservation(Shared& shared) : shared_(shared) {}
  ~Reservation() { shared_.release(bytes_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  [[nodiscard]] bool take(std::size_t bytes) {
    if (!shared_.reserve(bytes)) return false;
    bytes_ += bytes;
    return true;
  }

 private:
  Shared& shared_;
  std::size_t bytes_ = 0;
};

}  // namespace drs::http
