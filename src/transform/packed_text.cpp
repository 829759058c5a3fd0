#include "transform/packed_text.h"

#include "base/error.h"

#include <algorithm>

namespace drs {

std::string pack(std::string_view text) {
  const auto isPlain = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (std::all_of(text.begin(), text.end(), isPlain)) return "t:" + std::string(text);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "x:";
  out.reserve(2 + text.size() * 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string unpack(const std::string& packed) {
  if (packed.starts_with("t:")) return packed.substr(2);
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string out;
  bool ok = packed.starts_with("x:") && packed.size() % 2 == 0;
  for (std::size_t i = 2; ok && i < packed.size(); i += 2) {
    const int high = digit(packed[i]);
    const int low = digit(packed[i + 1]);
    ok = high >= 0 && low >= 0;
    out += static_cast<char>(high * 16 + low);
  }
  if (!ok) throw Error(Msg::storeDamaged, {"a packed text of a plan"}, Origin::store);
  return out;
}

}  // namespace drs
