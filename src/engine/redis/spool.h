#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace drs::redis {

/// What a source has sent and the target has not yet taken, in files: the source is drained at the speed of its line,
/// however slow the target is, since it drops a replica that does not keep up (client-output-buffer-limit). Bytes are
/// numbered; one thread appends at the end, one reads from any place that is kept. Files are written through the page
/// cache: they survive the process, not the machine (see reopen()). Throws Error(spillFailed) with the system's words.
class Spool {
 public:
  /// `folder` is made if it is missing, and is this spool's alone: Error(spillFailed) if another one has it.
  /// `maxBytes`: of files; at least two segments.
  Spool(std::string folder, std::uint64_t maxBytes);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Drops everything; the next byte that is appended has the number `first`. `history` names the bytes' origin.
  void start(const std::string& history, std::uint64_t first);
  /// Takes over what an earlier process has left, if it is of this history and holds byte `from` or ends right before
  /// it, and the machine has not been started since; reading begins there. False: nothing of use; start() anew.
  [[nodiscard]] bool reopen(const std::string& history, std::uint64_t from);
  /// The bytes go on under another name (a source after its failover).
  void rename(const std::string& history);

  /// The number of the next byte to be appended. Threads: any.
  [[nodiscard]] std::uint64_t end() const;
  [[nodiscard]] std::string history() const;
  /// Bytes in files. Threads: any.
  [[nodiscard]] std::uint64_t bytes() const;

  /// Appends, if there is room for all of it; false = full, nothing was taken: try again when release() has made room.
  [[nodiscard]] bool append(std::string_view bytes);
  /// No more bytes will come: read() gives 0 at the end.
  void close();
  /// Waits until release() made room, or for `most`.
  void awaitRoom(std::chrono::milliseconds most, const std::stop_token& stop);

  /// Reads at least one byte from number `from` on, at most `size`. Waits for them up to `most`; 0: none came in time,
  /// stop was requested, or the spool is closed and at its end.
  [[nodiscard]] std::size_t read(std::uint64_t from, char* to, std::size_t size, std::chrono::milliseconds most,
                                 const std::stop_token& stop);
  [[nodiscard]] bool isClosed() const;
  /// Bytes before number `before` are not needed any more.
  void release(std::uint64_t before);

  /// Removes the folder of a spool with all that is in it. Nothing there is fine.
  static void remove(const std::string& folder);

 private:
  struct Segment {
    std::uint64_t first = 0, size = 0;
    int file = -1;
  };
  void drop();
  void close(Segment& segment) const;
  [[nodiscard]] std::string pathOf(std::uint64_t first) const;
  void openSegment();
  void writeMeta() const;
  [[noreturn]] void fail() const;

  const std::string folder_;
  const std::uint64_t maxBytes_;
  int lock_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string history_;
  std::deque<Segment> segments_;  ///< oldest first, contiguous
  std::uint64_t end_ = 0;
  bool closed_ = false;
};

}  // namespace drs::redis
