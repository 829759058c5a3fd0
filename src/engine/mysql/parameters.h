#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"

#include <string>
#include <vector>

namespace drs::mysql {

/// The pre-check item of db_param.
inline constexpr const char* kParameterItem = "dbParamValueCheck";

/// One chosen parameter, held against both servers.
struct ParameterPlan {
  std::string key, wanted;
  std::string source, target;  ///< values now; empty: the server does not have it
  std::string bad;             ///< why the request is wrong: nothing may be skipped
  std::string leftOut;         ///< why it is not set; empty = it is
};

/// The parameters of db_param in the order of the request. Throws what Connection throws.
[[nodiscard]] std::vector<ParameterPlan> planParameters(Connection& source, Connection& target, const JobSpec& spec);

/// True if the text can be a value of the parameter: a whole number, for long_query_time one with a fraction, for
/// query_cache_type also ON, OFF, DEMAND. Ranges are the server's business.
[[nodiscard]] bool isParameterValue(const std::string& key, const std::string& value);

/// As Engine::setParameters().
[[nodiscard]] std::vector<std::string> setParameters(const EngineJob& job);

}  // namespace drs::mysql
