#pragma once

#include <string>
#include <string_view>

namespace drs {

/// The bytes of a text as OpenSSL wants them.
[[nodiscard]] inline const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
[[nodiscard]] inline unsigned char* bytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace drs
