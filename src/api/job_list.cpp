#include "api/call.h"
#include "api/encode_job.h"
#include "api/json_io.h"
#include "api/query.h"
#include "model/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// GET /jobs (v5-endpoints.md 2.9).

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxIds = 10;
constexpr std::string_view kJobTypes[] = {"migration", "sync", "cloudDataGuard"};
constexpr std::string_view kNetTypes[] = {"eip", "vpc", "vpn"};
constexpr std::string_view kEngineTypes[] = {"oracle-to-gaussdbv5", "redis-to-gaussredis", "rediscluster-to-gaussredis",
                                             "mysql-to-mysql"};
/// Statuses that a client may ask for although no job here ever has them yet (v5-endpoints.md 4).
constexpr std::string_view kOtherStatuses[] = {"CHILD_TRANSFER_STARTING",        "CHILD_TRANSFER_STARTED",
                                               "CHILD_TRANSFER_COMPLETE",        "CHILD_TRANSFER_FAILED",
                                               "RELEASE_CHILD_TRANSFER_STARTED", "RELEASE_CHILD_TRANSFER_COMPLETE"};

std::vector<std::string> statusesOf(const http::Request& request) {
  std::vector<std::string_view> known = apiStatuses();
  known.insert(known.end(), std::begin(kOtherStatuses), std::end(kOtherStatuses));
  std::vector<std::string> wanted = queryList(request, "status", known.size());
  for (const std::string& status : wanted) {
    if (std::find(known.begin(), known.end(), status) == known.end())
      throw Error(Msg::valueNotAllowed, {"status", shortened(status, kShownCharacters), listed(known)},
                  Origin::request);
  }
  return wanted;
}

JobFilter::Sort jobSortOf(const http::Request& request) {
  static constexpr std::string_view kKeys[] = {"create_time", "name",          "status",
                                               "net_type",    "job_direction", "pay_mode"};
  const auto key = queryChoice(request, "sort_key", kKeys);
  if (key == "name") return JobFilter::Sort::name;
  if (key == "status") return JobFilter::Sort::status;
  if (key == "net_type") return JobFilter::Sort::netType;
  if (key == "job_direction") return JobFilter::Sort::jobDirection;
  if (key == "pay_mode") return JobFilter::Sort::payMode;
  return JobFilter::Sort::createTime;
}

/// A name, or up to ten ids.
std::string nameOf(const http::Request& request) {
  (void)queryList(request, "name", kMaxIds);
  return queryText(request, "name").value_or("");
}

JobFilter filterOf(const http::Request& request) {
  JobFilter filter;
  filter.jobType = requiredQueryChoice(request, "job_type", kJobTypes);
  filter.nameOrId = nameOf(request);
  filter.statuses = statusesOf(request);
  filter.engineType = queryChoice(request, "engine_type", kEngineTypes).value_or("");
  filter.netType = queryChoice(request, "net_type", kNetTypes).value_or("");
  filter.enterpriseProjectId = queryText(request, "enterprise_project_id").value_or("");
  filter.instanceIds = queryList(request, "instance_ids", kMaxIds);
  filter.instanceIp = queryText(request, "instance_ip").value_or("");
  filter.sort = jobSortOf(request);
  filter.descending = isDescending(request);
  filter.paging = pagingOf(request);
  return filter;
}

}  // namespace

http::Response listJobs(const Call& call) {
  const Page<JobRecord> page = call.jobs().listJobs(call.actor, filterOf(call.request));
  ordered_json list = ordered_json::array();
  for (const JobRecord& job : page.items) {
    list.push_back(encodeJobListItem(job, encodeActions(JobService::actionsOf(job))));
  }
  return jsonResponse({{"total_count", page.total}, {"jobs", std::move(list)}});
}

}  // namespace drs::api
