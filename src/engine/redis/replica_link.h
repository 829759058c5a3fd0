#pragma once

#include "engine/redis/connection.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace drs::redis {

/// A place in the history of a server: all bytes of the stream up to `offset`, the last of them included, are known.
struct StreamPoint {
  std::string replId;        ///< 40 hexadecimal digits
  std::uint64_t offset = 0;  ///< as servers count (master_repl_offset); the next byte is number offset + 1
};

/// How a snapshot stands in the bytes.
struct SnapshotFraming {
  enum class Kind : std::uint8_t {
    length,   ///< exactly `bytes` bytes, then the stream
    endMark,  ///< until the RDB's end, which is followed by `mark`, then the stream
  };
  Kind kind = Kind::length;
  std::uint64_t bytes = 0;
  std::string mark;  ///< 40 bytes; they stand right behind the RDB's check sum, so nobody has to search for them
};

struct ReplicaOptions {
  /// REPLCONF listening-port. 0: nobody who asks the source for its replicas takes us for a server to read from, or for
  /// one to promote.
  std::uint16_t listeningPort = 0;
  /// REPLCONF version: Valkey sends VALKEY080 with everything it has only to a replica of its own version; others
  /// refuse the line, and that is ignored. Empty: not sent.
  std::string version = "9.1.0";
  bool endMarkCapable = true;  ///< capa eof; false: the source writes its snapshot to disk and tells the length
};

/// A source's stream of commands, as its replica gets it (PSYNC, redis.md 3.4). Two threads: one calls read() and
/// awaitSnapshot(), any other acknowledge(). Servers of 2.8 and later.
///
///     auto link = ReplicaLink::open(options, point, {}, stop);
///     if (link->full()) {
///       const SnapshotFraming framing = link->awaitSnapshot(stop);
///       … read() gives the snapshot, then the end mark if the framing has one, then the stream
///     }
///     // the first byte of the stream is number link->start().offset + 1
///
/// From open() on, acknowledge() must be called every second, also while the snapshot is read and when nothing new
/// came: the source cuts a replica that is silent for repl-timeout (60 s), and after a snapshot without a file it
/// begins the stream at the first acknowledgement that comes when it has put the replica online, however many came
/// before.
class ReplicaLink {
 public:
  /// Connects, logs in and asks for the stream behind `from`; without it, or if the source does not have these bytes
  /// (any more), for a snapshot. Throws Error: cannotResolve, cannotConnect, tlsFailed, accessDenied, connectionLost,
  /// badReply; redisNotReady (it loads, has no link to its own master …: again later); replicationRefused, with the
  /// remedy (no right to PSYNC, a server without it); and what ended the wait for the answer when `stop` was asked for:
  /// connectionLost.
  [[nodiscard]] static std::unique_ptr<ReplicaLink> open(const ConnectOptions& options,
                                                         const std::optional<StreamPoint>& from,
                                                         const ReplicaOptions& replica, const std::stop_token& stop);
  ReplicaLink(const ReplicaLink&) = delete;
  ReplicaLink& operator=(const ReplicaLink&) = delete;

  /// Did the source answer with a snapshot? Then what was copied before is another generation (redis.md 4).
  [[nodiscard]] bool full() const { return full_; }
  /// Full: the snapshot's place, the stream begins behind it. Else: `from`'s offset, and the id under which the source
  /// goes on: another than `from`'s after a failover. The id to come back with is always this one.
  [[nodiscard]] const StreamPoint& start() const { return start_; }

  /// Waits until the source has begun to send its snapshot, which may take minutes (it forks, and may write a file
  /// first), and acknowledges each second meanwhile. Only if full(), once, before the first read(). Throws Error:
  /// connectionLost (also when `stop` is asked for, or when the source says nothing at all for `silence`),
  /// replicationRefused (the snapshot failed there), badReply.
  [[nodiscard]] SnapshotFraming awaitSnapshot(const std::stop_token& stop,
                                              std::chrono::seconds silence = std::chrono::seconds(600));

  /// At least one byte, at most `size`; 0 when the source has closed the link or the deadline passed or `stop` was
  /// asked for: closed() tells. Throws Error(connectionLost).
  [[nodiscard]] std::size_t read(char* to, std::size_t size, net::Deadline deadline, const std::stop_token& stop);
  [[nodiscard]] bool closed() const { return closed_; }

  /// Tells the source up to where the stream is safe at our side (0: the snapshot is not complete). Also the answer to
  /// `REPLCONF GETACK *` in the stream, which must come at once. Threads: any. Throws Error(connectionLost).
  void acknowledge(std::uint64_t offset);

 private:
  ReplicaLink(ConnectOptions options, std::unique_ptr<net::Stream> stream, std::string rest);
  void requestStream(const std::optional<StreamPoint>& from, const std::stop_token& stop);
  void takeAnswer(std::string_view line, const std::optional<StreamPoint>& from);
  [[nodiscard]] std::string readLine(net::Deadline deadline, const std::stop_token& stop, bool acknowledging);
  [[nodiscard]] std::size_t readSocket(char* to, std::size_t size, net::Deadline deadline, const std::stop_token& stop);

  ConnectOptions options_;
  std::unique_ptr<net::Stream> stream_;
  std::mutex mutex_;  ///< around every call of stream_ but wait()
  std::string rest_;  ///< bytes that were read already, from restAt_ on
  std::size_t restAt_ = 0;
  bool full_ = false;
  bool closed_ = false;
  StreamPoint start_;
};

}  // namespace drs::redis
