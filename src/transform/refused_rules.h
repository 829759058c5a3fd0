#pragma once

#include "transform/table_plan.h"

#include <functional>
#include <string>

// Parts of refusedRules() (table_plan.h).

namespace drs {

/// Takes the path of a member and why it is refused.
using RefuseRule = std::function<void(const std::string& path, const std::string& reason)>;

[[nodiscard]] bool isRedisRoute(const JobSpec& spec);

/// What the Redis routes do not enact, tuning parameters excepted.
void refuseForRedis(const JobSpec& spec, const RefuseRule& refuse);

/// Are all of i, u and d in dml_types?
[[nodiscard]] bool namesEveryDml(const std::string& types);

}  // namespace drs
