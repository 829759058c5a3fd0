#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace drs::ctl {

/// What speaks against a job, one line each: failed connections of network_results, and items of precheck_result that
/// have not passed. Empty if nothing does.
[[nodiscard]] std::string reasons(const nlohmann::json& job);

}  // namespace drs::ctl
