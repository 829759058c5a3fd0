#pragma once

#include "job/job_service.h"

#include <nlohmann/json_fwd.hpp>

// Progress as the answers show it (v5-endpoints.md 2.5). Pure functions.

namespace drs::api {

/// progress_info: percent, delay and times as text.
[[nodiscard]] nlohmann::ordered_json encodeProgress(const JobRecord& job, const JobProgress& progress);

/// migration_object_progress_info: how many tables, structures and index sets are there and done.
[[nodiscard]] nlohmann::ordered_json encodeObjectProgress(const JobRecord& job, const JobProgress& progress);

/// metrics: how fast the rows are copied now; without rates when no rows are copied. All values are text.
[[nodiscard]] nlohmann::ordered_json encodeMetrics(const JobRecord& job, const JobProgress& progress, UnixMillis now);

}  // namespace drs::api
