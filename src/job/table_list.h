#pragma once

#include "store/records.h"
#include "transform/definition_change.h"

#include <cstddef>
#include <vector>

namespace drs {

/// The job's list of tables behind statements of the log: `listed` without those that are gone, and with those that
/// came (numbers from `planned`, the size of the plan, on; nothing of them was copied). A table that was renamed is
/// another one.
[[nodiscard]] std::vector<TableRecord> tablesInForce(const std::vector<TableRecord>& listed, std::size_t planned,
                                                     const CurrentPlans& current);

/// The same tables under the same numbers.
[[nodiscard]] bool isSameList(const std::vector<TableRecord>& a, const std::vector<TableRecord>& b);

}  // namespace drs
