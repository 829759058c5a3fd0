#pragma once

#include "http/metrics.h"
#include "job/worker.h"
#include "store/store.h"

#include <chrono>
#include <mutex>
#include <string>

namespace drs {

/// The figures of this node for /metrics: what runs, and how far each job is. Asking costs a few reads of the store for
/// each unfinished job, so the answer is kept for a second. Threads: any.
class NodeMetrics {
 public:
  NodeMetrics(Store& store, const Worker& worker, const http::Metrics& http)
      : store_(store), worker_(worker), http_(http) {}

  [[nodiscard]] std::string text();

 private:
  [[nodiscard]] std::vector<http::MetricFamily> collect() const;

  Store& store_;
  const Worker& worker_;
  const http::Metrics& http_;
  std::mutex mutex_;
  std::string last_;
  std::chrono::steady_clock::time_point lastAt_;
};

}  // namespace drs
