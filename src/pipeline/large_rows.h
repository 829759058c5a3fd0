#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <stop_token>

namespace drs {

/// Lets one large row of the process be on its way from reader to writer at a time: each takes its size two or three
/// times (as read, as sent, escaped), and every session of every job may meet one at the same moment. Threads: any.
class LargeRows : public std::enable_shared_from_this<LargeRows> {
 public:
  /// Rows from here on are large, in bytes as the source sends them. Smaller ones are bounded by the queues.
  static constexpr std::size_t kLarge = 4U << 20U;

  /// Waits until no other large row is under way. What it returns is kept with the row and lets the next one in when it
  /// is dropped. Waits no longer than `patience`, for the writer of the other row may itself wait for a lock that our
  /// transaction holds: then it returns nothing, as after a stop, and two rows are under way. Owned by a shared_ptr.
  [[nodiscard]] std::shared_ptr<const void> enter(const std::stop_token& stop,
                                                  std::chrono::milliseconds patience = std::chrono::seconds(60));

 private:
  std::binary_semaphore free_{1};
};

}  // namespace drs
