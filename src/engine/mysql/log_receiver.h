#pragma once

#include "base/task_group.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace drs::mysql {

/// Receives a dump's packets on a thread of its own, ahead of the one that decodes them, into a ring of kRingBytes; a
/// full ring blocks the receiver, and so at last the source. Packets of kLargeBytes and more are not copied: the
/// receiver waits until they have been looked at. One thread, beside its own.
class LogReceiver {
 public:
  static constexpr std::size_t kRingBytes = 1U << 20U;  ///< a millisecond of a fast source
  static constexpr std::size_t kLargeBytes = 64U << 10U;

  /// Begins at once. `receive` gives the next packet, valid until it is called again, and throws when there will be no
  /// more; a call of `interrupt` makes it throw soon.
  LogReceiver(std::function<std::string_view()> receive, std::function<void()> interrupt);
  ~LogReceiver();
  LogReceiver(const LogReceiver&) = delete;
  LogReceiver& operator=(const LogReceiver&) = delete;

  /// The next packet, valid until the next call. What `receive` has thrown comes behind all that it gave before.
  [[nodiscard]] std::string_view read();

 private:
  /// Before each packet in the ring; what follows it begins at the next multiple of its size.
  struct Head {
    const char* large;   ///< the packet, where it was not copied; kSkip: the ring goes on at its beginning
    std::size_t length;  ///< of the packet
  };
  void run();
  void put(std::string_view packet);
  void publish(std::uint64_t written);
  /// Waits until so much of the ring, of all that was ever written, is free again; false = the reader is gone.
  bool awaitTaken(std::uint64_t taken);
  void awaitWritten();

  const std::function<std::string_view()> receive_;
  const std::function<void()> interrupt_;
  const std::unique_ptr<Head[]> ring_;
  // Bytes of all times; the place in the ring is the rest of a division. Each is written by one side alone.
  alignas(64) std::atomic<std::uint64_t> written_{0};
  alignas(64) std::atomic<std::uint64_t> taken_{0};
  std::atomic<bool> readerWaits_{false}, receiverWaits_{false}, gone_{false}, ended_{false};
  std::mutex mutex_;  ///< of the two waits, and of error_
  std::condition_variable changed_;
  std::exception_ptr error_;
  std::uint64_t at_ = 0;    ///< of the reader: behind the packet that it looks at
  std::uint64_t seen_ = 0;  ///< of the reader: written_ when it looked last
  TaskGroup thread_;        ///< last: it ends first
};

}  // namespace drs::mysql
