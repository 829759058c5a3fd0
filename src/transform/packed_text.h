#pragma once

#include <string>
#include <string_view>

namespace drs {

/// Texts of a server may hold bytes that JSON cannot: "t:" + the text if it is printable ASCII, else "x:" +
/// hexadecimal.
[[nodiscard]] std::string pack(std::string_view text);
/// Throws Error(storeDamaged) for what pack() does not make.
[[nodiscard]] std::string unpack(const std::string& packed);

}  // namespace drs
