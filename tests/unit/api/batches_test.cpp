#include "unit/api/service_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;

TEST_F(ApiTest, ABatchIsListedAndReadWithoutSecrets) {
  const std::string batch = create({"job-1", "job-2"});
  const json list = expect(200, "GET", "/batch-async-jobs?async_job_id=" + batch);
  EXPECT_EQ(list["total_count"], 1);
  EXPECT_EQ(list["jobs"][0]["status"], "ASYNC_JOB_VALIDATING");
  EXPECT_EQ(list["jobs"][0]["domain_name"], "acme");
  EXPECT_EQ(list["jobs"][0]["user_name"], "ops");
  const json detail = expect(200, "GET", "/batch-async-jobs/" + batch + "?limit=1&offset=1");
  EXPECT_EQ(detail["total_count"], 2);
  ASSERT_EQ(detail["jobs"].size(), 1U);
  EXPECT_EQ(detail["jobs"][0]["status"], "CONFIGURATION");
  EXPECT_FALSE(detail["jobs"][0]["source_endpoint"][0]["endpoint"].contains("db_password"));
  EXPECT_FALSE(detail["jobs"][0].contains("db_object"));
}

TEST_F(ApiTest, AllProblemsOfABatchStandInErrors) {
  json bad = someJob("bad-job");
  bad["base_info"]["task_type"] = "EVERYTHING";
  bad["source_endpoint"][0]["endpoint"]["db_port"] = "70000";
  const json answer =
      expect(400, "POST", "/jobs/batch-async-create", json({{"jobs", {someJob("good-job"), bad}}}).dump());
  ASSERT_EQ(answer["errors"].size(), 2U);
  EXPECT_EQ(answer["errors"][0]["path"], "jobs[1].base_info.task_type");
  EXPECT_EQ(answer["error_code"], answer["errors"][0]["error_code"]);
  EXPECT_EQ(expect(200, "GET", "/batch-async-jobs")["total_count"], 0);
}

TEST_F(ApiTest, AClientTokenMakesARepeatReturnTheFirstAnswer) {
  const std::string body = json({{"jobs", {someJob("once")}}}).dump();
  const Headers headers{{"X-Auth-Token", "good"}, {"Content-Type", "application/json"}, {"X-Client-Token", "t-1"}};
  const auto first = call("POST", "/v5/p1/jobs/batch-async-create", body, headers);
  const auto second = call("POST", "/v5/p1/jobs/batch-async-create", body, headers);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(expect(200, "GET", "/batch-async-jobs")["total_count"], 1);
  for (const std::string& token : {std::string(), std::string(65, 'x'), std::string("a b")}) {
    const Headers bad{{"X-Auth-Token", "good"}, {"Content-Type", "application/json"}, {"X-Client-Token", token}};
    EXPECT_EQ(call("POST", "/v5/p1/jobs/batch-async-create", body, bad).status, 400) << token;
  }
}

TEST_F(ApiTest, BatchListFiltersAndRefusesUnknownValues) {
  create({"job-one"});
  EXPECT_EQ(expect(200, "GET", "/batch-async-jobs?status=COMMIT_SUCCESS")["total_count"], 0);
  EXPECT_EQ(expect(200, "GET", "/batch-async-jobs?status=ASYNC_JOB_VALIDATING&user_name=ops")["total_count"], 1);
  EXPECT_EQ(refusal("GET", "/batch-async-jobs?status=DONE"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/batch-async-jobs?sort_dir=up"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/batch-async-jobs?limit=1001"), "DRS.M00210");
  EXPECT_EQ(refusal("GET", "/batch-async-jobs/no-such-batch"), "DRS.10000010");
}

TEST_F(ApiTest, EachElementOfAnUpdateSucceedsOrFailsAlone) {
  const std::string batch = create({"job-one", "job-two"});
  const auto ids = jobsOf(batch);
  const json update = {
      {"jobs",
       {{{"type", "policy"},
         {"params",
          {{"job_id", ids[0]},
           {"policy_config", {{"conflict_policy", "overwrite"}, {"filter_ddl_policy", "drop_database"}}}}}},
        {{"type", "policy"}, {"params", {{"job_id", "no-such-job"}, {"policy_config", json::object()}}}}}}};
  const json answer = expect(202, "PUT", "/batch-async-jobs/" + batch, update.dump());
  EXPECT_EQ(answer["jobs"][0]["status"], "success");
  EXPECT_FALSE(answer["jobs"][0].contains("error_code"));
  EXPECT_EQ(answer["jobs"][1]["status"], "failed");
  EXPECT_EQ(answer["jobs"][1]["error_code"], "DRS.10000010");
  const json detail = expect(200, "GET", "/jobs/" + ids[0] + "?type=detail")["job"];
  EXPECT_EQ(detail["policy_config"]["conflict_policy"], "overwrite");
}

TEST_F(ApiTest, AnElementOfAnUpdateNamesAllItsProblems) {
  const json update = {
      {"jobs",
       {{{"type", "policy"},
         {"params", {{"policy_config", {{"conflict_policy", "x"}}}, {"alarm_notify", {{"delay_time", "y"}}}}}}}}};
  const json answer = expect(202, "PUT", "/batch-async-jobs/" + create({"job-one"}), update.dump());
  const json& element = answer["jobs"][0];
  ASSERT_GE(element["errors"].size(), 3U);
  EXPECT_EQ(element["error_code"], element["errors"][0]["error_code"]);
  std::vector<std::string> paths;
  for (const json& problem : element["errors"]) paths.push_back(problem["path"].get<std::string>());
  EXPECT_THAT(paths, testing::IsSupersetOf({"jobs[0].params.policy_config.conflict_policy",
                                            "jobs[0].params.alarm_notify.delay_time",
                                            "jobs[0].params.alarm_notify.alarm_to_user"}));
}

TEST_F(ApiTest, MalformedUpdatesAreRefusedAsAWhole) {
  const std::string path = "/batch-async-jobs/" + create({"job-one"});
  EXPECT_EQ(refusal("PUT", path, R"({"jobs":[]})"), "DRS.M00201");
  EXPECT_EQ(refusal("PUT", path, R"({"jobs":[{"type":"precheck"},{"type":"everything","params":{}}]})"), "DRS.M00202");
  EXPECT_EQ(refusal("PUT", path, R"({"jobs":[{"type":"policy"}]})"), "DRS.M00201");
}

TEST_F(ApiTest, ABatchThatIsNotValidatedIsNotCommitted) {
  EXPECT_EQ(refusal("POST", "/batch-async-jobs/" + create({"job-one"}) + "/commit"), "DRS.M00304");
}

}  // namespace
}  // namespace drs::api
