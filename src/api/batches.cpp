#include "api/call.h"
#include "api/encode_job.h"
#include "api/error_response.h"
#include "api/item_results.h"
#include "api/json_io.h"
#include "api/query.h"
#include "model/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

// Batches: create, list, read, correct, commit (batch-async-create.md; v5-endpoints.md 2.1 to 2.4).

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMaxClientToken = 64;
constexpr BatchStatus kStatuses[] = {BatchStatus::validating, BatchStatus::validateFailed, BatchStatus::validateSuccess,
                                     BatchStatus::committed};
constexpr std::string_view kUpdateTypes[] = {"all", "network", "endpoint", "policy", "db_object", "precheck"};

std::optional<std::string> clientTokenOf(const http::Request& request) {
  const auto token = request.header("X-Client-Token");
  if (!token) return std::nullopt;
  const bool printable = std::all_of(token->begin(), token->end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (token->empty() || token->size() > kMaxClientToken || !printable) {
    throw Error(Msg::valueNotAllowed,
                {"X-Client-Token", shortened(*token, kShownCharacters), "1 to 64 printable ASCII characters"},
                Origin::request);
  }
  return std::string(*token);
}

std::optional<BatchStatus> statusOf(const http::Request& request) {
  std::array<std::string_view, std::size(kStatuses)> names;
  std::transform(std::begin(kStatuses), std::end(kStatuses), names.begin(), [](BatchStatus s) { return toText(s); });
  const auto wanted = queryChoice(request, "status", names);
  if (!wanted) return std::nullopt;
  return kStatuses[std::find(names.begin(), names.end(), *wanted) - names.begin()];
}

BatchFilter::Sort batchSortOf(const http::Request& request) {
  static constexpr std::string_view kKeys[] = {"create_time", "status", "domain_name", "user_name"};
  const auto key = queryChoice(request, "sort_key", kKeys);
  if (key == "status") return BatchFilter::Sort::status;
  if (key == "domain_name") return BatchFilter::Sort::domainName;
  if (key == "user_name") return BatchFilter::Sort::userName;
  return BatchFilter::Sort::createTime;
}

}  // namespace

http::Response createBatch(const Call& call) {
  const auto token = clientTokenOf(call.request);
  DecodedBatch decoded = decodeBatch(parseBody(call.request), call.api.maxJobsPerBatch);
  if (!decoded.problems.empty()) return errorResponse(decoded.problems, call.request);
  const std::string id = call.jobs().createBatch(call.actor, std::move(decoded.jobs), token);
  return jsonResponse({{"job", {{"async_job_id", id}}}}, 202);
}

http::Response listBatches(const Call& call) {
  BatchFilter filter;
  filter.batchId = queryText(call.request, "async_job_id").value_or("");
  filter.domainName = queryText(call.request, "domain_name").value_or("");
  filter.userName = queryText(call.request, "user_name").value_or("");
  filter.status = statusOf(call.request);
  filter.sort = batchSortOf(call.request);
  filter.descending = isDescending(call.request);
  filter.paging = pagingOf(call.request);
  const Page<BatchRecord> page = call.jobs().listBatches(call.actor, filter);
  ordered_json list = ordered_json::array();
  for (const BatchRecord& batch : page.items) {
    list.push_back({{"async_job_id", batch.id},
                    {"status", toText(batch.status)},
                    {"domain_name", batch.domainName},
                    {"user_name", batch.userName},
                    {"create_time", isoTime(batch.createMillis)}});
  }
  return jsonResponse({{"total_count", page.total}, {"jobs", std::move(list)}});
}

http::Response showBatch(const Call& call) {
  const Page<JobRecord> page = call.jobs().batchJobs(call.actor, call.path.at("async_job_id"), pagingOf(call.request));
  ordered_json list = ordered_json::array();
  for (const JobRecord& job : page.items) list.push_back(encodeBatchJob(job));
  return jsonResponse({{"total_count", page.total}, {"jobs", std::move(list)}});
}

http::Response updateBatch(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  std::vector<BatchUpdate> updates;
  for (Members& job : root.requiredObjects("jobs", call.api.maxJobsPerBatch)) {
    BatchUpdate update;
    update.type = job.requiredChoice("type", kUpdateTypes);
    Members params = update.type == "precheck" ? job.object("params") : job.requiredObject("params");
    update.jobId = params.text("job_id").value_or("");
    update.params = job.find("params");
    updates.push_back(std::move(update));
  }
  if (!problems.empty()) return errorResponse(problems, call.request);
  return jsonResponse(encodeResults(call.jobs().updateBatch(call.actor, call.path.at("async_job_id"), updates)), 202);
}

http::Response commitBatch(const Call& call) {
  const JobService::Committed done = call.jobs().commitBatch(call.actor, call.path.at("async_job_id"));
  const std::string text = std::to_string(done.jobs) + (done.jobs == 1 ? " job submitted" : " jobs submitted");
  return jsonResponse(
      {{"job", {{"async_job_id", done.batch.id}, {"status", toText(done.batch.status)}, {"msg", text}}}});
}

}  // namespace drs::api
