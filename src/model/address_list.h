#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs {

/// One address as it stands in `ip` of an endpoint or in `hosts` of the instance catalogue.
struct Address {
  std::string host;        ///< name, IPv4 or IPv6 without brackets; not resolved, may be nonsense
  std::uint16_t port = 0;  ///< 0: none was given, db_port counts

  bool operator==(const Address&) const = default;
};

/// "host[:port],host[:port],…", or with Sentinels in front of a Redis: "sentinel://name@host[:port],…".
struct AddressList {
  std::string sentinelName;  ///< empty: the addresses are the database's own
  std::vector<Address> addresses;

  bool operator==(const AddressList&) const = default;
};

/// Most addresses of one list: the vendor's limit for the shards of a Redis cluster.
inline constexpr std::size_t kMaxAddresses = 32;

/// Nothing if the text is no such list: an empty element, a port outside 1–65535, white space, more than kMaxAddresses.
/// "[::1]:3306" and "::1" are IPv6 with and without a port. Spaces around elements are refused.
[[nodiscard]] std::optional<AddressList> parseAddressList(std::string_view text);

}  // namespace drs
