#include "model/decoding.h"
#include "model/job_spec_json.h"
#include "model/utf8.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

// Any bytes as the body of batch-async-create: the decoder neither throws nor grows, every problem can stand in an
// answer, and what is accepted survives the store.

namespace {

using nlohmann::json;

void require(bool holds) {
  if (!holds) std::abort();
}

void checkProblem(const drs::Problem& problem) {
  require(!problem.path.empty() && drs::countCharacters(problem.path).has_value());
  require(drs::countCharacters(problem.value).value_or(SIZE_MAX) <= drs::kShownCharacters + 1);
  require(!problem.allowed.empty() && drs::countCharacters(problem.allowed).has_value());
  require(drs::countCharacters(drs::format(drs::message(problem.msg).text, problem.args)).has_value());
}

constexpr std::string_view kMark = "~sealed~";

void checkRoundTrip(drs::JobSpec spec) {
  const bool markSent = drs::encodeJob(spec, drs::EncodeFor::answer).dump().find(kMark) != std::string::npos;
  drs::forEachSecret(spec, [](const std::string&, drs::Secret& secret) { secret = {std::string(kMark), true}; });
  require(drs::jobFromStore(json::parse(drs::encodeJob(spec, drs::EncodeFor::store).dump())) == spec);
  require(markSent || drs::encodeJob(spec, drs::EncodeFor::answer).dump().find(kMark) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const json body = json::parse(data, data + size, nullptr, false);
  if (body.is_discarded()) return 0;
  drs::DecodedBatch batch = drs::decodeBatch(body, 10);
  require(batch.problems.size() <= drs::kMaxProblems);
  for (const auto& problem : batch.problems) checkProblem(problem);
  if (batch.problems.empty()) {
    for (auto& job : batch.jobs) checkRoundTrip(job);
  }
  // The same bytes as an update of a job that is sound or not.
  drs::JobSpec spec = batch.jobs.empty() ? drs::JobSpec{} : batch.jobs.front();
  for (const auto& problem : drs::updateJob(spec, body, "params")) checkProblem(problem);
  if (body.is_object() && body.contains("jobs") && body["jobs"].is_array() && !body["jobs"].empty()) {
    (void)drs::updateJob(spec, body["jobs"].front(), "params");
  }
  try {
    (void)drs::jobFromStore(body);
  } catch (const drs::Error&) {  // a damaged store is said, never undefined
  }
  return 0;
}
