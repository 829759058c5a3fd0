#include "engine/redis/source_offset.h"

#include "base/task_group.h"
#include "engine/redis/servers.h"

namespace drs::redis {
namespace {

constexpr std::chrono::milliseconds kEvery{1000};
constexpr std::chrono::milliseconds kOffsetPause{5000};

}  // namespace

void SourceOffset::run(const std::stop_token& stop) {
  for (auto pause = kEvery; !stop.stop_requested(); (void)sleepFor(pause, stop)) {
    try {
      ask(stop);
      pause = kEvery;
    } catch (const Error&) {  // the link itself says what is wrong
      connection_.reset();
      value_ = kUnknown;
      pause = kOffsetPause;
    }
  }
}

void SourceOffset::ask(const std::stop_token& stop) {
  if (!connection_) connection_ = Connection::open(source_(stop));
  value_ = infoOf(*connection_, "replication").number("master_repl_offset").value_or(kUnknown);
}

std::optional<std::uint64_t> SourceOffset::value() const {
  const std::uint64_t now = value_;
  return now == kUnknown ? std::nullopt : std::optional(now);
}

}  // namespace drs::redis
