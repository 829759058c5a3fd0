#include "engine/redis/deadlines.h"

#include "base/clock.h"
#include "wire/resp/words.h"

#include <algorithm>
#include <limits>
#include <string>

namespace drs::redis {
namespace {

using resp::isWord;

constexpr std::int64_t kSecond = 1000;

std::optional<DeadlineArgument> at(resp::Arguments arguments, std::size_t index, bool inSeconds) {
  if (index >= arguments.size()) return std::nullopt;
  const auto value = resp::toInteger(arguments[index]);
  if (!value || *value <= 0) return std::nullopt;
  if (inSeconds && *value > std::numeric_limits<std::int64_t>::max() / kSecond) return std::nullopt;
  return DeadlineArgument{index, inSeconds ? *value * kSecond : *value, inSeconds};
}

std::optional<DeadlineArgument> relative(std::optional<DeadlineArgument> found) {
  if (found) found->isRelative = true;
  return found;
}

/// The argument behind the word PXAT, EXAT, PX or EX, searched from `first` on.
std::optional<DeadlineArgument> behindWord(resp::Arguments arguments, std::size_t first) {
  for (std::size_t i = first; i + 1 < arguments.size(); ++i) {
    if (isWord(arguments[i], "PXAT")) return at(arguments, i + 1, false);
    if (isWord(arguments[i], "EXAT")) return at(arguments, i + 1, true);
    if (isWord(arguments[i], "PX")) return relative(at(arguments, i + 1, false));
    if (isWord(arguments[i], "EX")) return relative(at(arguments, i + 1, true));
  }
  return std::nullopt;
}

}  // namespace

std::optional<DeadlineArgument> deadlineOf(const resp::CommandInfo& command, resp::Arguments arguments) {
  constexpr std::size_t kBehindValue = 3;
  constexpr std::size_t kBehindPayload = 4;
  if (command.name == "set")
    return arguments.size() > kBehindValue ? behindWord(arguments, kBehindValue) : std::nullopt;
  if (command.name == "getex") return behindWord(arguments, 2);
  if (command.name == "psetex") return relative(at(arguments, 2, false));
  if (command.name == "setex") return relative(at(arguments, 2, true));
  if (command.name == "pexpireat") return at(arguments, 2, false);
  if (command.name == "expireat") return at(arguments, 2, true);
  if (command.name != "restore") return std::nullopt;
  for (std::size_t i = kBehindPayload; i < arguments.size(); ++i)
    if (isWord(arguments[i], "ABSTTL")) return at(arguments, 2, false);
  return std::nullopt;
}

void appendWithDeadline(resp::Encoder& to, const resp::CommandInfo& command, resp::Arguments arguments,
                        const DeadlineArgument& deadline, std::int64_t millis, bool takesMoments) {
  constexpr std::size_t kUnconditional = 3;
  const bool becomesRelative = !takesMoments && !deadline.isRelative && command.name == "set";
  if (deadline.isRelative || becomesRelative) millis -= Clock().now();
  const std::string text = std::to_string(deadline.inSeconds ? millis / kSecond : millis);
  const bool mayHaveConditions = command.name == "pexpireat" || command.name == "expireat";
  const std::size_t count = mayHaveConditions ? std::min(arguments.size(), kUnconditional) : arguments.size();
  to.begin(count);
  const std::string_view unit = deadline.inSeconds ? "EX" : "PX";
  for (std::size_t i = 0; i < count; ++i) {
    const bool isUnit = becomesRelative && i + 1 == deadline.index;
    to.argument(i == deadline.index ? std::string_view(text) : isUnit ? unit : arguments[i]);
  }
}

}  // namespace drs::redis
