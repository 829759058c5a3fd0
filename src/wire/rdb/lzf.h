#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drs::rdb {

/// Unpacks LZF into `out`. False if the bytes are not a whole stream of just `size` bytes; then `out` holds anything.
/// Memory is taken only for what the packed bytes can give at most (88 times their number).
[[nodiscard]] bool unpackLzf(std::string_view packed, std::uint64_t size, std::string& out);

}  // namespace drs::rdb
