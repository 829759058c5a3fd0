#pragma once

#include "base/ids.h"
#include "model/job_spec.h"
#include "store/store.h"
#include "support/manual_clock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

// A store in a folder of its own, and records to put into it.

namespace drs::testing {

/// A folder that goes away with the object.
class TempFolder {
 public:
  TempFolder() : path_(base() / ("drs-test-" + randomHex(8))) { std::filesystem::create_directories(path_); }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name = "") const { return (path_ / name).string(); }

 private:
  /// In memory where possible: the store forces every commit to the disk, which no test looks at.
  static std::filesystem::path base() {
    return std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

/// A job from `shop` on one server to `target` on another; secrets stand there as if they were sealed.
inline JobSpec specOf(const std::string& name, const std::string& taskType = "FULL_INCR_TRANS",
                      const std::string& targetDatabase = "shop") {
  JobSpec spec;
  spec.baseInfo.name = name;
  spec.baseInfo.jobType = "sync";
  spec.baseInfo.engineType = "mysql-to-mysql";
  spec.baseInfo.jobDirection = "non-dbs";
  spec.baseInfo.taskType = taskType;
  spec.baseInfo.netType = "vpc";
  for (const bool source : {true, false}) {
    EndpointInfo info;
    info.dbType = "mysql";
    info.endpointType = "offline";
    info.endpointRole = source ? "so" : "ta";
    info.endpoint.endpointName = "mysql";
    info.endpoint.ip = source ? "10.0.0.1" : "10.0.0.2";
    info.endpoint.dbPort = "3306";
    info.endpoint.dbUser = "repl";
    info.endpoint.dbPassword = Secret{"sealed:secret", true};
    (source ? spec.sourceEndpoint : spec.targetEndpoint).push_back(info);
  }
  spec.nodeInfo.spec = NodeSpec{"small"};
  spec.nodeInfo.vpc = VpcPlace{"vpc", "subnet", std::nullopt, std::nullopt};
  spec.nodeInfo.baseInfo = NodeBaseInfo{"single", "x86", "az-1", std::nullopt, std::nullopt};
  spec.nodeInfo.spec = NodeSpec{"micro"};
  spec.nodeInfo.vpc = VpcPlace{"vpc", "subnet", std::nullopt, std::nullopt};
  spec.nodeInfo.baseInfo = NodeBaseInfo{"single", "x86", "az1", std::nullopt, std::nullopt};
  spec.dbObject.objectScope = "database";
  DatabaseObject database;
  database.name = targetDatabase;
  database.all = true;
  spec.dbObject.objectInfo.emplace();
  spec.dbObject.objectInfo->emplace("shop", database);
  return spec;
}

inline JobRecord jobOf(const std::string& name, const std::string& batchId = "batch",
                       const std::string& taskType = "FULL_INCR_TRANS") {
  JobRecord job;
  job.id = newJobId();
  job.batchId = batchId;
  job.projectId = "project";
  job.userName = "ops";
  job.name = name;
  job.status = "CONFIGURATION";
  job.spec = std::make_shared<const JobSpec>(specOf(name, taskType, name));
  return job;
}

/// A store whose time is the test's.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : clock(std::make_shared<ManualClock>(1'700'000'000'000)), store(open()) {}

  /// A further connection to the same file, as another process would have it.
  [[nodiscard]] std::unique_ptr<Store> open() const {
    SqliteOptions options;
    options.path = folder.path("store.db");
    options.clock = clock;
    return std::make_unique<Store>(openSqlite(options));
  }

  JobRecord add(JobRecord job, Phase phase = Phase::copying) const {
    job.phase = phase;
    job.createMillis = clock->now();
    store->write([&](StoreTransaction& tx) { tx.insert(job); });
    return job;
  }
  std::string addTask(const JobRecord& job, TaskKind kind, const std::string& payload = "{}",
                      UnixMillis notBefore = 0) const {
    std::string id;
    store->write([&](StoreTransaction& tx) {
      id = tx.insert(job.id, {.kind = kind, .payload = payload, .queryId = {}, .notBefore = notBefore});
    });
    return id;
  }
  [[nodiscard]] std::vector<TaskRecord> claim(Store& from, const std::string& owner, TaskClass taskClass,
                                              std::int64_t limit) const {
    std::vector<TaskRecord> out;
    from.write([&](StoreTransaction& tx) { out = tx.claim(owner, taskClass, limit, 30'000); });
    return out;
  }

  TempFolder folder;
  std::shared_ptr<ManualClock> clock;
  std::unique_ptr<Store> store;
};

}  // namespace drs::testing
