#pragma once

#include <string_view>

namespace drs {

/// api/openapi.yaml as it was when the program was built.
[[nodiscard]] std::string_view openapiText();

}  // namespace drs
