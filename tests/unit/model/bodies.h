#pragma once

#include "model/job_spec_json.h"

#include <nlohmann/json.hpp>

#include <ostream>
#include <string>
#include <vector>

// Request bodies that the tests of src/model start from.

namespace drs::test {

/// A file under tests/, parsed.
nlohmann::json bodyFromFile(const std::string& path);

/// A valid MySQL synchronisation, reduced to what is mandatory.
nlohmann::json minimalJob();

/// A job that carries every field of every table (it breaks some cross-field rules: no job can need all of them).
nlohmann::json fullJob();

/// "DRS.M00202 job.base_info.name" for each problem, in order.
std::vector<std::string> summary(const std::vector<Problem>& problems);

/// One change of minimalJob() (a JSON merge patch: null removes a member, arrays are replaced) and what is then wrong.
struct Case {
  const char* what;
  const char* patch;
  std::vector<std::string> problems;
};
std::ostream& operator<<(std::ostream& out, const Case& c);

/// The problems of minimalJob() after the patch, at path "job".
std::vector<Problem> problemsAfter(const std::string& patch);

/// minimalJob() with both endpoints' members patched: `source` and `target` are merge patches of one endpoint info.
nlohmann::json jobWithEndpoints(const std::string& source, const std::string& target, const std::string& patch = "{}");

}  // namespace drs::test
