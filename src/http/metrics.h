#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs::http {

/// Figures of one name that are known at the moment of asking, for Metrics::text().
struct MetricFamily {
  enum class Kind { gauge, counter };
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
  };
  std::string name, help;
  Kind kind = Kind::gauge;
  std::vector<Sample> samples;
};

/// Counts requests, and renders figures as text for Prometheus. Threads: any.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  /// `route` is a pattern of the router, never a path: labels must have few values.
  void countRequest(std::string_view method, std::string_view route, int status, std::chrono::microseconds took);

  /// Everything that was counted, then `more`.
  [[nodiscard]] std::string text(const std::vector<MetricFamily>& more) const;
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drs::http
