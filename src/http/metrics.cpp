#include "http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>

namespace drs::http {
namespace {

/// Seconds; reads of one job take about a millisecond, a batch of a hundred jobs some hundred.
const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,    1,     2.5,  5,     10};

/// Anything may stand in a request line; only known methods become labels.
std::string methodLabel(std::string_view method) {
  constexpr std::array<std::string_view, 6> kKnown{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
  return std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end() ? "other" : std::string(method);
}

prometheus::MetricFamily convert(const MetricFamily& family) {
  prometheus::MetricFamily out;
  out.name = family.name;
  out.help = family.help;
  const bool counter = family.kind == MetricFamily::Kind::counter;
  out.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const auto& sample : family.samples) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    (counter ? metric.counter.value : metric.gauge.value) = sample.value;
    out.metric.push_back(std::move(metric));
  }
  return out;
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("drs_http_requests_total")
                                                          .Help("Requests by route and status")
                                                          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("drs_http_request_seconds")
          .Help("Time from the end of a request's header to the end of its answer")
          .Register(registry);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::countRequest(std::string_view method, std::string_view route, int status,
                           std::chrono::microseconds took) {
  const std::string verb = methodLabel(method);
  impl_->requests.Add({{"method", verb}, {"route", std::string(route)}, {"status", std::to_string(status)}})
      .Increment();
  const double seconds = std::chrono::duration<double>(took).count();
  impl_->seconds.Add({{"method", verb}, {"route", std::string(route)}}, kSeconds).Observe(seconds);
}

std::string Metrics::text(const std::vector<MetricFamily>& more) const {
  std::vector<prometheus::MetricFamily> all = impl_->registry.Collect();
  for (const MetricFamily& family : more) all.push_back(convert(family));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace drs::http
