#include "wire/resp/command_table.h"

#include "wire/resp/command_parser.h"
#include "wire/resp/glob.h"
#include "wire/resp/slot.h"

#include <fmt/core.h>

#include <iostream>
#include <iterator>
#include <string>
#include <vector>

// What our tables say of the commands that come in as RESP, a line for each:
//
//   KIND FOUND REPEATABLE index index …
//
// Two commands are questions of other kinds: `glob PATTERN TEXT` → 0 or 1, `slot KEY` → number.

namespace {

using namespace drs::resp;

constexpr std::string_view kKinds[] = {"unknown",   "data",   "otherDb",  "select",  "multi",   "exec",   "flush",
                                       "migration", "script", "function", "publish", "control", "wrapper"};
constexpr std::string_view kFound[] = {"all", "declared", "malformed"};

void answer(const std::vector<std::string_view>& arguments) {
  if (arguments[0] == "glob" && arguments.size() == 3) {
    fmt::print("{}\n", int{globMatch(arguments[1], arguments[2])});
    return;
  }
  if (arguments[0] == "slot" && arguments.size() == 2) {
    fmt::print("{}\n", slotOf(arguments[1]));
    return;
  }
  const CommandInfo& info = findCommand(arguments);
  std::vector<std::uint32_t> keys;
  const KeysFound found = keysOf(info, arguments, keys);
  fmt::print("{} {} {}", kKinds[static_cast<std::size_t>(info.kind)], kFound[static_cast<std::size_t>(found)],
             int{isRepeatable(info, arguments)});
  for (const std::uint32_t key : keys) fmt::print(" {}", key);
  fmt::print("\n");
}

}  // namespace

int main() {
  const std::string input(std::istreambuf_iterator<char>(std::cin), {});
  CommandParser parser;
  for (std::string_view window = input; !window.empty();) {
    const CommandParser::Result result = parser.parse(window);
    if (result.status != CommandParser::Status::command) return 1;
    answer(parser.arguments());
    window.remove_prefix(result.size);
  }
  return 0;
}
