#pragma once

#include "drsd/node_metrics.h"
#include "http/router.h"

#include <atomic>

namespace drs {

/// Adds what needs no credentials: /healthz (the process answers), /readyz (it can take work), /metrics, /openapi.yaml.
/// The arguments outlive the router.
void addNodeRoutes(http::Router& router, Store& store, const Worker& worker, NodeMetrics& metrics,
                   const std::atomic<bool>& stopping);

}  // namespace drs
