#pragma once

#include "base/error.h"
#include "base/task_group.h"
#include "job/task_body.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

// Bodies of tasks without databases: each kind does what the test says, by default the shortest thing that is right.

namespace drs::testing {

/// What the bodies of one test share. Threads: any.
class Script {
 public:
  using Run = std::function<TaskOutcome(TaskContext&)>;

  void set(TaskKind kind, Run run) {
    const std::lock_guard lock(mutex_);
    runs_[kind] = std::move(run);
  }
  TaskOutcome run(TaskContext& context) {
    Run run;
    {
      const std::lock_guard lock(mutex_);
      ++count_[context.task.kind];
      run = runs_[context.task.kind];
    }
    if (run) return run(context);
    return byDefault(context);
  }
  [[nodiscard]] int count(TaskKind kind) {
    const std::lock_guard lock(mutex_);
    return count_[kind];
  }

  /// Streams until it is stopped.
  static TaskOutcome stream(TaskContext& context) {
    TaskProgress progress;
    progress.position = "p" + std::to_string(context.epoch);
    progress.delayMillis = 0;
    context.progress->report(progress);
    while (sleepFor(std::chrono::milliseconds(2), context.stop)) {
    }
    return TaskOutcome::stoppedEarly();
  }

 private:
  static TaskOutcome byDefault(TaskContext& context) {
    TaskOutcome outcome;
    switch (context.task.kind) {
      case TaskKind::validate:
        outcome.also = [](StoreTransaction&, JobRecord& job) {
          job.networkResults = {{"10.0.0.1", true, "", ""}};
          job.precheck.process = 100;
        };
        return outcome;
      case TaskKind::plan:
        if (context.engineJob.spec.baseInfo.taskType == "INCR_TRANS") return outcome;
        for (int i = 0; i < 3; ++i)
          outcome.newTasks.push_back({.kind = TaskKind::copy, .payload = "{}", .queryId = {}, .notBefore = 0});
        outcome.also = [](StoreTransaction& tx, JobRecord& job) {
          tx.replaceTables(job.id, {{0, "shop", "orders", job.name, "orders", 30, 300, 0, 0, 3, 0}});
        };
        return outcome;
      case TaskKind::copy:
        outcome.also = [](StoreTransaction& tx, JobRecord& job) { tx.addRows(job.id, {{0, 10, 100}}); };
        return outcome;
      case TaskKind::stream:
        if (context.engineJob.spec.baseInfo.taskType == "FULL_TRANS") return outcome;
        return stream(context);
      default:
        return outcome;
    }
  }

  std::mutex mutex_;
  std::map<TaskKind, Run> runs_;
  std::map<TaskKind, int> count_;
};

class ScriptedBody : public TaskBody {
 public:
  explicit ScriptedBody(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  TaskOutcome run(TaskContext& context) override { return script_->run(context); }

 private:
  std::shared_ptr<Script> script_;
};

inline TaskBodies bodiesOf(const std::shared_ptr<Script>& script) {
  TaskBodies bodies;
  for (const TaskKind kind : {TaskKind::validate, TaskKind::network, TaskKind::precheck, TaskKind::objects,
                              TaskKind::position, TaskKind::plan, TaskKind::copy, TaskKind::finish, TaskKind::stream,
                              TaskKind::compare, TaskKind::end, TaskKind::reset}) {
    bodies[kind] = std::make_unique<ScriptedBody>(script);
  }
  return bodies;
}

}  // namespace drs::testing
