#pragma once

#include <string_view>
#include <vector>

namespace drs {

/// The texts of src/store/migrations/*.sql; the n-th (from 1) brings a store to schema version n.
[[nodiscard]] const std::vector<std::string_view>& migrations();

}  // namespace drs
