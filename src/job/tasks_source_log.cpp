#include "base/error.h"
#include "engine/source_log.h"
#include "job/lifecycle.h"
#include "job/tasks_common.h"

#include <algorithm>
#include <chrono>

// sourceLog: whether the source is about to remove the log that a task needs which nobody replays.

namespace drs {
namespace {

constexpr std::chrono::minutes kAskEvery{10};
constexpr double kNear = 0.75, kFar = 0.5;
constexpr const char* kWarnedDocument = "expiry";  ///< which warning was given last

/// Where the replay will go on, and the moment up to which it has all of the source.
struct Checkpoint {
  Position at;
  UnixMillis readUpTo = 0;
};

Checkpoint checkpointOf(const TaskContext& context, PlanCache& plans) {
  for (const TaskRecord& task : context.store->view().phaseTasks(context.job.id)) {
    const TaskProgress& progress = task.progress;
    if (task.kind != TaskKind::stream || progress.position.empty()) continue;
    const std::int64_t behind = std::max<std::int64_t>(0, progress.delayMillis.value_or(0));
    return {Position{progress.position}, progress.updateMillis - behind};
  }
  return {plans.get(*context.store, context.job.id, context.plan)->start, context.job.startedMillis};
}

class SourceLogBody final : public TaskBody {
 public:
  explicit SourceLogBody(std::shared_ptr<PlanCache> plans) : plans_(std::move(plans)) {}

  TaskOutcome run(TaskContext& context) override {
    if (!isLogUnread(context.job)) return {};
    try {
      const Checkpoint checkpoint = checkpointOf(context, *plans_);
      if (checkpoint.at.empty()) return {};  // a source without a log
      const auto log = sourceLogOf(context.engineJob);
      if (!log) return {};
      warn(context, checkpoint, log->use(checkpoint.at, checkpoint.readUpTo));
    } catch (const Error& error) {
      context.log.info("job {}: how long the source keeps its log is not known: {}", context.job.id, error.text());
    }
    TaskOutcome outcome;
    outcome.kind = TaskOutcome::Kind::again;
    outcome.after = kAskEvery;
    return outcome;
  }

 private:
  static void warn(const TaskContext& context, const Checkpoint& checkpoint, const LogUse& use) {
    const std::string before = context.store->view().document(context.job.id, kWarnedDocument).value_or("");
    std::string now = before;
    if (use.share < kFar) now.clear();
    if (use.share >= kNear) now = (use.isGone ? "gone " : "near ") + checkpoint.at.text;
    if (now == before) return;
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
