#pragma once

#include "api/routes.h"
#include "http/request.h"
#include "http/response.h"
#include "job/job_service.h"

namespace drs::api {

/// One authenticated request on its way to a handler. Lives as long as the handler runs.
struct Call {
  const ApiDependencies& api;
  const http::Request& request;
  const http::PathParams& path;
  Actor actor;

  [[nodiscard]] JobService& jobs() const { return api.jobs; }
  [[nodiscard]] const std::string& jobId() const { return path.at("job_id"); }
};

// The handlers, one file for each group; routes.cpp says which path calls which.

// batches.cpp
http::Response createBatch(const Call& call);
http::Response listBatches(const Call& call);
http::Response showBatch(const Call& call);
http::Response updateBatch(const Call& call);
http::Response commitBatch(const Call& call);

// job_list.cpp
http::Response listJobs(const Call& call);

// job_detail.cpp
http::Response showJob(const Call& call);
/// Of type=compare (job_compare.cpp).
http::Response showCompare(const Call& call);

// job_actions.cpp
http::Response executeAction(const Call& call);
http::Response executeActions(const Call& call);
http::Response showActions(const Call& call);

// job_end.cpp
http::Response endJob(const Call& call);
http::Response endJobs(const Call& call);
http::Response deleteJob(const Call& call);
http::Response deleteJobs(const Call& call);

// positions.cpp
http::Response setStartPosition(const Call& call);
http::Response collectPosition(const Call& call);
http::Response showPosition(const Call& call);

// db_objects.cpp
http::Response collectObjects(const Call& call);
http::Response collectObjectsByBody(const Call& call);
http::Response showCollection(const Call& call);
http::Response listObjects(const Call& call);
http::Response showSelection(const Call& call);

// speed_limit.cpp
http::Response limitSpeeds(const Call& call);

// cutover.cpp
http::Response startCutover(const Call& call);
http::Response showCutover(const Call& call);
http::Response cancelCutover(const Call& call);
http::Response switchOver(const Call& call);

// progress_data.cpp
http::Response showProgressData(const Call& call);

// ddl.cpp
http::Response listStatements(const Call& call);
http::Response cleanAlarm(const Call& call);
http::Response skipStatement(const Call& call);
http::Response replaceStatement(const Call& call);

// dirty_data.cpp
http::Response listDirtyData(const Call& call);

// links.cpp
http::Response listLinks(const Call& call);

}  // namespace drs::api
