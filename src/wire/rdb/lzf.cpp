#include "wire/rdb/lzf.h"

#include <algorithm>
#include <cstring>

namespace drs::rdb {

// A stream of two kinds of steps. Literal: 000lllll, then l+1 bytes. Copy: LLLooooo [L'] o': L+2 (for L = 7: L'+9)
// bytes from the place o+1 before the end of the output, which may overlap it.
bool unpackLzf(std::string_view packed, std::uint64_t size, std::string& out) {
  constexpr std::uint64_t kLongestCopy = 264, kCopyBytes = 3;  // of three bytes packed
  if (size > packed.size() * (kLongestCopy / kCopyBytes)) return false;
  out.resize(size);
  const auto* in = reinterpret_cast<const unsigned char*>(packed.data());
  const auto* const inEnd = in + packed.size();
  char* to = out.data();
  const char* const begin = to;
  const char* const end = to + size;
  while (in < inEnd) {
    const unsigned control = *in++;
    if (control < 32) {
      const std::size_t length = control + 1U;
      if (length > static_cast<std::size_t>(inEnd - in) || length > static_cast<std::size_t>(end - to)) return false;
      std::memcpy(to, in, length);
      in += length;
      to += length;
      continue;
    }
    std::size_t length = (control >> 5U) + 2U;
    if (length == 9) {
      if (in == inEnd) return false;
      length += *in++;
    }
    if (in == inEnd) return false;
    const std::size_t distance = ((control & 31U) << 8U | *in++) + 1U;
    if (distance > static_cast<std::size_t>(to - begin) || length > static_cast<std::size_t>(end - to)) return false;
    const char* from = to - distance;
    if (distance >= length) {
      std::memcpy(to, from, length);
      to += length;
    } else {
      for (std::size_t i = 0; i < length; ++i) *to++ = *from++;  // repeats what it writes
    }
  }
  return to == end;
}

}  // namespace drs::rdb
