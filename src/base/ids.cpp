#include "base/ids.h"

#include "base/error.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <vector>

namespace drs {

std::string randomHex(std::size_t bytes) {
  std::vector<unsigned char> raw(bytes);
  if (RAND_bytes(raw.data(), static_cast<int>(bytes)) != 1) throw Error(Msg::internal, {"no randomness"});
  std::string hex;
  hex.reserve(bytes * 2);
  for (const unsigned char byte : raw) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string newUuid() {
  std::string hex = randomHex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned>(hex[16]) % 4U];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

std::string newJobId() {
  std::string id = newUuid();
  id.replace(31, 2, "jb");
  return id;
}

}  // namespace drs
