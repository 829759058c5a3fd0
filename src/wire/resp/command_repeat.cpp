#include "wire/resp/command_table.h"
#include "wire/resp/words.h"

#include <algorithm>
#include <array>

namespace drs::resp {
namespace {

/// SET key value [XX] [KEEPTTL | EXAT s | PXAT ms]: what follows from the arguments alone. NX, GET, IFEQ … do not, nor
/// do EX and PX, which count from now.
bool repeatableSet(Arguments arguments) {
  if (arguments.size() < 3) return false;
  for (std::size_t i = 3; i < arguments.size(); ++i) {
    if (isWord(arguments[i], "XX") || isWord(arguments[i], "KEEPTTL")) continue;
    const bool moment = isWord(arguments[i], "PXAT") || isWord(arguments[i], "EXAT");
    if (!moment || ++i == arguments.size()) return false;
  }
  return true;
}

/// ZADD key [CH] score member …: `each` arguments for a member. NX, XX, GT, LT and INCR depend on what is there.
bool repeatableAdd(Arguments arguments, std::size_t each) {
  std::size_t from = 2;
  while (from < arguments.size() && isWord(arguments[from], "CH")) ++from;
  if (from >= arguments.size() || (arguments.size() - from) % each != 0) return false;
  return std::ranges::none_of(std::array<std::string_view, 5>{"NX", "XX", "GT", "LT", "INCR"},
                              [&](std::string_view word) { return isWord(arguments[from], word); });
}

/// RESTORE key ttl payload REPLACE …: a time to live only as a moment.
bool repeatableRestore(Arguments arguments) {
  bool replace = false;
  bool absolute = false;
  for (std::size_t i = 4; i < arguments.size(); ++i) {
    if (isWord(arguments[i], "REPLACE")) {
      replace = true;
    } else if (isWord(arguments[i], "ABSTTL")) {
      absolute = true;
    } else if (isWord(arguments[i], "IDLETIME") || isWord(arguments[i], "FREQ")) {
      ++i;
    } else {
      return false;
    }
  }
  return replace && (absolute || (arguments.size() > 2 && arguments[2] == "0"));
}

/// "ms-number" without a star.
bool isFullId(std::string_view id) {
  const std::size_t dash = id.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash + 1 == id.size()) return false;
  return std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || c == '-'; }) &&
         id.find('-', dash + 1) == std::string_view::npos;
}

/// XADD key [MAXLEN|MINID [=] n] id field value …; "~" lets the server choose how much goes, LIMIT too.
bool repeatableXadd(Arguments arguments) {
  std::size_t at = 2;
  while (at < arguments.size() && !isFullId(arguments[at])) {
    if (!isWord(arguments[at], "MAXLEN") && !isWord(arguments[at], "MINID")) return false;
    ++at;
    if (at < arguments.size() && arguments[at] == "=") ++at;
    if (at >= arguments.size() || arguments[at] == "~") return false;
    ++at;
  }
  return at + 2 < arguments.size() && (arguments.size() - at) % 2 == 1;
}

}  // namespace

bool isRepeatable(const CommandInfo& command, Arguments arguments) noexcept {
  switch (command.repeat) {
    case RepeatRule::never:
      return false;
    case RepeatRule::always:
      return arguments.size() > 1;
    case RepeatRule::set:
      return repeatableSet(arguments);
    case RepeatRule::zadd:
      return repeatableAdd(arguments, 2);
    case RepeatRule::geoadd:
      return repeatableAdd(arguments, 3);
    case RepeatRule::restore:
      return repeatableRestore(arguments);
    case RepeatRule::xadd:
      return repeatableXadd(arguments);
  }
  return false;
}

}  // namespace drs::resp
