#include "base/error.h"
#include "engine/source_log.h"
#include "job/chores.h"
#include "job/lifecycle.h"
#include "job/tasks_common.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

// sourceLog: whether the source is about to remove the log that a task needs which nobody replays; and the removal of
// what nobody needs (is_open_fast_clean).

namespace drs {
namespace {

constexpr std::chrono::minutes kAskEvery{10}, kPurgeEvery{1};
constexpr double kNear = 0.75, kFar = 0.5;
constexpr const char* kWarnedDocument = "expiry";          ///< which warning was given last
constexpr const char* kObstacleDocument = "log_obstacle";  ///< why nothing was removed, as it was said last

using Json = nlohmann::json;

/// Where the replay will go on, and the moment up to which it has all of the source.
struct Checkpoint {
  Position at;
  UnixMillis readUpTo = 0;
};

/// What the replay has said last; nothing if it has not begun.
std::optional<Checkpoint> markOf(const StoreView& view, const std::string& jobId) {
  for (const TaskRecord& task : view.phaseTasks(jobId)) {
    const TaskProgress& progress = task.progress;
    if (task.kind != TaskKind::stream || progress.position.empty()) continue;
    const std::int64_t behind = std::max<std::int64_t>(0, progress.delayMillis.value_or(0));
    return Checkpoint{Position{progress.position}, progress.updateMillis - behind};
  }
  return std::nullopt;
}

/// Where a replay without a mark begins.
Position startOf(Store& store, const JobRecord& job, PlanCache& plans) {
  if (!job.startPosition.empty()) return Position{job.startPosition};
  return plans.get(store, job.id, job.plan)->start;
}

/// Where other jobs will go on, by their ids: an empty position is not known yet.
std::map<std::string, Position> needsOfOthers(const TaskContext& context, PlanCache& plans) {
  std::map<std::string, Position> out;
  const StoreView view = context.store->view();
  for (const JobRecord& job :
       view.jobsInPhases({Phase::creating, Phase::draft, Phase::scheduled, Phase::planning, Phase::copying,
                          Phase::finishing, Phase::streaming, Phase::editing, Phase::switchingOver})) {
    if (job.id == context.job.id) continue;
    const bool begins = job.phase == Phase::creating || job.phase == Phase::draft || job.phase == Phase::scheduled;
    if (begins && job.startPosition.empty()) continue;
    Position& at = out[job.id];
    if (begins)
      at = Position{job.startPosition};
    else if (const auto mark = markOf(view, job.id))
      at = mark->at;
    else if (job.phase != Phase::planning)
      at = startOf(*context.store, job, plans);
    // A task without a log needs none.
    if (at.empty() && !begins && job.phase != Phase::planning) out.erase(job.id);
  }
  return out;
}

class SourceLogBody final : public TaskBody {
 public:
  explicit SourceLogBody(std::shared_ptr<PlanCache> plans) : plans_(std::move(plans)) {}

  TaskOutcome run(TaskContext& context) override {
    TaskOutcome outcome;
    outcome.kind = TaskOutcome::Kind::again;
    try {
      const auto log = sourceLogOf(context.engineJob);
      if (!log) return {};
      if (isLogUnread(context.job)) {
        outcome.after = kAskEvery;
        if (!watch(context, *log)) return {};
      } else if (isLogCleaned(context.job)) {
        outcome.after = kPurgeEvery;
        clean(context, *log);
      } else {
        return {};
      }
    } catch (const Error& error) {  // the task itself is as well as before
      context.log.info("job {}: the source's log was not looked after: {}", context.job.id, error.text());
    }
    return outcome;
  }

 private:
  /// False: the source has no log.
  bool watch(const TaskContext& context, SourceLog& log) {
    const auto mark = markOf(context.store->view(), context.job.id);
    const Checkpoint checkpoint =
        mark ? *mark : Checkpoint{startOf(*context.store, context.job, *plans_), context.job.startedMillis};
    if (checkpoint.at.empty()) return false;
    warn(context, checkpoint, log.use(checkpoint.at, checkpoint.readUpTo));
    return true;
  }

  /// Up to the place that the look before has found: a target that loses what it has committed last goes on from there.
  void clean(const TaskContext& context, SourceLog& log) {
    const auto mark = markOf(context.store->view(), context.job.id);
    if (!mark) return;
    const std::string held = Json::parse(context.task.payload).value("held", "");
    if (!context.savePayload(Json{{"held", mark->at.text}}.dump()) || held.empty()) return;
    const LogPurge purge = log.purge(Position{held}, needsOfOthers(context, *plans_));
    if (!purge.removed.empty())
      context.event(EventLevel::info, "Removed from the source (is_open_fast_clean): " + purge.removed);
    if (purge.obstacle == context.store->view().document(context.job.id, kObstacleDocument).value_or("")) return;
    context.store->write(
        [&](StoreTransaction& tx) { tx.setDocument(context.job.id, kObstacleDocument, purge.obstacle); });
    if (!purge.obstacle.empty())
      context.event(EventLevel::warn, "The source's log is not cleaned (is_open_fast_clean): " + purge.obstacle);
  }

  static void warn(const TaskContext& context, const Checkpoint& checkpoint, const LogUse& use) {
    const std::string earlier = context.store->view().document(context.job.id, kWarnedDocument).value_or("");
    std::string now = earlier;
    if (use.share < kFar) now.clear();
    if (use.share >= kNear) now = (use.isGone ? "gone " : "near ") + checkpoint.at.text;
    if (now == earlier) return;
    context.store->write([&](StoreTransaction& tx) { tx.setDocument(context.job.id, kWarnedDocument, now); });
    if (!now.empty()) context.event(EventLevel::warn, use.text);
  }

  std::shared_ptr<PlanCache> plans_;
};

}  // namespace

std::unique_ptr<TaskBody> makeSourceLogBody(std::shared_ptr<PlanCache> plans) {
  return std::make_unique<SourceLogBody>(std::move(plans));
}

}  // namespace drs
