#include "api/routes.h"

#include "api/auth.h"
#include "api/call.h"
#include "api/json_io.h"
#include "base/error.h"
#include "model/utf8.h"

namespace drs::api {
namespace {

struct Row {
  const char* method;
  const char* pattern;
  http::Response (*handler)(const Call&);
};

constexpr Row kRows[] = {
    {"POST", "/v5/{project_id}/jobs/batch-async-create", createBatch},
    {"GET", "/v5/{project_id}/batch-async-jobs", listBatches},
    {"GET", "/v5/{project_id}/batch-async-jobs/{async_job_id}", showBatch},
    {"PUT", "/v5/{project_id}/batch-async-jobs/{async_job_id}", updateBatch},
    {"POST", "/v5/{project_id}/batch-async-jobs/{async_job_id}/commit", commitBatch},

    {"GET", "/v5/{project_id}/jobs", listJobs},
    {"DELETE", "/v5/{project_id}/jobs", deleteJobs},
    {"GET", "/v5/{project_id}/jobs/{job_id}", showJob},
    {"DELETE", "/v5/{project_id}/jobs/{job_id}", deleteJob},
    {"POST", "/v5/{project_id}/jobs/{job_id}/action", executeAction},
    {"POST", "/v5/{project_id}/jobs/action", executeActions},
    {"GET", "/v5/{project_id}/jobs/{job_id}/actions", showActions},
    {"POST", "/v5/{project_id}/jobs/{job_id}/stop", endJob},
    {"POST", "/v5/{project_id}/jobs/batch-stop", endJobs},

    {"POST", "/v3/{project_id}/jobs/batch-limit-speed", limitSpeeds},
    {"PUT", "/v3/{project_id}/jobs/batch-limit-speed", limitSpeeds},

    {"POST", "/v3/{project_id}/jobs/batch-switchover", switchOver},

    {"POST", "/v5/{project_id}/jobs/{job_id}/cutover", startCutover},
    {"GET", "/v5/{project_id}/jobs/{job_id}/cutover", showCutover},
    {"DELETE", "/v5/{project_id}/jobs/{job_id}/cutover", cancelCutover},

    {"PUT", "/v5/{project_id}/jobs/{job_id}/start-position", setStartPosition},
    {"POST", "/v5/{project_id}/jobs/{job_id}/collect-db-position", collectPosition},
    {"GET", "/v5/{project_id}/jobs/{job_id}/db-position", showPosition},

    {"POST", "/v5/{project_id}/jobs/{job_id}/db-objects/collect", collectObjects},
    {"POST", "/v5.1/{project_id}/jobs/{job_id}/db-objects/collect", collectObjectsByBody},
    {"GET", "/v5/{project_id}/jobs/{job_id}/db-objects/collection-status", showCollection},
    {"GET", "/v5/{project_id}/jobs/{job_id}/db-objects", listObjects},
    {"GET", "/v5.1/{project_id}/jobs/{job_id}/db-object", showSelection},

    {"GET", "/v5/{project_id}/jobs/{job_id}/progress-data/{type}", showProgressData},
    {"GET", "/v5/{project_id}/jobs/{job_id}/dirty-data", listDirtyData},
    {"GET", "/v5/{project_id}/jobs/{job_id}/ddl", listStatements},
    {"POST", "/v5/{project_id}/jobs/{job_id}/ddl/{seqno}/skip", skipStatement},
    {"POST", "/v5/{project_id}/jobs/{job_id}/ddl/{seqno}/replace", replaceStatement},
    {"POST", "/v5/{project_id}/jobs/{job_id}/alarms/{alarm_id}/clean", cleanAlarm},
    {"GET", "/v5/{project_id}/links", listLinks},
};

/// "application/json", with parameters or without.
bool isJson(std::string_view contentType) {
  std::string_view kind = contentType.substr(0, contentType.find(';'));
  while (kind.ends_with(' ') || kind.ends_with('\t')) kind.remove_suffix(1);
  return http::equalsIgnoreCase(kind, "application/json");
}

/// GET is free (SDKs send a type there too); a call without body need not name a type.
void demandJson(const http::Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return;
  const auto type = request.header("Content-Type");
  if (type ? isJson(*type) : request.body.empty()) return;
  if (request.method == "DELETE" && request.body.empty()) return;
  throw Error(Msg::badContentType, {shortened(type.value_or("(none)"), kShownCharacters)}, Origin::request);
}

http::Response answer(const ApiDependencies& api, const Row& row, const http::Request& request,
                      const http::PathParams& path) {
  const Caller caller = api.authenticator.authenticate(request);
  if (caller.projectId != path.at("project_id"))
    throw Error(Msg::otherProject, {path.at("project_id")}, Origin::request);
  demandJson(request);
  return row.handler({api, request, path, {caller.projectId, caller.domainName, caller.userName}});
}

}  // namespace

void addRoutes(http::Router& router, const ApiDependencies& dependencies) {
  for (const Row& row : kRows) {
    router.add(row.method, row.pattern,
               [api = dependencies, &row](const http::Request& request, const http::PathParams& path) {
                 return answer(api, row, request, path);
               });
  }
}

}  // namespace drs::api
