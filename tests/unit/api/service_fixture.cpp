#include "unit/api/service_fixture.h"

#include "api/auth.h"
#include "api/error_response.h"
#include "api/routes.h"
#include "crypto/sealer.h"
#include "job/job_service.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <unistd.h>

namespace drs::api {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class OneUser : public Authenticator {
 public:
  Caller authenticate(const http::Request& request) override {
    if (request.header("X-Auth-Token") != "good") throw Error(Msg::notAuthenticated, {"no token"}, Origin::request);
    return {.projectId = "p1", .domainId = "d1", .domainName = "acme", .userId = "u1", .userName = "ops"};
  }
};

fs::path newFolder() {
  std::string name = (fs::temp_directory_path() / "opendrs-api-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw Error(Msg::internal, {"no temporary folder"});
  return name;
}

SqliteOptions optionsFor(const fs::path& folder) {
  SqliteOptions options;
  options.path = (folder / "drs.db").string();
  return options;
}

json endpoint(const char* role) {
  return json::array({{{"db_type", "mysql"},
                       {"endpoint_type", "offline"},
                       {"endpoint_role", role},
                       {"endpoint",
                        {{"endpoint_name", "mysql"},
                         {"ip", "192.0.2.1"},
                         {"db_port", "3306"},
                         {"db_user", "repl"},
                         {"db_password", "planted-secret"}}}}});
}

}  // namespace

json someJob(const std::string& name) {
  return {{"base_info",
           {{"name", name},
            {"job_type", "sync"},
            {"engine_type", "mysql-to-mysql"},
            {"job_direction", "non-dbs"},
            {"task_type", "FULL_INCR_TRANS"},
            {"net_type", "vpc"}}},
          {"source_endpoint", endpoint("so")},
          {"target_endpoint", endpoint("ta")},
          {"policy_config", {{"filter_ddl_policy", "drop_database"}, {"conflict_policy", "stop"}}},
          {"db_object",
           {{"object_scope", "table"},
            {"object_info",
             {{"shop",
               {{"name", "shop_copy"},
                {"all", false},
                {"tables", {{"orders", {{"type", "table"}, {"name", "orders"}, {"all", true}}}}}}}}}}},
          {"node_info",
           {{"spec", {{"node_type", "small"}}},
            {"vpc", {{"vpc_id", "v-1"}, {"subnet_id", "s-1"}}},
            {"base_info", {{"instance_type", "single"}, {"arch", "x86"}, {"availability_zone", "az-1"}}}}}};
}

struct ApiTest::Parts {
  fs::path folder = newFolder();
  Store store{openSqlite(optionsFor(folder))};
  Sealer sealer{MasterKey(std::string(Key::kBytes, 'k'))};
  Settings settings;
  JobService jobs{store, sealer, settings};
  OneUser users;
  std::vector<Link> links{{"mysql-to-mysql", "sync", "mysql", "mysql", {"up", "down"}, {"vpc"}, {"FULL_TRANS"}},
                          {"mysql-to-mysql", "migration", "mysql", "mysql", {"up"}, {"vpc"}, {"FULL_TRANS"}}};
  http::Router router;

  Parts() { addRoutes(router, {users, jobs, links, settings.maxJobsPerBatch}); }
};

ApiTest::ApiTest() : parts_(std::make_unique<Parts>()) {}

ApiTest::~ApiTest() {
  const fs::path folder = parts_->folder;
  parts_.reset();
  fs::remove_all(folder);
}

const http::Router& ApiTest::router() const {
  return parts_->router;
}

Store& ApiTest::store() {
  return parts_->store;
}

http::Response ApiTest::call(const std::string& method, const std::string& target, const std::string& body,
                             const Headers& headers) {
  http::Request request;
  request.method = method;
  EXPECT_TRUE(http::parseTarget(target, request)) << target;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  try {
    return parts_->router.handle(request);
  } catch (const Error& error) {
    return errorResponse(error, request);
  }
}

json ApiTest::expect(int status, const std::string& method, const std::string& path, const std::string& body) {
  const http::Response response = call(method, path.starts_with("/v") ? path : "/v5/p1" + path, body);
  EXPECT_EQ(response.status, status) << method << " " << path << ": " << response.body;
  EXPECT_EQ(response.body.find("planted-secret"), std::string::npos);
  return response.body.empty() ? json() : json::parse(response.body);
}

std::string ApiTest::refusal(const std::string& method, const std::string& path, const std::string& body) {
  const http::Response response = call(method, path.starts_with("/v") ? path : "/v5/p1" + path, body);
  EXPECT_EQ(response.status, 400) << method << " " << path << ": " << response.body;
  return json::parse(response.body).value("error_code", "");
}

std::string ApiTest::create(const std::vector<std::string>& names) {
  json jobs = json::array();
  for (const std::string& name : names) jobs.push_back(someJob(name));
  const json answer = expect(202, "POST", "/jobs/batch-async-create", json({{"jobs", jobs}}).dump());
  return answer.at("job").at("async_job_id").get<std::string>();
}

std::vector<std::string> ApiTest::jobsOf(const std::string& batch) {
  std::vector<std::string> ids;
  const json answer = expect(200, "GET", "/batch-async-jobs/" + batch);
  for (const json& job : answer.at("jobs")) ids.push_back(job.at("id").get<std::string>());
  return ids;
}

}  // namespace drs::api
