#include "job/tasks_objects.h"

#include "base/error.h"
#include "job/tasks_common.h"

#include <algorithm>
#include <iterator>

// Views, procedures, functions, triggers and events: planned with the tables, created in the finish step or at the end.

namespace drs {

ObjectPlans planObjects(const TaskContext& context, const Engine& engine) {
  const auto copier = engine.objects(context.engineJob);
  if (!copier) return {};
  ObjectSelection found = copier->select(context.stop);
  const std::vector<std::string>& skipped = context.job.skippedItems;
  std::string failed;
  for (const ObjectProblem& problem : found.problems) {
    if (std::find(skipped.begin(), skipped.end(), problem.item) == skipped.end())
      failed += (failed.empty() ? "" : "; ") + problem.item + ": " + problem.object + ": " + problem.reason;
  }
  if (!failed.empty()) throw Error(Msg::precheckFailed, {failed}, Origin::request);
  for (const ObjectProblem& problem : found.problems)
    context.event(EventLevel::warn, "Left out: " + problem.object + ": " + problem.reason);
  for (const std::string& note : found.notes) context.event(EventLevel::warn, note);
  return std::move(found.objects);
}

StoredObjects storedObjects(const TaskContext& context) {
  const auto document = context.store->view().document(context.job.id, kObjectsDocument);
  return document ? decodeObjects(*document) : StoredObjects();
}

void createObjects(const TaskContext& context, StoredObjects& stored, bool atEnd) {
  ObjectPlans due;
  const auto isDue = [&](const ObjectPlan& object) { return !object.done && isCreatedAtEnd(object.kind) == atEnd; };
  std::copy_if(stored.objects.begin(), stored.objects.end(), std::back_inserter(due), isDue);
  if (due.empty()) return;
  const auto copier = engineOf(context).objects(context.engineJob);
  if (!copier) throw Error(Msg::internal, {"the engine copies no objects beside tables"});
  for (const std::string& note : copier->create(due, fenceOf(context), context.stop))
    context.event(EventLevel::warn, note);
  for (ObjectPlan& object : stored.objects)
    if (isDue(object)) object.done = true;
  context.event(EventLevel::info, "Objects beside tables are at the target: " + std::to_string(due.size()));
}

}  // namespace drs
