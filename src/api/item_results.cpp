#include "api/item_results.h"

#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxText = 512;  // characters, error-codes.md

}  // namespace

std::string shortText(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts && characters++ == kMaxText) return std::string(text.substr(0, i));
  }
  return std::string(text);
}

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
      one["error_msg"] = shortText(result.error->text());
    }
    list.push_back(std::move(one));
  }
  return {{"jobs", std::move(list)}};
}

ordered_json encodeSuccess(const JobRecord& job) {
  return {{"id", job.id}, {"name", job.name}, {"status", "success"}};
}

}  // namespace drs::api
