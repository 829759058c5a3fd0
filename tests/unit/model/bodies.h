#pragma once

#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

// Request bodies that the tests of src/model start from.

namespace drs::test {

/// The file `name` of tests/unit/model/data, parsed.
nlohmann::json bodyFromFile(const std::string& name);

/// A valid MySQL synchronisation, reduced to what is mandatory.
nlohmann::json minimalJob();

/// "DRS.M00202 jobs[0].base_info.name" for each problem, in order.
std::vector<std::string> summary(const std::vector<Problem>& problems);

/// The problems of minimalJob() after `change` (a JSON merge patch, where null removes a member), path "job".
std::vector<std::string> problemsAfter(const char* change);

}  // namespace drs::test
