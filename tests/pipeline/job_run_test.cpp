#include "base/ids.h"
#include "crypto/master_key.h"
#include "job/job_service.h"
#include "job/tasks_common.h"
#include "job/worker.h"
#include "support/memory_job.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <thread>

// Whole jobs, from the request to the end: the real service, store, worker and task bodies over an engine in memory.

namespace drs::testing {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr auto kPatience = 60s;

Json endpoint(const char* role) {
  return {
      {"db_type", "mysql"},
      {"endpoint_type", "offline"},
      {"endpoint_role", role},
      {"endpoint",
       {{"endpoint_name", "mysql"}, {"ip", "10.0.0.1"}, {"db_port", "3306"}, {"db_user", "u"}, {"db_password", "p"}}}};
}

Json jobJson(const std::string& taskType) {
  return {{"base_info",
           {{"name", "job-one"},
            {"job_type", "sync"},
            {"engine_type", "mysql-to-mysql"},
            {"job_direction", "up"},
            {"task_type", taskType},
            {"net_type", "vpc"}}},
          {"source_endpoint", {endpoint("so")}},
          {"target_endpoint", {endpoint("ta")}},
          {"policy_config", Json::object()},
          {"db_object", {{"object_scope", "all"}}},
          {"node_info", {{"spec", {{"node_type", "small"}}}}}};
}

MemorySchema tables() {
  MemorySchema schema;
  const auto parent = schema.add("a_parent", 2, {1});
  schema.add("b_child", 2, {}, {{1, parent, true}});
  schema.add("c_free", 3, {1});
  return schema;
}

class JobRun : public ::testing::Test {
 protected:
  JobRun() {
    std::filesystem::create_directories(folder_);
    settings_.dataFolder = folder_.string();
    settings_.pollMillis = 20;
    settings_.retryMaxSeconds = 1;
    SqliteOptions options;
    options.path = (folder_ / "store.db").string();
    store_ = std::make_unique<Store>(openSqlite(options));
    service_ = std::make_unique<JobService>(*store_, sealer_, settings_);
    startWorker();
    change(0, 30);
  }
  ~JobRun() override {
    worker_.reset();
    service_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void startWorker() {
    WorkerOptions options;
    options.exclusive = true;
    worker_ = std::make_unique<Worker>(*store_, sealer_, *registry_, settings_, makeTaskBodies(), Log(), options);
    worker_->start();
  }

  void change(std::int64_t from, std::int64_t count) {
    for (std::int64_t key = from; key < from + count; ++key) {
      world_.source.transact([key](MemoryDatabase::Writer& writer) {
        writer.insert(0, {key, key});
        writer.insert(1, {key, key});
        writer.insert(2, {key, key, key * 2});
        if (key % 7 == 6) writer.remove(0, key - 1);
        if (key % 5 == 4) writer.update(2, key, {key, std::nullopt, 0});
      });
    }
  }

  template <typename Condition>
  bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      if (condition()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  std::string status() { return service_->job(actor_, job_).status; }
  bool isEqual() { return world_.source.content() == world_.target.state().content; }

  void create(const Json& job) {
    DecodedBatch decoded = decodeBatch(Json{{"jobs", {job}}}, 10);
    ASSERT_TRUE(decoded.problems.empty()) << decoded.problems[0].path;
    batch_ = service_->createBatch(actor_, std::move(decoded.jobs), std::nullopt);
    job_ = service_->batchJobs(actor_, batch_, {}).items.at(0).id;
    ASSERT_TRUE(eventually([&] { return service_->batch(actor_, batch_).status != BatchStatus::validating; }));
  }
  void createAndCommit(const Json& job) {
    create(job);
    ASSERT_EQ(service_->batch(actor_, batch_).status, BatchStatus::validateSuccess) << reasons();
    service_->commitBatch(actor_, batch_);
  }
  std::string reasons() {
    std::string out;
    for (const PrecheckRow& row : service_->job(actor_, job_).precheck.items)
      out += row.item + ": " + row.reason + "\n";
    return out;
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("drs-job-run-" + randomHex(8));
  Settings settings_;
  const Sealer sealer_{MasterKey(std::string(32, 'k'))};
  MemoryWorld world_{tables()};
  std::unique_ptr<Registry> registry_ = makeMemoryRegistry(world_);
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobService> service_;
  std::unique_ptr<Worker> worker_;
  const Actor actor_{std::string(32, 'a'), "domain", "user"};
  std::string batch_, job_;
};

TEST_F(JobRun, FullThenIncrementalFollowsTheSource) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED"; })) << status();
  change(100, 20);
  EXPECT_TRUE(eventually([&] { return isEqual(); }));
  for (const auto& [id, times] : world_.target.state().applied) EXPECT_EQ(times, 1) << id;
  ASSERT_TRUE(eventually([&] { return service_->progress(actor_, job_).delayMillis == 0; }));
  const JobProgress progress = service_->progress(actor_, job_);
  EXPECT_EQ(progress.percent, 100);
  EXPECT_EQ(progress.tablesDone, 3);
}

TEST_F(JobRun, AChunkThatTurnsOutLongIsDividedWhileItIsRead) {
  world_.longestChunk = 4;
  world_.crashes.arm(7);
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED"; })) << status();
  EXPECT_TRUE(eventually([&] { return isEqual(); }));
  const auto free = service_->tableProgress(actor_, job_, "c_free", {}).items.at(0).table;
  EXPECT_GE(free.chunks, 7) << "30 rows, 4 for each chunk";
  EXPECT_EQ(free.chunks, free.chunksDone);
  EXPECT_EQ(free.rows, 30U);
}

TEST_F(JobRun, FullAloneEndsAtOneMomentOfTheSource) {
  createAndCommit(jobJson("FULL_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "FULL_TRANSFER_COMPLETE"; })) << status();
  EXPECT_TRUE(isEqual());
}

TEST_F(JobRun, PauseDrainsAndResumeGoesOn) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); }));
  service_->pause(actor_, job_);
  ASSERT_TRUE(eventually([&] { return status() == "PAUSING"; }));
  change(100, 20);
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(isEqual());
  service_->resume(actor_, job_);
  EXPECT_TRUE(eventually([&] { return isEqual(); }));
  for (const auto& [id, times] : world_.target.state().applied) EXPECT_EQ(times, 1) << id;
}

TEST_F(JobRun, FailuresThatPassAreTriedAgain) {
  world_.crashes.arm(9);
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED"; })) << status();
  world_.crashes.arm(20);
  change(100, 40);
  EXPECT_TRUE(eventually([&] { return isEqual(); }));
  for (const auto& [id, times] : world_.target.state().applied) EXPECT_EQ(times, 1) << id;
}

TEST_F(JobRun, AConflictStopsTheJobAndAResetMendsIt) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); }));
  world_.target.transact([](MemoryTarget::State& state) { state.content[2][500] = {500, 500, 0}; });
  change(500, 1);
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_FAILED"; })) << status();
  const std::uint64_t plan = world_.target.state().plan;
  service_->reset(actor_, job_);
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); })) << status();
  EXPECT_GT(world_.target.state().plan, plan);
}

TEST_F(JobRun, AComparisonListsWhatDiffers) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); }));
  const auto compare = [&](CompareType type) {
    CompareRequest request;
    request.type = type;
    const std::string id = service_->createCompare(actor_, job_, request);
    EXPECT_TRUE(eventually([&] {
      const CompareState state = service_->compareResults(actor_, job_, id).comparison.state;
      return state == CompareState::successful || state == CompareState::failed;
    }));
    return service_->compareResults(actor_, job_, id);
  };
  for (const auto& table : compare(CompareType::contents).tables) EXPECT_EQ(table.result, CompareResult::consistent);

  world_.target.transact([](MemoryTarget::State& state) { state.content[2].erase(3); });
  const CompareResults found = compare(CompareType::contents);
  EXPECT_EQ(found.comparison.state, CompareState::successful);
  ASSERT_EQ(found.tables.size(), 3U);
  EXPECT_EQ(found.tables[2].result, CompareResult::inconsistent);
  EXPECT_EQ(Json::parse(found.tables[2].listed),
            Json::parse(R"([{"kind":"missing_in_target","key":["3"],"columns":[]}])"));
  EXPECT_EQ(compare(CompareType::lines).tables[2].differences, 1U);
}

TEST_F(JobRun, AComparisonMayBeNarrowed) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); }));
  const auto compare = [&](const Json& objects) {
    CompareRequest request;
    request.objects.emplace();
    for (const Problem& problem :
         decodeDbObject(*request.objects, {{"object_scope", "table"}, {"object_info", objects}}, "p"))
      ADD_FAILURE() << problem.path << " " << problem.value << ": " << problem.allowed;
    const std::string id = service_->createCompare(actor_, job_, request);
    EXPECT_TRUE(eventually([&] {
      const CompareState state = service_->compareResults(actor_, job_, id).comparison.state;
      return state == CompareState::successful || state == CompareState::failed;
    }));
    return service_->compareResults(actor_, job_, id);
  };
  EXPECT_EQ(compare({{"db", {{"tables", {{"c_free", Json::object()}}}}}}).tables.size(), 1U);
  EXPECT_EQ(compare({{"db", {{"all", true}}}}).tables.size(), 3U);
  EXPECT_EQ(compare({{"other", {{"all", true}}}}).comparison.state, CompareState::failed);
}

TEST_F(JobRun, EndingLeavesNothingOfOurs) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  ASSERT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); }));
  service_->end(actor_, job_, false);
  ASSERT_TRUE(eventually([&] { return status() == "RELEASE_RESOURCE_COMPLETE"; })) << status();
  const auto state = world_.target.state();
  EXPECT_TRUE(state.chunks.empty());
  EXPECT_FALSE(state.mark);
  EXPECT_EQ(state.content, world_.source.content());
}

TEST_F(JobRun, ARestartedWorkerGoesOnWhereTheOldOneStopped) {
  createAndCommit(jobJson("FULL_INCR_TRANS"));
  worker_->stop();
  change(200, 20);
  startWorker();
  EXPECT_TRUE(eventually([&] { return status() == "INCRE_TRANSFER_STARTED" && isEqual(); })) << status();
  for (const auto& [id, times] : world_.target.state().applied) EXPECT_EQ(times, 1) << id;
}

TEST_F(JobRun, ARuleThatIsNotEnactedFailsTheValidationByItsName) {
  Json job = jobJson("FULL_INCR_TRANS");
  job["db_object"] = {{"object_scope", "table"},
                      {"object_info", {{"db", {{"tables", {{"c_free", {{"filter_conditions", {"id > 5"}}}}}}}}}}};
  create(job);
  EXPECT_EQ(service_->batch(actor_, batch_).status, BatchStatus::validateFailed);
  EXPECT_NE(reasons().find("db_object.object_info.db.tables.c_free.filter_conditions"), std::string::npos) << reasons();
}

TEST_F(JobRun, AnEngineThatHasNotLandedIsRefusedByItsCode) {
  Json job = jobJson("FULL_INCR_TRANS");
  registry_ = std::make_unique<Registry>(Registry::Engines{}, std::vector<Link>{});
  worker_.reset();
  startWorker();
  create(job);
  EXPECT_EQ(service_->batch(actor_, batch_).status, BatchStatus::validateFailed);
  for (const NetworkRow& row : service_->job(actor_, job_).networkResults) EXPECT_EQ(row.errorCode, "DRS.M00302");
  EXPECT_NE(reasons().find("mysql-to-mysql"), std::string::npos);
}

TEST_F(JobRun, AnAddressThatDoesNotAnswerFailsTheValidation) {
  world_.reachable = false;
  create(jobJson("FULL_INCR_TRANS"));
  EXPECT_EQ(service_->batch(actor_, batch_).status, BatchStatus::validateFailed);
  EXPECT_EQ(service_->job(actor_, job_).networkResults.at(1).errorMessage, "no answer");
}

}  // namespace
}  // namespace drs::testing
