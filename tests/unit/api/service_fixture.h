#pragma once

#include "http/request.h"
#include "http/response.h"
#include "http/router.h"
#include "store/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <vector>

namespace drs::api {

/// The API on a real job service and an empty store of its own; no worker runs, so drafts stay in validation. Calls go
/// straight to the router, as the project "p1".
class ApiTest : public testing::Test {
 public:
  ApiTest();
  ~ApiTest() override;

  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// Any failure becomes the answer that a client would get.
  http::Response call(const std::string& method, const std::string& target, const std::string& body = "",
                      const Headers& headers = {{"X-Auth-Token", "good"}, {"Content-Type", "application/json"}});
  /// The body of a call that must have this status; the path is relative to /v5/p1.
  nlohmann::json expect(int status, const std::string& method, const std::string& path, const std::string& body = "");
  /// The error_code of a refused call.
  std::string refusal(const std::string& method, const std::string& path, const std::string& body = "");

  /// Creates a batch of jobs with these names; returns async_job_id.
  std::string create(const std::vector<std::string>& names);
  /// The ids of a batch's jobs in the order of the request.
  std::vector<std::string> jobsOf(const std::string& batch);

  [[nodiscard]] const http::Router& router() const;
  /// For what a worker would have written.
  [[nodiscard]] Store& store();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// One valid job of a batch, MySQL to MySQL.
[[nodiscard]] nlohmann::json someJob(const std::string& name);

}  // namespace drs::api
