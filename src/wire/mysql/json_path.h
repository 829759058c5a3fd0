#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// A step of a path: the member of an object, or the cell of an array.
struct JsonStep {
  std::optional<std::string> member;
  std::uint64_t cell = 0;
};

/// Takes apart a path as the log has it: "$.a[3].\"two words\"", without wildcards. Throws Error(logCorrupt).
[[nodiscard]] std::vector<JsonStep> parseJsonPath(std::string_view text);

}  // namespace drs::mysql
