#include "crypto/token.h"

#include "crypto/encoding.h"

#include <charconv>

namespace drs {
namespace {

constexpr std::string_view kTokenPrefix = "drs1.";
constexpr std::size_t kMaxTokenBytes = 4096;  // far above what issue() makes; longer text is not worth hashing

}  // namespace

std::string TokenSigner::mac(std::string_view body) const {
  return toBase64Url(hmacSha256(key_.bytes(), body));
}

std::string TokenSigner::issue(std::string_view claims, UnixMillis expires) const {
  const std::string body = std::string(kTokenPrefix) + std::to_string(expires) + "." + toBase64Url(claims);
  return body + "." + mac(body);
}

std::optional<std::string> TokenSigner::open(std::string_view token, UnixMillis now) const {
  const std::size_t last = token.rfind('.');
  if (token.size() > kMaxTokenBytes || !token.starts_with(kTokenPrefix) || last < kTokenPrefix.size())
    return std::nullopt;
  const std::string_view body = token.substr(0, last);
  if (!equalsConstantTime(mac(body), token.substr(last + 1))) return std::nullopt;
  const std::string_view rest = body.substr(kTokenPrefix.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  UnixMillis expires = 0;
  const std::string_view until = rest.substr(0, dot);
  const auto [end, error] = std::from_chars(until.data(), until.data() + until.size(), expires);
  if (error != std::errc() || end != until.data() + until.size() || expires <= now) return std::nullopt;
  return fromBase64Url(rest.substr(dot + 1));
}

}  // namespace drs
