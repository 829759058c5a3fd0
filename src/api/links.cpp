#include "api/call.h"
#include "api/json_io.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

// GET /links: the registry of engines, one row for each combination (v5-endpoints.md 2.16).

namespace drs::api {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kLinkJobTypes[] = {"migration", "sync", "cloudDataGuard"};

ordered_json encodeLink(const Link& link, const std::string& direction, const std::string& netType) {
  return {{"job_type", link.jobType},
          {"engine_type", link.engineType},
          {"source_endpoint_type", link.sourceType},
          {"target_endpoint_type", link.targetType},
          {"job_direction", direction},
          {"net_type", netType},
          {"task_types", link.taskTypes},
          {"cluster_modes", {"Single"}},
          {"description", link.sourceType + " to " + link.targetType}};
}

}  // namespace

http::Response listLinks(const Call& call) {
  const std::string jobType = requiredQueryChoice(call.request, "job_type", kLinkJobTypes);
  std::vector<ordered_json> rows;
  for (const Link& link : call.api.links) {
    if (link.jobType != jobType) continue;
    for (const std::string& direction : link.directions) {
      for (const std::string& netType : link.netTypes) rows.push_back(encodeLink(link, direction, netType));
    }
  }
  ordered_json list = ordered_json::array();
  for (const ordered_json& row : sliceOf(rows, pagingOf(call.request))) list.push_back(row);
  return jsonResponse({{"total_count", rows.size()}, {"job_links", std::move(list)}});
}

}  // namespace drs::api
