#include "api/item_results.h"

#include "api/error_response.h"

#include <nlohmann/json.hpp>

namespace drs::api {
using nlohmann::ordered_json;

ItemResult itemResult(JobService& jobs, const Actor& actor, const std::string& jobId,
                      const std::function<std::string()>& act) {
  ItemResult result;
  result.id = jobId;
  try {
    result.name = jobs.job(actor, jobId).name;
    result.queryId = act();
  } catch (const Error& error) {
    result.error = error;
  }
  return result;
}

ordered_json encodeResults(const std::vector<ItemResult>& results) {
  ordered_json list = ordered_json::array();
  for (const ItemResult& result : results) {
    ordered_json one = {{"id", result.id}, {"name", result.name}, {"status", result.error ? "failed" : "success"}};
    if (!result.queryId.empty()) one["query_id"] = result.queryId;
    if (result.error) {
      one["error_code"] = result.error->code();
      one["error_msg"] = textOf(*result.error);
      const auto problems = result.problems.empty() ? problemsOf(*result.error) : result.problems;
      if (!problems.empty()) one["errors"] = encodeProblems(problems);
    }
    list.push_back(std::move(one));
  }
  return {{"jobs", std::move(list)}};
}

ordered_json encodeSuccess(const JobRecord& job) {
  return {{"id", job.id}, {"name", job.name}, {"status", "success"}};
}

}  // namespace drs::api
