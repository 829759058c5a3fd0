#include "base/error.h"
#include "wire/mysql/json_diff.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

// Any bytes as a JSON value and changes of it: the first two bytes say where the changes begin.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::min(std::size_t{data[0]} | std::size_t{data[1]} << 8U, bytes.size());
  std::string text;
  try {
    drs::mysql::appendChangedJson(text, bytes.substr(0, cut), bytes.substr(cut));
  } catch (const drs::Error& error) {
    if (error.msg() != drs::Msg::logCorrupt) std::abort();
    return 0;
  }
  if (text.size() > 16 * size + 1024) std::abort();
  return 0;
}
