#include "base/error.h"
#include "wire/resp/command_parser.h"
#include "wire/resp/command_table.h"
#include "wire/resp/encoder.h"
#include "wire/resp/glob.h"
#include "wire/resp/slot.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// Any bytes as a replication stream: cut in pieces it gives the same commands as whole; what the parser gives is what
// the encoder writes; keys are arguments.

namespace {

using namespace drs::resp;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::vector<std::string>> commands;
  std::size_t heartbeats = 0, size = 0;
  bool refused = false;
  bool operator==(const Outcome&) const = default;
};

void checkCommand(Arguments arguments, std::string_view bytes) {
  Encoder encoder;
  encoder.command(arguments);
  if (bytes.front() == '*') require(encoder.bytes() == bytes);
  const CommandInfo& info = findCommand(arguments);
  std::vector<std::uint32_t> keys;
  const KeysFound found = keysOf(info, arguments, keys);
  require(found != KeysFound::malformed || keys.empty());
  for (const std::uint32_t key : keys) {
    require(key > 0 && key < arguments.size());
    require(slotOf(arguments[key]) < kSlots);
  }
  if (isRepeatable(info, arguments)) require(info.kind == CommandKind::data);
  if (arguments.size() > 1) (void)globMatch(arguments[0], arguments[1]);
}

/// Gives the parser `piece` bytes more each time it wants them.
Outcome parse(std::string_view stream, std::size_t piece, const CommandLimits& limits) {
  Outcome outcome;
  CommandParser parser(limits);
  std::size_t given = 0;
  try {
    while (true) {
      const std::string window(stream.substr(outcome.size, given - outcome.size));  // elsewhere in memory each time
      const CommandParser::Result result = parser.parse(window);
      if (result.status == CommandParser::Status::incomplete) {
        require(result.size > window.size());
        if (given == stream.size()) return outcome;
        given = std::min(stream.size(), given + piece);
        continue;
      }
      require(result.size > 0 && result.size <= window.size());
      outcome.size += result.size;
      if (result.status == CommandParser::Status::heartbeat) {
        ++outcome.heartbeats;
        continue;
      }
      require(!parser.arguments().empty());
      checkCommand(parser.arguments(), std::string_view(window).substr(0, result.size));
      outcome.commands.emplace_back(parser.arguments().begin(), parser.arguments().end());
    }
  } catch (const drs::Error& error) {
    require(error.msg() == drs::Msg::logCorrupt);
    outcome.refused = true;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  CommandLimits limits;
  limits.inlineCommands = (data[0] & 1U) != 0;
  limits.bulkBytes = 1U << 20U;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, std::min<std::size_t>(size - 2, 4096));
  const Outcome whole = parse(stream, stream.size() + 1, limits);
  require(parse(stream, data[1] % 16U + 1, limits) == whole);
  return 0;
}
