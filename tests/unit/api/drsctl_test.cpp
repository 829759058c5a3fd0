#include "base/error.h"
#include "drsctl/commands.h"
#include "drsctl/progress.h"
#include "drsctl/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <unistd.h>

namespace drs::ctl {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kId = "0f5e7b0a-51f1-4a3c-8d21-90c6f3bjb21a";

/// A service that answers from a table: the beginning of "METHOD target" → answers in turn, the last one for ever.
class CtlTest : public testing::Test {
 protected:
  void answer(const std::string& call, const json& body, int status = 200) {
    answers_[call].push_back({status, body.is_null() ? "" : body.dump()});
  }

  Exit run(Options options, bool terminal = false) {
    Api api([this](const std::string& method, const std::string& target,
                   const std::string& body) { return reply(method + " " + target, body); },
            "p1");
    Screen screen{out_, terminal, options.json, [this](std::chrono::milliseconds) { ++sleeps_; }};
    return ctl::run(options, api, screen);
  }

  static Options options(Command command, std::vector<std::string> jobs = {kId}) {
    Options out;
    out.command = command;
    out.jobs = std::move(jobs);
    return out;
  }

  std::map<std::string, std::deque<Answer>> answers_;
  std::vector<std::string> calls_, bodies_;
  std::ostringstream out_;
  int sleeps_ = 0;

 private:
  Answer reply(const std::string& call, const std::string& body) {
    calls_.push_back(call);
    bodies_.push_back(body);
    std::deque<Answer>* best = nullptr;
    std::size_t length = 0;
    for (auto& [prefix, queue] : answers_) {
      if (!call.starts_with(prefix) || prefix.size() < length) continue;
      best = &queue;
      length = prefix.size();
    }
    if (best == nullptr) throw Failure(Exit::unreachable, "no answer prepared for " + call);
    Answer out = best->front();
    if (best->size() > 1) best->pop_front();
    return out;
  }
};

TEST_F(CtlTest, RefusalsShowEveryProblemWithItsPath) {
  answer("POST /v5/p1/jobs/" + std::string(kId) + "/action",
         {{"error_code", "DRS.M00201"},
          {"error_msg", "first"},
          {"errors",
           {{{"path", "job.a"}, {"value", "1"}, {"allowed", "2"}, {"error_code", "DRS.M00201"}},
            {{"path", "job.b"}, {"value", ""}, {"allowed", ""}, {"error_code", "DRS.M00202"}}}}},
         400);
  try {
    (void)run(options(Command::pause));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::refused);
    EXPECT_THAT(failure.what(), HasSubstr("DRS.M00201: first"));
    EXPECT_THAT(failure.what(), HasSubstr("job.a: 1 (allowed: 2) [DRS.M00201]"));
    EXPECT_THAT(failure.what(), HasSubstr("job.b"));
  }
}

TEST_F(CtlTest, AJobIsFoundByNameInAnyCase) {
  answer("GET /v5/p1/jobs?job_type=migration", {{"jobs", json::array()}});
  answer("GET /v5/p1/jobs?job_type=sync",
         {{"jobs", {{{"id", kId}, {"name", "Orders"}}, {{"id", "x"}, {"name", "orders-2"}}}}});
  answer("GET /v5/p1/jobs?job_type=cloudDataGuard", {{"jobs", json::array()}});
  answer("POST /v5/p1/jobs/" + std::string(kId) + "/action", {{"status", "success"}});
  EXPECT_EQ(run(options(Command::resume, {"orders"})), Exit::done);
  EXPECT_THAT(bodies_.back(), HasSubstr("restart"));
  EXPECT_THROW((void)run(options(Command::resume, {"order"})), Failure);
}

TEST_F(CtlTest, ANameOfSeveralJobsIsRefused) {
  answer("GET /v5/p1/jobs?job_type=", {{"jobs", {{{"id", "one"}, {"name", "a"}}, {{"id", "two"}, {"name", "A"}}}}});
  try {
    (void)run(options(Command::pause, {"a"}));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("two"));
  }
}

TEST_F(CtlTest, ListsAreReadPageByPage) {
  json full = json::array();
  for (int i = 0; i < 100; ++i) full.push_back({{"id", std::to_string(i)}});
  answer("GET /v5/p1/jobs?job_type=sync", {{"jobs", full}});
  answer("GET /v5/p1/jobs?job_type=sync", {{"jobs", {{{"id", "last"}}}}});
  Options list = options(Command::jobs, {});
  list.type = "sync";
  list.json = true;
  EXPECT_EQ(run(list), Exit::done);
  EXPECT_EQ(json::parse(out_.str())["jobs"].size(), 101U);
  EXPECT_THAT(calls_.back(), HasSubstr("offset=100"));
}

class CompareTest : public CtlTest {
 protected:
  void prepare(const std::string& status, const json& tables) {
    const std::string job = "/v5/p1/jobs/" + std::string(kId);
    answer("POST " + job + "/action", {{"query_id", "c1"}}, 202);
    const auto list = [&](const std::string& state) {
      return json{
          {"job",
           {{"compare_result", {{"data_compare_task_list", {{{"id", "c1"}, {"status", state}, {"error_msg", ""}}}}}}}}};
    };
    answer("GET " + job + "?type=compare&compare_type=data_compare", list("RUNNING"));
    answer("GET " + job + "?type=compare&compare_type=data_compare", list(status));
    answer("GET " + job + "?type=compare&compare_type=content_compare&query_type=detail",
           {{"job", {{"compare_result", {{"content_compare_detail_infos", tables}}}}}});
    answer(
        "GET " + job + "?type=compare&compare_type=content_compare&query_type=diff",
        {{"job",
          {{"compare_result",
            {{"content_diff_detail_info",
              {{"count", 2},
               {"contents_infos",
                {{{"source_key_value", {"7"}}, {"target_key_value", json::array()}},
                 {{"source_key_value", {"8"}}, {"target_key_value", {"8"}}, {"different_columns", {"price"}}}}}}}}}}}});
  }
  static json table(const char* name, bool equal, const char* message = "") {
    return {{"source_db", "shop"},
            {"target_db", "shop_c"},
            {"source_table_name", name},
            {"target_table_name", name},
            {"source_row_num", 10},
            {"target_row_num", 9},
            {"difference_row_num", equal ? 0 : 2},
            {"content_compare_result", equal},
            {"message", message}};
  }
};

TEST_F(CompareTest, EqualTablesEndWithZero) {
  prepare("SUCCESSFUL", json::array({table("orders", true)}));
  EXPECT_EQ(run(options(Command::compare)), Exit::done);
  EXPECT_THAT(out_.str(), HasSubstr("1 tables compared: 0 differ"));
  EXPECT_EQ(sleeps_, 1);
}

TEST_F(CompareTest, AnotherComparisonIsWaitedFor) {
  answer("POST /v5/p1/jobs/" + std::string(kId) + "/action",
         {{"error_code", "DRS.10000024"}, {"error_msg", "Another operation is running"}}, 400);
  prepare("SUCCESSFUL", json::array({table("orders", true)}));
  EXPECT_EQ(run(options(Command::compare)), Exit::done);
  EXPECT_EQ(sleeps_, 2);
}

TEST_F(CompareTest, DifferingKeysAreListed) {
  prepare("SUCCESSFUL", json::array({table("orders", true), table("items", false)}));
  EXPECT_EQ(run(options(Command::compare)), Exit::differs);
  EXPECT_THAT(out_.str(), HasSubstr("missing in the target: 7"));
  EXPECT_THAT(out_.str(), HasSubstr("different: 8  (price)"));
}

TEST_F(CompareTest, WhatCouldNotBeComparedIsNoEquality) {
  prepare("SUCCESSFUL", json::array({table("orders", false, "no such table")}));
  EXPECT_EQ(run(options(Command::compare)), Exit::failed);
  EXPECT_THAT(out_.str(), HasSubstr("not compared: no such table"));
}

TEST_F(CompareTest, ACancelledComparisonIsNoEquality) {
  prepare("CANCELLED", json::array());
  EXPECT_EQ(run(options(Command::compare)), Exit::failed);
}

class CreateTest : public CtlTest {
 protected:
  CreateTest() : file_(std::filesystem::temp_directory_path() / ("drsctl-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(file_) << R"({"jobs":[{}]})";
    answer("POST /v5/p1/jobs/batch-async-create", {{"job", {{"async_job_id", "b1"}}}}, 202);
    answer("POST /v5/p1/batch-async-jobs/b1/commit", {{"job", {{"status", "COMMIT_SUCCESS"}}}});
    answer("GET /v5/p1/batch-async-jobs?async_job_id=b1", {{"jobs", {{{"status", "ASYNC_JOB_VALIDATING"}}}}});
    answer("GET /v5/p1/batch-async-jobs/b1",
           {{"jobs",
             {{{"id", kId},
               {"base_info", {{"name", "orders"}}},
               {"network_results",
                {{{"ip", "10.0.0.5"}, {"success", false}, {"error_code", "DRS.KE0002"}, {"error_msg", "no"}}}},
               {"precheck_result",
                {{"precheck_results",
                  {{{"item", "srcDbBinlogIsOff"}, {"result", "FAILED"}, {"failed_reason", "off"}}}}}}}}}});
  }
  ~CreateTest() override { std::filesystem::remove(file_); }

  Options create() const {
    Options out = options(Command::create, {});
    out.file = file_.string();
    out.commit = true;
    return out;
  }
  std::filesystem::path file_;
};

TEST_F(CreateTest, AFailedValidationShowsItsReasonsAndIsNotCommitted) {
  answer("GET /v5/p1/batch-async-jobs?async_job_id=b1", {{"jobs", {{{"status", "ASYNC_JOB_VALIDATE_FAILED"}}}}});
  EXPECT_EQ(run(create()), Exit::failed);
  EXPECT_THAT(out_.str(), HasSubstr("FAILED srcDbBinlogIsOff: off"));
  EXPECT_THAT(out_.str(), HasSubstr("10.0.0.5: DRS.KE0002 no"));
  EXPECT_THAT(calls_, Not(testing::Contains(HasSubstr("commit"))));
}

TEST_F(CreateTest, AValidBatchIsCommitted) {
  answer("GET /v5/p1/batch-async-jobs?async_job_id=b1", {{"jobs", {{{"status", "AUTO_PARAM_VALIDATE_SUCCESS"}}}}});
  EXPECT_EQ(run(create()), Exit::done);
  EXPECT_THAT(calls_, testing::Contains(HasSubstr("POST /v5/p1/batch-async-jobs/b1/commit")));
  EXPECT_THAT(out_.str(), HasSubstr("COMMIT_SUCCESS"));
}

TEST_F(CreateTest, JsonIsReadLineByLineIfWatched) {
  answer("GET /v5/p1/batch-async-jobs?async_job_id=b1", {{"jobs", {{{"status", "AUTO_PARAM_VALIDATE_SUCCESS"}}}}});
  const std::string job = "GET /v5/p1/jobs/" + std::string(kId);
  answer(job + "?type=detail", {{"job", {{"base_info", {{"name", "orders"}}}}}});
  answer(job + "?type=progress", {{"job", {{"status", "PAUSING"}}}});
  Options watched = create();
  watched.watch = watched.json = true;
  EXPECT_EQ(run(watched), Exit::done);
  std::istringstream lines(out_.str());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(json::accept(line)) << line;
  EXPECT_EQ(count, 2U);
}

TEST_F(CreateTest, AFileThatIsNotJsonIsAUsageError) {
  std::ofstream(file_) << "{";
  try {
    (void)run(create());
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::usage);
  }
  EXPECT_TRUE(calls_.empty());
}

TEST_F(CtlTest, WatchEndsInTheIncrementalPhase) {
  const std::string job = "GET /v5/p1/jobs/" + std::string(kId);
  answer(job + "?type=detail", {{"job", {{"base_info", {{"name", "orders"}, {"task_type", "FULL_INCR_TRANS"}}}}}});
  answer(job + "?type=progress",
         {{"job", {{"status", "FULL_TRANSFER_STARTED"}, {"progress_info", {{"progress", "40"}}}}}});
  answer(job + "?type=progress", {{"job",
                                   {{"status", "INCRE_TRANSFER_STARTED"},
                                    {"progress_info", {{"progress", "100"}, {"incr_trans_delay_millis", "1500"}}}}}});
  EXPECT_EQ(run(options(Command::watch)), Exit::done);
  EXPECT_THAT(out_.str(), HasSubstr("orders  FULL_TRANSFER_STARTED   40 %"));
  EXPECT_THAT(out_.str(), HasSubstr("delay 1.5 s"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
}

TEST_F(CtlTest, WatchSaysTheDelayInSecondsToPrograms) {
  const std::string job = "GET /v5/p1/jobs/" + std::string(kId);
  answer(job + "?type=detail", {{"job", {{"base_info", {{"name", "orders"}}}}}});
  answer(job + "?type=progress", {{"job", {{"status", "FULL_TRANSFER_STARTED"}}}});
  answer(job + "?type=progress", {{"job",
                                   {{"status", "INCRE_TRANSFER_STARTED"},
                                    {"progress_info", {{"progress", "100"}, {"incr_trans_delay_millis", "1500"}}}}}});
  Options watch = options(Command::watch);
  watch.json = true;
  EXPECT_EQ(run(watch), Exit::done);
  std::istringstream lines(out_.str());
  std::string first;
  std::string second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_TRUE(json::parse(first)["delay"].is_null());
  EXPECT_EQ(json::parse(second)["delay"], 1.5);
}

TEST_F(CtlTest, LogsAreOldestFirstForPeopleAndPrograms) {
  answer("GET /v5/p1/jobs/" + std::string(kId) + "?type=log",
         {{"job",
           {{"total_count", 2},
            {"logs", {{{"level", "Info"}, {"message", "second"}}, {{"level", "Info"}, {"message", "first"}}}}}}});
  Options logs = options(Command::logs);
  EXPECT_EQ(run(logs), Exit::done);
  EXPECT_LT(out_.str().find("first"), out_.str().find("second"));
  out_.str("");
  logs.json = true;
  EXPECT_EQ(run(logs), Exit::done);
  EXPECT_EQ(json::parse(out_.str())["logs"][0]["message"], "first");
}

TEST_F(CtlTest, LimitsReplaceTheWindows) {
  answer("POST /v3/p1/jobs/batch-limit-speed", {{"count", 1}, {"results", {{{"id", kId}, {"status", "success"}}}}});
  Options limit = options(Command::limit);
  limit.windows = {"01:00-02:59=10"};
  EXPECT_EQ(run(limit), Exit::done);
  EXPECT_EQ(json::parse(bodies_.back())["speed_limits"][0],
            json({{"job_id", kId}, {"speed_limit", {{{"begin", "01:00"}, {"end", "02:59"}, {"speed", "10"}}}}}));
  limit.windows.clear();
  EXPECT_EQ(run(limit), Exit::done);
  EXPECT_EQ(json::parse(bodies_.back())["speed_limits"][0]["speed_limit"], json::array());
}

TEST_F(CtlTest, ALimitThatIsRefusedIsSaid) {
  answer("POST /v3/p1/jobs/batch-limit-speed",
         {{"count", 1},
          {"results",
           {{{"id", kId}, {"status", "failed"}, {"error_code", "DRS.M00403"}, {"error_msg", "no full phase"}}}}});
  try {
    (void)run(options(Command::limit));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::refused);
    EXPECT_THAT(failure.what(), HasSubstr("DRS.M00403: no full phase"));
  }
}

TEST(Failures, OfTlsNameTheOptionOfTheCommandLine) {
  const Failure failure = failureOf(Error(Msg::tlsFailed, {"127.0.0.1:8443", "self-signed certificate"}));
  EXPECT_EQ(failure.exit(), Exit::unreachable);
  EXPECT_THAT(failure.what(), HasSubstr("self-signed certificate. Give --ca-file"));
  EXPECT_THAT(failure.what(), Not(HasSubstr("ssl_cert_key")));
  EXPECT_EQ(failureOf(Error(Msg::badConfig, {"x"})).exit(), Exit::noAccess);
}

TEST_F(CtlTest, WatchShowsWhyAJobFailed) {
  const std::string job = "GET /v5/p1/jobs/" + std::string(kId);
  answer(job + "?type=detail", {{"job", {{"base_info", {{"name", "orders"}}}}}});
  answer(job + "?type=progress", {{"job", {{"status", "INCRE_TRANSFER_FAILED"}}}});
  answer(job + "?type=log", {{"job", {{"logs", {{{"message", "Conflict in shop.orders\x1b[2J"}}}}}}});
  EXPECT_EQ(run(options(Command::watch)), Exit::failed);
  EXPECT_THAT(out_.str(), HasSubstr("Conflict in shop.orders?[2J")) << "nothing from the network drives the terminal";
}

TEST(Rest, DependsOnWhatIsWaitedFor) {
  EXPECT_EQ(restOf("FULL_TRANSFER_STARTED", "FULL_TRANS", "", false), Rest::moving);
  EXPECT_EQ(restOf("FULL_TRANSFER_COMPLETE", "FULL_TRANS", "", false), Rest::reached);
  EXPECT_EQ(restOf("FULL_TRANSFER_COMPLETE", "FULL_INCR_TRANS", "", false), Rest::moving);
  EXPECT_EQ(restOf("INCRE_TRANSFER_STARTED", "FULL_INCR_TRANS", "", false), Rest::reached);
  EXPECT_EQ(restOf("INCRE_TRANSFER_STARTED", "FULL_INCR_TRANS", "", true), Rest::moving);
  EXPECT_EQ(restOf("INCRE_TRANSFER_STARTED", "FULL_INCR_TRANS", "PAUSING", false), Rest::moving);
  EXPECT_EQ(restOf("PAUSING", "FULL_INCR_TRANS", "PAUSING", false), Rest::reached);
  EXPECT_EQ(restOf("WAITING_FOR_START", "FULL_INCR_TRANS", "", false), Rest::moving);
  EXPECT_EQ(restOf("START_JOB_FAILED", "FULL_INCR_TRANS", "", false), Rest::failed);
  EXPECT_EQ(restOf("RELEASE_RESOURCE_COMPLETE", "FULL_INCR_TRANS", "INCRE_TRANSFER_STARTED", false), Rest::failed);
}

TEST(Bars, AreFilledByPercent) {
  ProgressLine line;
  line.name = "a";
  line.status = "FULL_TRANSFER_STARTED";
  line.percent = 50;
  EXPECT_THAT(withBar(line, 3), HasSubstr("a    FULL_TRANSFER_STARTED"));
  EXPECT_THAT(withBar(line, 3), HasSubstr("[##########----------]   50 %"));
}

TEST(Table, AlignsByCharactersNotBytes) {
  EXPECT_EQ(table({"NAME", "X"}, {{"ü", "1"}, {"abcdef", "2"}}), "NAME    X\nü       1\nabcdef  2\n");
}

}  // namespace
}  // namespace drs::ctl
