#include "wire/resp/command_table.h"
#include "wire/resp/words.h"

#include <optional>

namespace drs::resp {
namespace {

using Keys = std::vector<std::uint32_t>;

void add(Keys& keys, std::size_t index) {
  keys.push_back(static_cast<std::uint32_t>(index));
}

KeysFound rangeOf(const CommandInfo& command, Arguments arguments, Keys& keys) {
  const auto size = static_cast<std::int64_t>(arguments.size());
  const std::int64_t last = command.last < 0 ? size + command.last : command.last;
  if (last >= size || last < command.first) return KeysFound::malformed;
  for (std::int64_t at = command.first; at <= last; at += command.step) add(keys, static_cast<std::size_t>(at));
  // Each key has the arguments that belong to it: MSET k v k is no command.
  const bool whole = command.last >= 0 || (last - command.first + 1) % command.step == 0;
  return whole ? KeysFound::all : KeysFound::malformed;
}

KeysFound countedOf(const CommandInfo& command, Arguments arguments, Keys& keys) {
  const auto counter = static_cast<std::size_t>(command.counter);
  const auto from = static_cast<std::size_t>(command.last);
  const auto step = static_cast<std::size_t>(command.step);
  if (counter >= arguments.size()) return KeysFound::malformed;
  const std::optional<std::int64_t> count = toInteger(arguments[counter]);
  const bool script = command.kind == CommandKind::script;
  if (!count || *count < (script ? 0 : 1)) return KeysFound::malformed;
  const auto number = static_cast<std::size_t>(*count);
  if (number > (arguments.size() - from) / step) return KeysFound::malformed;
  if (command.first != 0) add(keys, static_cast<std::size_t>(command.first));
  for (std::size_t i = 0; i < number; ++i) add(keys, from + i * step);
  return script ? KeysFound::declared : KeysFound::all;
}

KeysFound storeOf(const CommandInfo& command, Arguments arguments, Keys& keys) {
  const auto from = static_cast<std::size_t>(command.last);
  if (arguments.size() < from) return KeysFound::malformed;
  add(keys, static_cast<std::size_t>(command.first));
  std::size_t target = 0;
  for (std::size_t i = from; i < arguments.size(); ++i) {
    if (!isWord(arguments[i], "STORE") && !isWord(arguments[i], "STOREDIST")) continue;
    if (i + 1 == arguments.size()) return KeysFound::malformed;
    target = ++i;  // the last one counts
  }
  if (target != 0) add(keys, target);
  return KeysFound::all;
}

KeysFound sortOf(Arguments arguments, Keys& keys) {
  if (arguments.size() < 2) return KeysFound::malformed;
  add(keys, 1);
  std::size_t target = 0;
  bool readsOthers = false;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const bool pattern = isWord(arguments[i], "BY") || isWord(arguments[i], "GET");
    const bool store = isWord(arguments[i], "STORE");
    if (!pattern && !store && !isWord(arguments[i], "LIMIT")) continue;
    i += isWord(arguments[i], "LIMIT") ? 2 : 1;
    if (i >= arguments.size()) return KeysFound::malformed;
    if (store) target = i;
    readsOthers = readsOthers || pattern;
  }
  if (target != 0) add(keys, target);
  return readsOthers ? KeysFound::declared : KeysFound::all;
}

KeysFound streamsOf(Arguments arguments, Keys& keys) {
  // XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] [CLAIM ms] STREAMS key … id …
  std::size_t at = 1;
  while (at < arguments.size() && !isWord(arguments[at], "STREAMS")) {
    if (isWord(arguments[at], "GROUP")) {
      at += 3;
    } else {
      at += isWord(arguments[at], "NOACK") ? 1 : 2;
    }
  }
  const std::size_t from = at + 1;
  if (from >= arguments.size() || (arguments.size() - from) % 2 != 0) return KeysFound::malformed;
  const std::size_t count = (arguments.size() - from) / 2;
  for (std::size_t i = 0; i < count; ++i) add(keys, from + i);
  return KeysFound::all;
}

KeysFound migrateOf(Arguments arguments, Keys& keys) {
  // MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH p | AUTH2 u p] [KEYS key …]
  constexpr std::size_t kOptions = 6;
  if (arguments.size() < kOptions) return KeysFound::malformed;
  for (std::size_t i = kOptions; i < arguments.size(); ++i) {
    if (isWord(arguments[i], "AUTH")) {
      i += 1;
      continue;
    }
    if (isWord(arguments[i], "AUTH2")) {
      i += 2;
      continue;
    }
    if (!isWord(arguments[i], "KEYS")) continue;
    if (!arguments[3].empty() || i + 1 == arguments.size()) return KeysFound::malformed;
    while (++i < arguments.size()) add(keys, i);
    return KeysFound::all;
  }
  add(keys, 3);
  return KeysFound::all;
}

KeysFound find(const CommandInfo& command, Arguments arguments, Keys& keys) {
  if (command.kind == CommandKind::unknown || command.kind == CommandKind::wrapper) return KeysFound::malformed;
  switch (command.form) {
    case KeyForm::none:
      return KeysFound::all;
    case KeyForm::range:
      return rangeOf(command, arguments, keys);
    case KeyForm::counted:
      return countedOf(command, arguments, keys);
    case KeyForm::store:
      return storeOf(command, arguments, keys);
    case KeyForm::sort:
      return sortOf(arguments, keys);
    case KeyForm::streams:
      return streamsOf(arguments, keys);
    case KeyForm::migrate:
      return migrateOf(arguments, keys);
  }
  return KeysFound::malformed;
}

}  // namespace

KeysFound keysOf(const CommandInfo& command, Arguments arguments, std::vector<std::uint32_t>& keys) {
  keys.clear();
  const KeysFound found = find(command, arguments, keys);
  if (found == KeysFound::malformed) keys.clear();
  return found;
}

}  // namespace drs::resp
