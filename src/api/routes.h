#pragma once

#include "base/clock.h"
#include "engine/engine.h"
#include "http/router.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace drs {
class JobService;
}

namespace drs::api {

class Authenticator;

/// What the handlers work with; everything outlives the router.
struct ApiDependencies {
  Authenticator& authenticator;
  JobService& jobs;
  const std::vector<Link>& links;  ///< Registry::links()
  std::size_t maxJobsPerBatch = 100;
  std::shared_ptr<const Clock> clock = std::make_shared<Clock>();
};

/// Adds every path of the service itself (batches, jobs, objects, links). Each handler authenticates first, refuses
/// another project's path, and takes JSON bodies only. What they throw becomes an answer in the server
/// (error_response.h).
void addRoutes(http::Router& router, const ApiDependencies& dependencies);

}  // namespace drs::api
