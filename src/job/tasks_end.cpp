#include "base/error.h"
#include "job/tasks_common.h"

#include <nlohmann/json.hpp>

#include <ranges>

// end: takes our traces out of the target. reset: takes the copied rows out as well.

namespace drs {
namespace {

using Json = nlohmann::json;

class EndBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const bool force = Json::parse(context.task.payload).value("force", false);
    try {
      for (const std::string& left : engineOf(context).cleaner(context.engineJob)->release()) {
        context.event(EventLevel::warn, "Could not be removed: " + left);
      }
    } catch (const Error& error) {
      if (!force) throw;
      context.event(EventLevel::warn, "Our tables in the target could not be removed: " + error.text());
    }
    TaskOutcome outcome;
    outcome.also = [](StoreTransaction& tx, JobRecord& job) { tx.dropDocuments(job.id); };
    return outcome;
  }
};

/// The plan whose tables are to be emptied: the stored one, or that of a planning that did not come to its end. None
/// for a task that copied nothing: its tables held the user's own rows before.
Plans plansToReset(const TaskContext& context) {
  if (taskTypeOf(context) == "INCR_TRANS") return {};
  const auto view = context.store->view();
  if (const auto document = view.document(context.job.id, kPlanDocument)) return decodePlan(*document).plans;
  const auto tasks = view.tasks(context.job.id);
  for (const TaskRecord& task : std::views::reverse(tasks)) {
    if (task.kind != TaskKind::plan) continue;
    const Json payload = Json::parse(task.payload);
    if (payload.contains("plan")) return decodePlan(payload.at("plan").get<std::string>()).plans;
  }
  return {};
}

class ResetBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    engineOf(context).cleaner(context.engineJob)->reset(plansToReset(context), context.stop);
    TaskOutcome outcome;
    outcome.also = [](StoreTransaction& tx, JobRecord& job) {
      tx.dropDocuments(job.id);
      tx.replaceTables(job.id, {});
    };
    return outcome;
  }
};

}  // namespace

std::unique_ptr<TaskBody> makeEndBody() {
  return std::make_unique<EndBody>();
}
std::unique_ptr<TaskBody> makeResetBody() {
  return std::make_unique<ResetBody>();
}

}  // namespace drs
