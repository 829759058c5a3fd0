#pragma once

#include "wire/resp/command_table.h"
#include "wire/resp/encoder.h"

#include <cstdint>
#include <optional>
#include <string_view>

// Why deadlines are held back: a snapshot and a stream say when keys were to expire as of then. If the target let them
// go at that time, a later PEXPIREAT in the stream, which prolonged the key's life at the source, would meet nothing,
// and the key would be lost. That may happen whenever the lane lies behind: in the full phase, behind a pause, with a
// slow target. So, like a replica, the target lets no key go by itself while the task runs: each gets one fixed
// deadline far away, and what expires at the source is deleted by the stream. See Releaser for the end of it.

namespace drs::redis {

/// 2100-01-01T00:00:00Z in Unix milliseconds: no application means exactly this.
inline constexpr std::int64_t kHeldDeadline = 4'102'444'800'000;

/// Is it the held one? What was written as a rest of life, and what a server tells as one, lies a little beside it.
[[nodiscard]] constexpr bool isHeld(std::int64_t deadline) {
  constexpr std::int64_t kBeside = 3'600'000;
  return deadline > kHeldDeadline - kBeside && deadline < kHeldDeadline + kBeside;
}

/// The argument of a command that says when the key is to expire, and how it reads; nothing if it has none: SET and
/// GETEX … PXAT, PEXPIREAT, EXPIREAT, RESTORE … ABSTTL, and the relative ones that sources before 7.0 send: SET … PX,
/// SETEX.
struct DeadlineArgument {
  std::size_t index = 0;
  std::int64_t millis = 0;  ///< Unix time, or from now on
  bool inSeconds = false;
  bool isRelative = false;
};
[[nodiscard]] std::optional<DeadlineArgument> deadlineOf(const resp::CommandInfo& command, resp::Arguments arguments);

/// Appends the command with another deadline (Unix milliseconds; what is relative stays so, from now on). Conditions of
/// PEXPIREAT (NX, GT …) are left out: the source sends only what took effect. `takesMoments`: the target knows SET …
/// PXAT (Redis 6.2); for others it becomes relative.
void appendWithDeadline(resp::Encoder& to, const resp::CommandInfo& command, resp::Arguments arguments,
                        const DeadlineArgument& deadline, std::int64_t millis, bool takesMoments = true);

}  // namespace drs::redis
