#pragma once

#include <string>
#include <string_view>

namespace drs {

/// A salted scrypt hash, "scrypt:<log2 N>:<r>:<p>:<salt base64>:<hash base64>". Costs about 0.1 s and 32 MiB, on
/// purpose: whoever calls it for strangers limits how often.
[[nodiscard]] std::string hashPassword(std::string_view password);

/// Whether the password belongs to the hash. False for a hash that is malformed or asks for more than 64 MiB.
[[nodiscard]] bool verifyPassword(std::string_view password, std::string_view hash);

}  // namespace drs
