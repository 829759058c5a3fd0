#pragma once

#include "job/job_service.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

// Calls that name several jobs: each element succeeds or fails alone.

namespace drs::api {

/// Runs `act` for one job; an Error becomes the element's outcome. `act` returns a query id or "".
[[nodiscard]] ItemResult itemResult(JobService& jobs, const Actor& actor, const std::string& jobId,
                                    const std::function<std::string()>& act);

/// {"jobs":[{"id","name","status","query_id","error_code","error_msg","errors"}]}.
[[nodiscard]] nlohmann::ordered_json encodeResults(const std::vector<ItemResult>& results);

/// {"id","name","status":"success"} of one job.
[[nodiscard]] nlohmann::ordered_json encodeSuccess(const JobRecord& job);

}  // namespace drs::api
