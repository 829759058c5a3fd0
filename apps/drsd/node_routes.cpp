#include "drsd/node_routes.h"

#include "base/error.h"
#include "drsd/openapi_text.h"

#include <nlohmann/json.hpp>

namespace drs {
namespace {

/// Why no work can be taken; empty = it can.
std::string obstacle(Store& store, const Worker& worker, const std::atomic<bool>& stopping) {
  if (stopping) return "shutting down";
  const WorkerHealth health = worker.health();
  if (!health.ok) return health.reason;
  try {
    (void)store.view().now();
  } catch (const Error& error) {
    return error.text();
  }
  return {};
}

http::Response readiness(const std::string& obstacle) {
  nlohmann::ordered_json body{{"status", obstacle.empty() ? "ready" : "not ready"}};
  if (!obstacle.empty()) body["reason"] = obstacle;
  return http::Response::json(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                              obstacle.empty() ? 200 : 503);
}

}  // namespace

void addNodeRoutes(http::Router& router, Store& store, const Worker& worker, NodeMetrics& metrics,
                   const std::atomic<bool>& stopping) {
  router.add("GET", "/healthz", [](const http::Request&, const http::PathParams&) {
    return http::Response::json(R"({"status":"alive"})");
  });
  router.add("GET", "/readyz", [&](const http::Request&, const http::PathParams&) {
    return readiness(obstacle(store, worker, stopping));
  });
  router.add("GET", "/metrics", [&](const http::Request&, const http::PathParams&) {
    return http::Response{200, http::Metrics::kContentType, metrics.text(), {}};
  });
  router.add("GET", "/openapi.yaml", [](const http::Request&, const http::PathParams&) {
    return http::Response{200, "application/yaml", std::string(openapiText()), {}};
  });
}

}  // namespace drs
