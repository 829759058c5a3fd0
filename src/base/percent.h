#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drs {

/// Percent-decoding of a part of a URL; nothing on a broken escape or a NUL. `plusIsSpace` for parts of a query.
[[nodiscard]] std::optional<std::string> percentDecode(std::string_view text, bool plusIsSpace);

/// Letters, digits and - _ . ~ stay, every other byte becomes %XX in upper case.
[[nodiscard]] std::string percentEncode(std::string_view text);

}  // namespace drs
