#include "unit/api/service_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace drs::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> namesOf(const json& list) {
  std::vector<std::string> names;
  for (const json& job : list["jobs"]) names.push_back(job["name"].get<std::string>());
  return names;
}

TEST_F(ApiTest, JobListSortsPagesAndFilters) {
  create({"c-job", "a-job", "b-job"});
  const std::string list = "/jobs?job_type=sync";
  EXPECT_THAT(namesOf(expect(200, "GET", list + "&sort_key=name&sort_dir=asc")),
              ElementsAre("a-job", "b-job", "c-job"));
  EXPECT_THAT(namesOf(expect(200, "GET", list + "&sort_key=name")), ElementsAre("c-job", "b-job", "a-job"));
  const json page = expect(200, "GET", list + "&sort_key=name&sort_dir=asc&offset=1&limit=1");
  EXPECT_EQ(page["total_count"], 3);
  EXPECT_THAT(namesOf(page), ElementsAre("b-job"));
  EXPECT_EQ(expect(200, "GET", list + "&name=b-job")["total_count"], 1);
  EXPECT_EQ(expect(200, "GET", list + "&status=CONFIGURATION,PAUSING")["total_count"], 3);
  EXPECT_EQ(expect(200, "GET", list + "&status=FULL_TRANSFER_FAILED")["total_count"], 0);
  EXPECT_EQ(expect(200, "GET", list + "&instance_ip=192.0.2.1")["total_count"], 3);
  EXPECT_EQ(expect(200, "GET", "/jobs?job_type=migration")["total_count"], 0);
}

TEST_F(ApiTest, JobListNamesWhatIsWrongWithItsQuery) {
  EXPECT_EQ(refusal("GET", "/jobs"), "DRS.M00201");
  EXPECT_EQ(refusal("GET", "/jobs?job_type=copy"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/jobs?job_type=sync&status=RUNNING"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/jobs?job_type=sync&sort_key=age"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/jobs?job_type=sync&limit=0"), "DRS.M00210");
  EXPECT_EQ(refusal("GET", "/jobs?job_type=sync&name=1,2,3,4,5,6,7,8,9,10,11"), "DRS.M00202");
}

TEST_F(ApiTest, EveryDetailTypeAnswersForADraft) {
  const std::string id = jobsOf(create({"job-one"}))[0];
  const auto detail = [&](const std::string& query) { return expect(200, "GET", "/jobs/" + id + "?" + query)["job"]; };
  EXPECT_EQ(detail("type=detail")["base_info"]["name"], "job-one");
  EXPECT_EQ(detail("type=progress")["progress_info"]["progress"], "0");
  EXPECT_EQ(detail("type=overview")["status"], "CONFIGURATION");
  EXPECT_EQ(detail("type=network")["network_results"], json::array());
  EXPECT_EQ(detail("type=precheck")["precheck_result"]["result"], false);
  EXPECT_GE(detail("type=log")["total_count"], 1);
  EXPECT_EQ(detail("type=log&log_level=Error")["logs"], json::array());
  EXPECT_EQ(
      detail("type=compare&compare_type=data_compare&query_type=list")["compare_result"]["data_compare_task_list"],
      json::array());
}

TEST_F(ApiTest, DetailRefusesWhatItDoesNotKnow) {
  const std::string job = "/jobs/" + jobsOf(create({"job-one"}))[0];
  EXPECT_EQ(refusal("GET", job), "DRS.M00201");
  const json answer = expect(400, "GET", job + "?type=diagnosis");
  EXPECT_EQ(answer["error_code"], "DRS.M00202");
  EXPECT_THAT(answer["error_msg"].get<std::string>(), HasSubstr("detail, overview, network"));
  EXPECT_EQ(refusal("GET", job + "?type=network&query_id=none"), "DRS.M05003");
  EXPECT_EQ(refusal("GET", job + "?type=compare"), "DRS.M00201");
  EXPECT_EQ(refusal("GET", job + "?type=compare&compare_type=object_compare&query_type=overview"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", job + "?type=compare&compare_type=line_compare&query_type=diff&compare_task_id=x"),
            "DRS.M00202");
  EXPECT_EQ(refusal("GET", job + "?type=compare&compare_type=line_compare&query_type=overview"), "DRS.M00201");
  EXPECT_EQ(refusal("GET", "/jobs/none?type=detail"), "DRS.10000010");
}

TEST_F(ApiTest, AQuestionWhoseTaskFailedIsAnswered) {
  const std::string id = jobsOf(create({"job-one"}))[0];
  const auto failed = [&](TaskKind kind, const std::optional<Fault>& fault) {
    QueryRecord query;
    query.id = std::string(toText(kind)) + (fault ? "-failed" : "-stopped");
    query.jobId = id;
    query.kind = kind;
    store().write([&](StoreTransaction& tx) {
      tx.insert(query);
      tx.finishQuery(query.id, QueryState::failed, "", fault);
    });
    return expect(200, "GET", "/jobs/" + id + "?type=" + std::string(toText(kind)) + "&query_id=" + query.id)["job"];
  };
  const Fault fault = faultOf(Error(Msg::cannotConnect, {"10.0.0.1", "refused"}), 0);
  const json checked = failed(TaskKind::precheck, fault)["precheck_result"];
  EXPECT_EQ(checked["process"], "100%");
  EXPECT_EQ(checked["result"], false);
  ASSERT_EQ(checked["precheck_results"].size(), 1U);
  EXPECT_EQ(checked["precheck_results"][0]["result"], "FAILED");
  EXPECT_THAT(checked["precheck_results"][0]["failed_reason"].get<std::string>(), HasSubstr("10.0.0.1: refused"));
  EXPECT_EQ(failed(TaskKind::precheck, std::nullopt)["precheck_result"]["process"], "100%");
  EXPECT_EQ(failed(TaskKind::network, fault)["network_results"][0]["error_code"], "DRS.M00300");
  EXPECT_EQ(failed(TaskKind::network, std::nullopt)["network_results"][0]["success"], false);
}

std::string action(const std::string& name, const std::string& params) {
  return R"({"job":{"action_name":")" + name + R"(","action_params":)" + params + "}}";
}

struct BadAction {
  const char* body;
  const char* code;
  const char* path;
};

class BadActions : public ApiTest, public testing::WithParamInterface<BadAction> {};

TEST_P(BadActions, AreRefusedByPath) {
  const json answer = expect(400, "POST", "/jobs/any/action", GetParam().body);
  EXPECT_EQ(answer["error_code"], GetParam().code);
  EXPECT_EQ(answer["errors"][0]["path"], GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadActions,
    testing::Values(
        BadAction{R"({})", "DRS.M00201", "job"}, BadAction{R"({"job":[]})", "DRS.M00007", "job"},
        BadAction{R"({"job":{}})", "DRS.M00201", "job.action_name"},
        BadAction{R"({"job":{"action_name":"set_writable"}})", "DRS.M00202", "job.action_name"},
        BadAction{R"({"job":{"action_name":"precheck"}})", "DRS.M00201", "job.action_params.precheck_mode"},
        BadAction{R"({"job":{"action_name":"precheck","action_params":{"precheck_mode":"now"}}})", "DRS.M00202",
                  "job.action_params.precheck_mode"},
        BadAction{R"({"job":{"action_name":"start","action_params":{"start_time":"tomorrow"}}})", "DRS.M00202",
                  "job.action_params.start_time"},
        BadAction{R"({"job":{"action_name":"start","action_params":{"is_auto_create_compare":"yes"}}})", "DRS.M00007",
                  "job.action_params.is_auto_create_compare"},
        BadAction{R"({"job":{"action_name":"stop","action_params":{"pause_mode":"source"}}})", "DRS.M00202",
                  "job.action_params.pause_mode"},
        BadAction{R"({"job":{"action_name":"restart","action_params":{"is_sync_re_edit":true}}})", "DRS.M00202",
                  "job.action_params.is_sync_re_edit"},
        BadAction{
            R"({"job":{"action_name":"skip_precheck","action_params":{"skip_precheck_info":{"skip_reason":"r"}}}})",
            "DRS.M00201", "job.action_params.skip_precheck_info.skipped_precheck_list"},
        BadAction{
            R"({"job":{"action_name":"create_compare","action_params":{"compare_task_param":{"type":"object"}}}})",
            "DRS.M00202", "job.action_params.compare_task_param.type"},
        BadAction{
            R"({"job":{"action_name":"create_compare","action_params":{"compare_task_param":{"type":"lines","db_object":{"shop":{"all":"yes"}}}}}})",
            "DRS.M00007", "job.action_params.compare_task_param.db_object.shop.all"},
        BadAction{R"({"job":{"action_name":"cancel_compare","action_params":{"compare_task_param":{}}}})", "DRS.M00201",
                  "job.action_params.compare_task_param.compare_task_id"},
        BadAction{R"({"job":{"action_name":"network","action_params":{"endpoints":{}}}})", "DRS.M00007",
                  "job.action_params.endpoints"}));

TEST_F(ApiTest, ActionsAreRefusedInTheWrongState) {
  const std::string path = "/jobs/" + jobsOf(create({"job-one"}))[0] + "/action";
  for (const char* name : {"stop", "restart", "reset"})
    EXPECT_EQ(refusal("POST", path, action(name, "{}")), "DRS.M00304") << name;
  EXPECT_EQ(refusal("POST", "/jobs/none/action", action("stop", "{}")), "DRS.10000010");
}

TEST_F(ApiTest, SeveralActionsHaveOneOutcomeEach) {
  const auto ids = jobsOf(create({"job-one", "job-two"}));
  const json body = {{"jobs",
                      {{{"job_id", ids[0]}, {"action_name", "terminate"}},
                       {{"job_id", ids[1]}, {"action_name", "stop"}},
                       {{"job_id", "none"}, {"action_name", "stop"}}}}};
  const json answer = expect(200, "POST", "/jobs/action", body.dump());
  ASSERT_EQ(answer["jobs"].size(), 3U);
  EXPECT_EQ(answer["jobs"][0]["name"], "job-one");
  EXPECT_EQ(answer["jobs"][1]["error_code"], "DRS.M00304");
  EXPECT_EQ(answer["jobs"][2]["error_code"], "DRS.10000010");
}

TEST_F(ApiTest, NoActionHappensIfOneOfThemIsMalformed) {
  const auto ids = jobsOf(create({"job-one"}));
  const json body = {{"jobs", {{{"job_id", ids[0]}, {"action_name", "terminate"}}, {{"action_name", "stop"}}}}};
  EXPECT_EQ(refusal("POST", "/jobs/action", body.dump()), "DRS.M00201");
  EXPECT_EQ(expect(200, "GET", "/jobs/" + ids[0] + "?type=detail")["job"]["status"], "CONFIGURATION");
}

TEST_F(ApiTest, AvailableActionsFollowTheState) {
  const json actions = expect(200, "GET", "/jobs/" + jobsOf(create({"job-one"}))[0] + "/actions")["job_action"];
  EXPECT_THAT(actions["unavailable_actions"].get<std::vector<std::string>>(), testing::Contains("PAUSE"));
  EXPECT_THAT(actions["available_actions"].get<std::vector<std::string>>(), testing::Not(testing::Contains("PAUSE")));
}

TEST_F(ApiTest, ADraftIsDeleted) {
  const auto ids = jobsOf(create({"job-one", "job-two"}));
  const http::Response gone = call("DELETE", "/v5/p1/jobs/" + ids[0]);
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.body, "");
  const json answer = expect(200, "DELETE", "/jobs", json({{"jobs", {ids[1], "none"}}}).dump());
  EXPECT_EQ(answer["jobs"][0]["status"], "success");
  EXPECT_EQ(answer["jobs"][1]["error_code"], "DRS.10000010");
  EXPECT_EQ(expect(200, "GET", "/jobs?job_type=sync")["total_count"], 0);
  EXPECT_EQ(refusal("DELETE", "/jobs", R"({"jobs":[]})"), "DRS.M00201");
  EXPECT_EQ(refusal("DELETE", "/jobs", R"({"jobs":[1]})"), "DRS.M00007");
}

TEST_F(ApiTest, ObjectsAreShownAsSelected) {
  const std::string id = jobsOf(create({"job-one"}))[0];
  const json view = expect(200, "GET", "/jobs/" + id + "/db-objects?type=modified");
  EXPECT_EQ(view["id"], id);
  EXPECT_EQ(view["status"], "success");
  EXPECT_EQ(view["object_info"]["shop"]["name"], "shop_copy");
  EXPECT_EQ(expect(200, "GET", "/v5.1/p1/jobs/" + id + "/db-object?type=modified"), view);
  EXPECT_EQ(expect(200, "GET", "/jobs/" + id + "/db-objects?type=modified&offset=1")["object_info"], json::object());
  EXPECT_EQ(expect(200, "GET", "/jobs/" + id + "/db-objects?type=synchronized")["object_info"], json::object());
  EXPECT_EQ(refusal("GET", "/jobs/" + id + "/db-objects?type=source"), "DRS.M00202");
}

TEST_F(ApiTest, CollectedObjectsAreReadWithTheirQueryId) {
  const std::string job = "/jobs/" + jobsOf(create({"job-one"}))[0];
  const json asked = expect(202, "POST", job + "/db-objects/collect?type=modified");
  EXPECT_EQ(asked["status"], "pending");
  const auto query = asked["id"].get<std::string>();
  EXPECT_EQ(expect(200, "GET", job + "/db-objects/collection-status?query_id=" + query)["status"], "success");
  EXPECT_EQ(refusal("GET", job + "/db-position?query_id=" + query), "DRS.M05003") << "a query of another kind";
  EXPECT_EQ(refusal("GET", job + "/db-objects/collection-status"), "DRS.M00201");
  (void)expect(202, "POST", "/v5.1/p1" + job + "/db-objects/collect", R"({"type":"modified","is_refresh":"true"})");
  EXPECT_EQ(refusal("POST", "/v5.1/p1" + job + "/db-objects/collect", R"({"type":"modified","is_refresh":"maybe"})"),
            "DRS.M00202");
}

TEST_F(ApiTest, AStartPositionIsForIncrementalOnlyJobs) {
  const std::string job = "/jobs/" + jobsOf(create({"job-one"}))[0];
  EXPECT_EQ(refusal("PUT", job + "/start-position", "{}"), "DRS.M00201");
  EXPECT_EQ(call("PUT", "/v5/p1" + job + "/start-position", R"({"file_and_position":"mysql-bin.000277:805"})").status,
            400);
  EXPECT_EQ(refusal("POST", job + "/collect-db-position", R"({"reset_position_time":"1"})"), "DRS.M00202");
}

TEST_F(ApiTest, SpeedLimitsAreCheckedAndReplaced) {
  const auto ids = jobsOf(create({"job-one", "job-two"}));
  const std::string path = "/v3/p1/jobs/batch-limit-speed";
  const json window = {{"begin", "01:00"}, {"end", "02:59"}, {"speed", "10"}};
  const json body = {
      {"speed_limits",
       {{{"job_id", ids[0]}, {"speed_limit", {window}}}, {{"job_id", "none"}, {"speed_limit", json::array()}}}}};
  for (const char* method : {"POST", "PUT"}) {
    const json answer = expect(200, method, path, body.dump());
    EXPECT_EQ(answer["count"], 2);
    EXPECT_EQ(answer["results"][0]["status"], "success");
    EXPECT_EQ(answer["results"][0]["id"], ids[0]);
    EXPECT_EQ(answer["results"][1]["error_code"], "DRS.10000010");
  }
  EXPECT_EQ(expect(200, "GET", "/jobs/" + ids[0] + "?type=detail")["job"]["speed_limit"], json::array({window}));
  EXPECT_EQ(refusal("POST", path, "{}"), "DRS.M00201");
  EXPECT_EQ(refusal("POST", path, json({{"speed_limits", {{{"job_id", ids[0]}}}}}).dump()), "DRS.M00201");
  const json bad = {{"begin", "03:00"}, {"end", "04:30"}, {"speed", "0"}};
  const json refused =
      expect(400, "POST", path,
             json({{"speed_limits", {{{"job_id", ids[0]}, {"speed_limit", {window, window, bad}}}}}}).dump());
  std::vector<std::string> paths;
  for (const json& problem : refused["errors"]) paths.push_back(problem["path"].get<std::string>());
  EXPECT_THAT(paths, ElementsAre("speed_limits[0].speed_limit[2].end", "speed_limits[0].speed_limit[2].speed",
                                 "speed_limits[0].speed_limit[1]"));
}

TEST_F(ApiTest, ProgressDataOfADraftIsEmpty) {
  const std::string job = "/jobs/" + jobsOf(create({"job-one"}))[0];
  for (const char* type :
       {"table", "database", "table_structure", "table_indexs", "event", "procedure", "view", "function", "trigger"}) {
    const json data = expect(200, "GET", job + "/progress-data/" + type);
    EXPECT_EQ(data["count"], 0) << type;
    EXPECT_EQ(data["flow_compare_data"], json::array()) << type;
  }
  EXPECT_EQ(refusal("GET", job + "/progress-data/sequence"), "DRS.M00202");
  EXPECT_EQ(refusal("GET", "/jobs/none/progress-data/view"), "DRS.10000010");
  EXPECT_EQ(refusal("GET", job + "/progress-data/view?limit=0"), "DRS.M00210");
}

TEST_F(ApiTest, LinksAreOneRowForEachCombination) {
  const json links = expect(200, "GET", "/links?job_type=sync");
  EXPECT_EQ(links["total_count"], 2);
  EXPECT_EQ(links["job_links"][0]["job_direction"], "up");
  EXPECT_EQ(links["job_links"][1]["job_direction"], "down");
  EXPECT_EQ(links["job_links"][0]["cluster_modes"], json::array({"Single"}));
  EXPECT_EQ(refusal("GET", "/links"), "DRS.M00201");
}

}  // namespace
}  // namespace drs::api
