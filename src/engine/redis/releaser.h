#pragma once

#include "engine/redis/scope.h"
#include "engine/redis/target_writer.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// Gives keys their true deadlines back (deadlines.h) when the task ends: looks through the target for held ones and
/// asks the source when each of them expires. A key that the source has no more, since it has expired or was deleted
/// behind the last command that was applied, gets a day. One thread.
class Releaser {
 public:
  Releaser(TargetWriter& writer, const Scope& scope, std::function<ConnectOptions()> source);

  /// Adds the next portion to the writer's batch, which must be empty, for the caller to commit. True: that was the
  /// last one. Throws what Connection throws, and TargetWriter::ask().
  [[nodiscard]] bool step(const std::stop_token& stop);
  /// Keys that the source had no more.
  [[nodiscard]] std::uint64_t vanished() const { return vanished_; }

 private:
  [[nodiscard]] std::vector<std::string> heldKeys(const Scope::Database& db, const std::stop_token& stop);
  void release(const Scope::Database& db, const std::vector<std::string>& keys);
  [[nodiscard]] Connection& source();

  TargetWriter& writer_;
  const Scope& scope_;
  const std::function<ConnectOptions()> options_;
  std::unique_ptr<Connection> source_;
  std::size_t database_ = 0;
  std::size_t server_ = 0;    ///< of the target
  std::uint64_t layout_ = 0;  ///< of its keys, as the scan of the database began
  std::string cursor_ = "0";
  std::uint64_t vanished_ = 0;
};

}  // namespace drs::redis
