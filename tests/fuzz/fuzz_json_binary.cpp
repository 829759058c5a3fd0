#include "base/error.h"
#include "wire/mysql/json_binary.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

// Any bytes as a JSON value of MySQL: an Error, or a text in proportion that a JSON parser accepts.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text;
  try {
    drs::mysql::appendJson(text, {reinterpret_cast<const char*>(data), size});
  } catch (const drs::Error& error) {
    if (error.msg() != drs::Msg::logCorrupt) std::abort();
    return 0;
  }
  if (text.size() > 16 * size + 1024) std::abort();
  // Strings are taken over as they are; whether they are UTF-8 was the server's duty.
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
  if (ascii && !nlohmann::json::accept(text)) std::abort();
  return 0;
}
