#pragma once

#include "engine/redis/connection.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace drs::redis {

/// How far the source's stream reaches, asked of the server itself (INFO replication) over a connection of its own:
/// what is behind that and has not come lies in the source's buffers or on the line. One thread runs it; value() may be
/// asked from any.
class SourceOffset {
 public:
  /// `source`: the server that is read from now.
  using FindSource = std::function<ConnectOptions(const std::stop_token&)>;
  explicit SourceOffset(FindSource source) : source_(std::move(source)) {}

  /// Asks about once a second until the stop. A server that is away, or refuses INFO, makes the offset unknown; it is
  /// tried again every few seconds.
  void run(const std::stop_token& stop);
  /// The offset when it was asked last; nothing: not known.
  [[nodiscard]] std::optional<std::uint64_t> value() const;

 private:
  static constexpr std::uint64_t kUnknown = UINT64_MAX;
  void ask(const std::stop_token& stop);

  const FindSource source_;
  std::unique_ptr<Connection> connection_;
  std::atomic<std::uint64_t> value_ = kUnknown;
};

}  // namespace drs::redis
