#include "http/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drs::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountsRequestsByRouteAndStatus) {
  Metrics metrics;
  metrics.countRequest("GET", "/v5/{project_id}/jobs", 200, std::chrono::milliseconds(3));
  metrics.countRequest("GET", "/v5/{project_id}/jobs", 200, std::chrono::milliseconds(3));
  metrics.countRequest("BREW\n", "other", 405, std::chrono::milliseconds(1));
  const std::string text = metrics.text({});
  EXPECT_THAT(text, HasSubstr(R"(drs_http_requests_total{method="GET",route="/v5/{project_id}/jobs",status="200"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(drs_http_requests_total{method="other",route="other",status="405"} 1)"));
  EXPECT_THAT(
      text, HasSubstr(R"(drs_http_request_seconds_bucket{method="GET",route="/v5/{project_id}/jobs",le="0.0025"} 0)"));
  EXPECT_THAT(text,
              HasSubstr(R"(drs_http_request_seconds_bucket{method="GET",route="/v5/{project_id}/jobs",le="0.005"} 2)"));
  EXPECT_THAT(text, Not(HasSubstr("BREW")));
}

TEST(Metrics, RendersFiguresOfTheMoment) {
  const std::string text =
      Metrics().text({{"drs_delay", "help text", MetricFamily::Kind::gauge, {{{{"job", "a\"b"}}, 1.5}}},
                      {"drs_rows_total", "rows", MetricFamily::Kind::counter, {{{}, 7}}}});
  EXPECT_THAT(text, HasSubstr("# HELP drs_delay help text\n# TYPE drs_delay gauge\ndrs_delay{job=\"a\\\"b\"} 1.5"));
  EXPECT_THAT(text, HasSubstr("# TYPE drs_rows_total counter\ndrs_rows_total 7"));
}

}  // namespace
}  // namespace drs::http
