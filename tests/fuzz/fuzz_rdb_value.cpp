#include "base/error.h"
#include "wire/rdb/command_form.h"
#include "wire/rdb/value_decoder.h"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

// A raw value: type byte, flags (1: of Valkey; the others: what the target lacks), then its bytes. Whatever comes, the
// answer is commands or an Error of the wire.

namespace {

using namespace drs;
using namespace drs::rdb;

/// Touches every byte of every command.
class Sum final : public CommandSink {
 public:
  void command(std::span<const std::string_view> arguments) override {
    if (arguments.size() < 2) std::abort();
    for (const std::string_view argument : arguments) {
      for (const char c : argument) sum = sum * 31 + static_cast<unsigned char>(c);
    }
  }
  std::uint64_t sum = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t type = data[0], flags = data[1];
  const Dialect dialect = (flags & 1U) != 0 ? Dialect::valkey : Dialect::redis;
  const std::string raw(reinterpret_cast<const char*>(data) + 2, size - 2);
  Sum sink;
  CommandForm form(sink, {(flags & 2U) == 0, (flags & 4U) == 0, (flags & 8U) == 0, (flags & 16U) == 0});
  form.begin("key", (flags & 32U) != 0 ? std::optional<std::int64_t>(5) : std::nullopt);
  try {
    decodeValue(type, dialect, raw, form);
    (void)form.end();
  } catch (const Error& error) {
    if (error.msg() != Msg::logCorrupt && error.msg() != Msg::logUnsupported) std::abort();
    // What has no kind is refused by name, never as damage.
    if (!kindOf(type, dialect) && error.msg() != Msg::logUnsupported) std::abort();
  }
  return 0;
}
