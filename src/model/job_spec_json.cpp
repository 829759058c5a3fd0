#include "model/job_spec_json.h"

#include "base/ascii.h"
#include "model/cross_rules.h"
#include "model/spec_tables.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace drs {
namespace {

void decodeAndCheckJob(JobSpec& job, const Json& value, const std::string& path, Decoding& run) {
  decodeObject(job, value, path, run);
  if (value.is_object()) checkCrossFieldRules(job, path, run);
}

void uniqueNames(const std::vector<JobSpec>& jobs, Decoding& run) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& name = jobs[i].baseInfo.name;
    if (name && !seen.insert(toLowerAscii(*name)).second)
      run.duplicate(fmt::format("jobs[{}].base_info.name", i), *name);
  }
}

}  // namespace

DecodedJob decodeJob(const Json& job, const std::string& path) {
  Decoding run(Decoding::From::request);
  DecodedJob out;
  decodeAndCheckJob(out.spec, job, path, run);
  out.problems = std::move(run.problems());
  return out;
}

DecodedBatch decodeBatch(const Json& body, std::size_t maxJobs) {
  Decoding run(Decoding::From::request);
  DecodedBatch out;
  const Json* jobs = impl::expectObject(body, "body", run) ? impl::findMember(body, "jobs") : nullptr;
  if (body.is_object() && jobs == nullptr) run.missing("jobs");
  const Rule count = elements(1, static_cast<std::int64_t>(maxJobs)).required();
  if (jobs != nullptr && impl::expectArray(*jobs, count, "jobs", run)) {
    for (std::size_t i = 0; i < jobs->size() && !run.full(); ++i) {
      decodeAndCheckJob(out.jobs.emplace_back(), (*jobs)[i], elementPath("jobs", i), run);
    }
    uniqueNames(out.jobs, run);
  }
  out.problems = std::move(run.problems());
  return out;
}

std::vector<Problem> decodeDbObject(DbObject& out, const Json& value, const std::string& path) {
  Decoding run(Decoding::From::request);
  out = {};
  decodeObject(out, value, path, run);
  if (value.is_object()) checkSelectionRules(out, path, run);
  return std::move(run.problems());
}

std::vector<Problem> decodeEndpointInfo(EndpointInfo& out, const Json& value, const std::string& path) {
  Decoding run(Decoding::From::request);
  out = {};
  decodeObject(out, value, path, run);
  if (value.is_object()) checkEndpointRules(out, path, run);
  return std::move(run.problems());
}

std::vector<Problem> decodeSpeedLimit(std::vector<SpeedWindow>& out, const Json& value, const std::string& path) {
  Decoding run(Decoding::From::request);
  out.clear();
  decodeValue(out, value, elements(0, kMaxSpeedWindows), path, run);
  checkSpeedWindows(out, path, run);
  return std::move(run.problems());
}

OutJson encodeJob(const JobSpec& spec, EncodeFor purpose) {
  OutJson out = OutJson::object();
  encodeObject(spec, out, purpose);
  return out;
}

OutJson encodeDbObject(const DbObject& selection) {
  OutJson out = OutJson::object();
  encodeObject(selection, out, EncodeFor::answer);
  return out;
}

JobSpec jobFromStore(const Json& stored) {
  Decoding run(Decoding::From::store);
  JobSpec out;
  decodeObject(out, stored, "", run);
  if (!run.problems().empty()) {
    const Problem& first = run.problems().front();
    throw Error(Msg::storeDamaged, {fmt::format("the stored job has no {} at {}", first.allowed, first.path)},
                Origin::store);
  }
  return out;
}

std::string conflictPolicyOf(const JobSpec& spec) {
  return spec.policyConfig.conflictPolicy.value_or("stop");
}

}  // namespace drs
