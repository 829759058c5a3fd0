#pragma once

#include "base/error.h"
#include "crypto/master_key.h"
#include "job/job_service.h"
#include "job/task_results.h"
#include "support/store_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace drs {

inline JobSpec plainSpec(const std::string& name, const std::string& taskType = "FULL_INCR_TRANS") {
  JobSpec spec = testing::specOf(name, taskType, name);
  spec.sourceEndpoint[0].endpoint.dbPassword = Secret{"source-password", false};
  spec.targetEndpoint[0].endpoint.dbPassword = Secret{"target-password", false};
  return spec;
}

/// The service without a worker: tasks end when the test says so.
class JobServiceTest : public testing::StoreTest {
 protected:
  JobServiceTest() : service(*store, sealer, settings) {}

  /// Lets the oldest pending task of the kind be claimed and end well.
  void finish(TaskKind kind, const TaskOutcome& outcome = {}) {
    for (const TaskClass taskClass : {TaskClass::brief, TaskClass::stream, TaskClass::work}) {
      for (const TaskRecord& task : claim(*store, "w", taskClass, 100)) {
        store->write([&](StoreTransaction& tx) {
          if (task.kind == kind) {
            EXPECT_TRUE(completeTask(tx, task, outcome, settings));
          } else {
            EXPECT_TRUE(releaseTask(tx, task, 0));
          }
        });
      }
    }
  }
  void validate(const std::string& failed = "", bool skippable = false) {
    TaskOutcome outcome;
    outcome.also = [=](StoreTransaction&, JobRecord& job) {
      job.networkResults = {{"10.0.0.1", true, "", ""}};
      job.precheck = {.process = 100, .items = {}};
      if (!failed.empty()) {
        job.precheck.items = {{.item = failed,
                               .result = PrecheckRow::Result::failed,
                               .group = "",
                               .reason = "why",
                               .rawError = "",
                               .skippable = skippable,
                               .skipped = false}};
      }
    };
    finish(TaskKind::validate, outcome);
  }
  std::string create(const std::vector<JobSpec>& specs) { return service.createBatch(actor, specs, std::nullopt); }
  [[nodiscard]] std::vector<std::string> idsOf(const std::string& batch) {
    std::vector<std::string> ids;
    for (const JobRecord& job : service.batchJobs(actor, batch, {}).items) ids.push_back(job.id);
    return ids;
  }
  [[nodiscard]] std::string status(const std::string& jobId) { return service.job(actor, jobId).status; }
  /// A committed job that stands in a phase, and its id.
  std::string jobIn(Phase phase, const std::string& name = "orders-sync",
                    const std::string& taskType = "FULL_INCR_TRANS") {
    const std::string batch = create({plainSpec(name, taskType)});
    validate();
    if (phase != Phase::draft) service.commitBatch(actor, batch);
    const std::string id = idsOf(batch).at(0);
    if (phase == Phase::draft || phase == Phase::planning) return id;
    store->write([&](StoreTransaction& tx) {
      JobRecord job = *tx.job(id);
      Lifecycle(tx).move(job, phase);
    });
    return id;
  }
  static std::pair<Msg, std::string> refusal(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return {error.msg(), error.text()};
    }
    ADD_FAILURE() << "no error";
    return {Msg::internal, ""};
  }

  Settings settings;
  const Sealer sealer{MasterKey(std::string(32, 'k'))};
  const Actor actor{"project", "acme", "ops"};
  const Actor stranger{"other", "acme", "eve"};
  JobService service;
};

}  // namespace drs
