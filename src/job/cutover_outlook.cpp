#include "job/tasks_common.h"
#include "job/tasks_objects.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs {
namespace {

/// A dry run: what would stand in the way, and what would happen.
class CutoverOutlook {
 public:
  CutoverOutlook(TaskContext& context, Cutover state) : context_(context), state_(std::move(state)) {}

  TaskOutcome run() {
    replication();
    freezing();
    comparison();
    ending();
    state_.state = CutoverState::checked;
    TaskOutcome out;
    out.also = [state = state_](StoreTransaction& tx, JobRecord& job) {
      tx.setDocument(job.id, kCutoverDocument, encodeCutover(state));
    };
    return out;
  }

 private:
  void add(const std::string& step, const std::string& status, const std::string& text) {
    state_.note(step, status, text, context_.store->view().now());
  }

  void replication() {
    constexpr std::int64_t kMuch = 10'000;  // milliseconds: applications would wait so long at least
    const auto tasks = context_.store->view().phaseTasks(context_.job.id);
    const auto stream = std::ranges::find(tasks, TaskKind::stream, &TaskRecord::kind);
    const auto delay = stream == tasks.end() ? std::nullopt : stream->progress.delayMillis;
    const Position now = engineOf(context_).source(context_.engineJob)->currentPosition();
    state_.position = now.text;
    state_.shown = positionForUsers(now);
    const bool isFar = !delay || *delay > kMuch;
    add("replication", isFar ? "warning" : "ok",
        fmt::format("the source is at {}, the delay is {}", state_.shown,
                    delay ? fmt::format("{} ms", *delay) : "not known yet"));
  }

  void freezing() {
    if (!state_.request.freezeSource) return add("freeze_source", "ok", "declared: nothing is done at the source");
    const auto freezer = engineOf(context_).freezer(context_.engineJob);
    if (!freezer) return add("freeze_source", "problem", "sources of this kind cannot be frozen; declare it instead");
    const FreezeOutlook outlook = freezer->outlook();
    if (!outlook.obstacle.empty()) return add("freeze_source", "problem", outlook.obstacle);
    const std::string now = "the source will be set read-only (now: " + freezer->setting() + ")";
    add("freeze_source", outlook.caution.empty() ? "ok" : "warning",
        outlook.caution.empty() ? now : now + "; " + outlook.caution);
  }

  void comparison() {
    if (!state_.request.compare)
      return add("compare", "warning", "left out: nobody looks whether both sides are equal");
    const TableTotals totals = context_.store->view().tableTotals(context_.job.id);
    add("compare", "ok",
        fmt::format("{} of {} tables, about {} rows when they were copied; applications wait for it",
                    toText(*state_.request.compare), totals.tables, std::max(totals.rows, totals.estimatedRows)));
  }

  void ending() {
    const StoredObjects stored = storedObjects(context_);
    const auto waiting = std::ranges::count_if(
        stored.objects, [](const ObjectPlan& object) { return isCreatedAtEnd(object.kind) && !object.done; });
    add("end_task", "ok",
        fmt::format(
            "{} triggers and events will be created at the target; it can be written to then; the source stays {}",
            waiting, state_.request.freezeSource ? "read-only" : "as it is"));
  }

  TaskContext& context_;
  Cutover state_;
};

}  // namespace

TaskOutcome lookAhead(TaskContext& context, Cutover cutover) {
  return CutoverOutlook(context, std::move(cutover)).run();
}

}  // namespace drs
