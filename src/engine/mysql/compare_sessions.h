#pragma once

#include "engine/mysql/connection.h"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace drs::mysql {

/// Before each look at a row that differs: the source goes on, and the target follows.
inline constexpr std::array kPauses = {std::chrono::milliseconds(0),    std::chrono::milliseconds(500),
                                       std::chrono::milliseconds(1000), std::chrono::milliseconds(1500),
                                       std::chrono::milliseconds(2000), std::chrono::milliseconds(3000)};
/// Looks where so much differs that waiting does not help.
inline constexpr std::size_t kHastyTries = 3;

/// The sessions of a comparison. They refuse rows of LargeRows::kLarge and more, so that several tables at a time take
/// little memory; what meets such a row is done again by sessions that take any, while nobody else of the process reads
/// such rows. One thread; shutdown() from any.
class CompareSessions {
 public:
  /// `job` outlives the object. Opens nothing yet.
  explicit CompareSessions(const EngineJob& job) : job_(job) {}

  /// Opens what is not open. Throws what Connection::open throws.
  void connect();
  [[nodiscard]] Connection& source() const { return *source_; }
  [[nodiscard]] Connection& target() const { return *target_; }  ///< streams ranges
  [[nodiscard]] Connection& lookup() const { return *lookup_; }  ///< at the target too, for single rows
  /// Runs `body`; once more, after `undo`, if it met a large row. Throws what `body` throws, and connectionLost if it
  /// was stopped while it waited for its turn.
  void withAnyRows(const std::function<void()>& body, const std::function<void()>& undo, const std::stop_token& stop);
  void close();
  void shutdown() noexcept;

 private:
  const EngineJob& job_;
  bool takesAny_ = false;
  std::mutex mutex_;  ///< guards the pointers against shutdown()
  std::unique_ptr<Connection> source_, target_, lookup_;
};

}  // namespace drs::mysql
