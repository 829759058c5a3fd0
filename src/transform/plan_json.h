#pragma once

#include "transform/table_plan.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

// Plans as JSON, for whoever stores them: the job's documents and the target's control tables. Decoding throws
// nlohmann's exceptions, and Error(storeDamaged) for what encoding does not make.

namespace drs {

[[nodiscard]] nlohmann::json fromTablePlan(const TablePlan& plan);
[[nodiscard]] TablePlan toTablePlan(const nlohmann::json& json);

/// Lists of texts that may hold bytes (packed_text.h).
[[nodiscard]] nlohmann::json packAll(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> unpackAll(const nlohmann::json& json);

}  // namespace drs
