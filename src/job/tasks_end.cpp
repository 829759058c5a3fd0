#include "base/error.h"
#include "base/failpoint.h"
#include "job/cutover.h"
#include "job/tasks_common.h"
#include "job/tasks_objects.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <ranges>

// end: creates what has to wait for it, then takes our traces out of the target. reset: takes the copied rows out as
// well.

namespace drs {
namespace {

using Json = nlohmann::json;

class EndBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const bool force = Json::parse(context.task.payload).value("force", false);
    thaw(context, force);
    const auto objects = switchOver(context, force);
    if (!objects) return TaskOutcome::stoppedEarly();
    try {
      for (const std::string& left : engineOf(context).cleaner(context.engineJob)->release()) {
        context.event(EventLevel::warn, "Could not be removed: " + left);
      }
    } catch (const Error& error) {
      if (!force) throw;
      context.event(EventLevel::warn, "Our tables in the target could not be removed: " + error.text());
    }
    failpoint("end.released");
    TaskOutcome outcome;
    const std::string kept = objects->objects.empty() ? std::string() : encodeObjectList(*objects);
    outcome.also = [kept](StoreTransaction& tx, JobRecord& job) {
      const auto cutover = tx.document(job.id, kCutoverDocument);
      tx.dropDocuments(job.id);
      if (cutover) tx.setDocument(job.id, kCutoverDocument, *cutover);
      if (!kept.empty()) tx.setDocument(job.id, kObjectListDocument, kept);  // its progress can still be asked for
    };
    return outcome;
  }

 private:
  static void thaw(const TaskContext& context, bool force) {
    try {
      thawAfterCutover(context);
    } catch (const Error& error) {
      if (!force) throw;
      context.event(EventLevel::warn,
                    "The source is still read-only from the cut-over; set it back there: " + error.text());
    }
  }

  /// Creates triggers and events. That it is done is noted before the control tables go, which say what is ours.
  /// Nothing: the lease is lost.
  static std::optional<StoredObjects> switchOver(TaskContext& context, bool force) {
    const Json payload = Json::parse(context.task.payload);
    if (payload.contains("objects")) return decodeObjects(payload.at("objects").get<std::string>());
    StoredObjects stored = storedObjects(context);
    const auto waits = [](const ObjectPlan& object) { return isCreatedAtEnd(object.kind) && !object.done; };
    if (std::none_of(stored.objects.begin(), stored.objects.end(), waits)) return stored;
    if (force || !stored.copyDone) {
      context.event(EventLevel::warn, std::string("Triggers and events are not created: ") +
                                          (force ? "the task is ended by force" : "the copy was not complete"));
      return stored;
    }
    // Ends every session that may still apply changes: a trigger would do its work a second time.
    (void)engineOf(context).sink(context.engineJob)->fence(fenceOf(context));
    createObjects(context, stored, true);
    if (!context.savePayload(Json{{"force", force}, {"objects", encodeObjectList(stored)}}.dump())) return std::nullopt;
    return stored;
  }
};

/// The plan whose tables are to be emptied, also of a planning that did not come to its end. None for a task that
/// copied nothing: its tables held the user's own rows before.
Plans plansToReset(const TaskContext& context) {
  if (taskTypeOf(context) == "INCR_TRANS") return {};
  if (!context.store->view().document(context.job.id, kPlanDocument)) return {};
  return plansInForce(*context.store, context.job.id);
}

class ResetBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    Plans plans = plansToReset(context);
    // The rows in tables that stood there are the user's.
    if (!syncTypesOf(context.engineJob.spec).data)
      std::erase_if(plans, [](const TablePlan& plan) { return !plan.createTable; });
    engineOf(context).cleaner(context.engineJob)->reset(plans, context.stop);
    TaskOutcome outcome;
    outcome.also = [](StoreTransaction& tx, JobRecord& job) {
      tx.dropDocuments(job.id);
      tx.replaceTables(job.id, {});
      tx.eraseConflicts(job.id);  // the target's are gone, and numbers begin anew
      tx.eraseStatements(job.id);
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
