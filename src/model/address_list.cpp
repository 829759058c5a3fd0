#include "model/address_list.h"

#include <algorithm>
#include <charconv>

namespace drs {
namespace {

constexpr std::string_view kSentinel = "sentinel://";

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || text.front() == '0') return std::nullopt;
  return port;
}

bool hasForbidden(std::string_view host) {
  return std::any_of(host.begin(), host.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '/' || c == '@' || c == '[' || c == ']';
  });
}

std::optional<Address> parseAddress(std::string_view text) {
  Address out;
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty()) {
      if (!rest.starts_with(':')) return std::nullopt;
      port = rest.substr(1);
    }
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (host.empty() || hasForbidden(host)) return std::nullopt;
  if (port) {
    if (port->empty()) return std::nullopt;
    const auto number = parsePort(*port);
    if (!number) return std::nullopt;
    out.port = *number;
  }
  out.host = host;
  return out;
}

}  // namespace

std::optional<AddressList> parseAddressList(std::string_view text) {
  AddressList out;
  if (text.starts_with(kSentinel)) {
    text.remove_prefix(kSentinel.size());
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    out.sentinelName = text.substr(0, at);
    if (hasForbidden(out.sentinelName)) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  while (true) {
    const std::size_t comma = text.find(',');
    auto address = parseAddress(text.substr(0, comma));
    if (!address || out.addresses.size() == kMaxAddresses) return std::nullopt;
    out.addresses.push_back(std::move(*address));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace drs
