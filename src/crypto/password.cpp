#include "crypto/password.h"

#include "base/error.h"
#include "crypto/encoding.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace drs {
namespace {

// scrypt with N = 2^15, r = 8, p = 1 (RFC 7914; the parameters recommended for interactive logins) uses 128*N*r = 32
// MiB.
constexpr std::uint64_t kLogN = 15;
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kParallel = 1;
constexpr std::uint64_t kMaxMemoryBytes = 64U << 20U;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

struct Cost {
  std::uint64_t logN, blockSize, parallel;
};

std::optional<std::string> scrypt(std::string_view password, std::string_view salt, const Cost& cost) {
  std::string out(kHashBytes, '\0');
  const int good = EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                                  salt.size(), std::uint64_t{1} << cost.logN, cost.blockSize, cost.parallel,
                                  kMaxMemoryBytes, reinterpret_cast<unsigned char*>(out.data()), out.size());
  return good == 1 ? std::optional(std::move(out)) : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
    parts.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace

std::string hashPassword(std::string_view password) {
  const std::string salt = randomBytes(kSaltBytes);
  const auto hash = scrypt(password, salt, {kLogN, kBlockSize, kParallel});
  if (!hash) throw Error(Msg::internal, {"scrypt failed"});
  return fmt::format("scrypt:{}:{}:{}:{}:{}", kLogN, kBlockSize, kParallel, toBase64(salt), toBase64(*hash));
}

bool verifyPassword(std::string_view password, std::string_view hash) {
  const auto parts = split(hash);
  if (parts.size() != 6 || parts[0] != "scrypt") return false;
  const auto logN = number(parts[1], 1, 20);
  const auto blockSize = number(parts[2], 1, 32);
  const auto parallel = number(parts[3], 1, 16);
  const auto salt = fromBase64(parts[4]);
  const auto want = fromBase64(parts[5]);
  if (!logN || !blockSize || !parallel || !salt || !want) return false;
  const auto got = scrypt(password, *salt, {*logN, *blockSize, *parallel});
  return got && equalsConstantTime(*got, *want);
}

}  // namespace drs
