#include "engine/redis/deadlines.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace drs::redis {
namespace {

bool isWord(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

constexpr std::int64_t kSecond = 1000;

std::optional<DeadlineArgument> at(resp::Arguments arguments, std::size_t index, bool inSeconds) {
  if (index >= arguments.size()) return std::nullopt;
  const auto value = number(arguments[index]);
  if (!value || *value <= 0) return std::nullopt;
  if (inSeconds && *value > std::numeric_limits<std::int64_t>::max() / kSecond) return std::nullopt;
  return DeadlineArgument{index, inSeconds ? *value * kSecond : *value, inSeconds};
}

/// The argument behind the word PXAT or EXAT, searched from `first` on.
std::optional<DeadlineArgument> behindWord(resp::Arguments arguments, std::size_t first) {
  for (std::size_t i = first; i + 1 < arguments.size(); ++i) {
    if (isWord(arguments[i], "pxat")) return at(arguments, i + 1, false);
    if (isWord(arguments[i], "exat")) return at(arguments, i + 1, true);
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
  if (command.name == "pexpireat") return at(arguments, 2, false);
  if (command.name == "expireat") return at(arguments, 2, true);
  if (command.name != "restore") return std::nullopt;
  for (std::size_t i = kBehindPayload; i < arguments.size(); ++i)
    if (isWord(arguments[i], "absttl")) return at(arguments, 2, false);
  return std::nullopt;
}

void appendWithDeadline(resp::Encoder& to, const resp::CommandInfo& command, resp::Arguments arguments,
                        const DeadlineArgument& deadline, std::int64_t millis) {
  constexpr std::size_t kUnconditional = 3;
  const std::string text = std::to_string(deadline.inSeconds ? millis / kSecond : millis);
  const bool mayHaveConditions = command.name == "pexpireat" || command.name == "expireat";
  const std::size_t count = mayHaveConditions ? std::min(arguments.size(), kUnconditional) : arguments.size();
  to.begin(count);
  for (std::size_t i = 0; i < count; ++i) to.argument(i == deadline.index ? std::string_view(text) : arguments[i]);
}

}  // namespace drs::redis
