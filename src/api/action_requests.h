#pragma once

#include "api/call.h"
#include "api/json_io.h"

#include <functional>
#include <string>

// The actions of POST …/action (v5-endpoints.md 2.6): decoding apart from acting, so that a body with several actions
// is refused as a whole before any of them has happened.

namespace drs::api {

/// Does what was asked to one job; returns the id of a query or comparison that was started, or "". Throws Error.
using JobActionRun = std::function<std::string(const Call& call, const std::string& jobId)>;

/// Reads action_name and action_params of one element. What is wrong with them goes to the element's list of problems;
/// then the result must not be called.
[[nodiscard]] JobActionRun decodeAction(Members& job);

}  // namespace drs::api
