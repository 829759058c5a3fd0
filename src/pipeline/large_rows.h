#pragma once

#include "base/error.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <stop_token>
#include <string>

namespace drs {

/// Lets one large row of the process be in memory at a time: each takes its size about three times (as received, as
/// read, as sent), and every session of every job may meet one at the same moment. Ordinary sessions refuse such rows;
/// what meets one is given up and read again by a session that takes any, of which there is one at a time. Threads:
/// any.
class LargeRows : public std::enable_shared_from_this<LargeRows> {
 public:
  /// Rows from here on are large, in bytes as the source sends them. Smaller ones are bounded by the queues.
  static constexpr std::size_t kLarge = 4U << 20U;
  static constexpr std::chrono::hours kForEver{24 * 365};

  /// Waits, at most `patience`, until nobody else may read large rows. What it returns is kept as long as the session
  /// that may is open, and lets the next one in when it is dropped; nothing = not yet, or stop was requested. Nobody
  /// waits for it with an open snapshot or transaction, so that two who hold a thing each that the other one needs
  /// cannot meet.
  [[nodiscard]] std::shared_ptr<const void> mayRead(const std::stop_token& stop, std::chrono::milliseconds patience);

  /// Waits until no other large row is on its way from the reader to the writer. What it returns is kept with the row
  /// and lets the next one in when it is dropped. Only for who may read large rows: he waits for his own writer alone.
  [[nodiscard]] std::shared_ptr<const void> enter(const std::stop_token& stop,
                                                  std::chrono::milliseconds patience = kForEver);

 private:
  std::shared_ptr<const void> take(std::binary_semaphore& from, const std::stop_token& stop,
                                   std::chrono::milliseconds patience);

  std::binary_semaphore reading_{1};  ///< sessions that take rows of any size
  std::binary_semaphore free_{1};     ///< rows between reader and writer
};

/// A session that refuses large rows met one, and is lost: what it read is to be read again under LargeRows::mayRead().
class LargeRowMet : public Error {
 public:
  /// `peer`: of the session. `limit`: bytes.
  LargeRowMet(const std::string& peer, std::size_t limit, Origin origin)
      : Error(Msg::limitExceeded, {"A row of " + peer, "more memory", std::to_string(limit) + " bytes"}, origin) {}
};

}  // namespace drs
