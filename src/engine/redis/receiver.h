#pragma once

#include "engine/redis/arrivals.h"
#include "engine/redis/replica_link.h"
#include "engine/redis/spool.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace drs::redis {

/// Takes everything that the source sends, as fast as it comes, into two spools: the snapshot, if there is one, and the
/// stream. When the link is lost behind the snapshot it is made anew, from the last byte on. One thread runs it.
class Receiver {
 public:
  struct Options {
    std::function<ConnectOptions()> source;  ///< the server to read from now: another one after a fail-over
    ReplicaOptions replica;
    std::function<void(bool warning, const std::string& line)> note;
    bool follows = true;  ///< false: ends behind the snapshot
  };
  /// `stream` must have been started behind link->start().
  Receiver(std::unique_ptr<ReplicaLink> link, Spool* snapshot, Spool& stream, Arrivals& arrivals, Options options);

  /// Ends after a stop. Throws Error(connectionLost) and what ReplicaLink throws while there is a snapshot to read,
  /// Error(backlogLost) if the source cannot go on from the last byte; Error(spillFailed).
  void run(const std::stop_token& stop);
  /// Is there a link to the source now? Threads: any.
  [[nodiscard]] bool isLinked() const { return linked_; }
  /// How often the link was made anew. Threads: any.
  [[nodiscard]] std::uint64_t relinks() const { return relinks_; }

 private:
  void receiveSnapshot(const std::stop_token& stop);
  void receiveStream(const std::stop_token& stop);
  void keep(Spool& spool, std::string_view bytes, const std::stop_token& stop);
  void acknowledge(bool now);
  void relink(const std::stop_token& stop);

  std::unique_ptr<ReplicaLink> link_;
  Spool* snapshot_;
  Spool& stream_;
  Arrivals& arrivals_;
  const Options options_;
  std::string buffer_;
  std::uint64_t acknowledged_ = 0;  ///< what is told to the source
  std::chrono::steady_clock::time_point acknowledgedAt_;
  bool saidFull_ = false;
  std::atomic<bool> linked_ = true;
  std::atomic<std::uint64_t> relinks_ = 0;
};

}  // namespace drs::redis
