#include "base/error.h"
#include "job/comparison_run.h"
#include "job/flows.h"
#include "job/lane_record.h"
#include "job/lifecycle.h"
#include "job/remaining.h"
#include "job/tasks_common.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

// lane: the snapshot and the log of a source that hands out both over one connection. Planning and comparing of such
// jobs.

namespace drs {
namespace {

/// How long a lane waits before it looks whether its turn to load has come.
constexpr std::chrono::milliseconds kTurnEvery{500};

/// Brings what a lane says of itself to the store. progress() may be called from any thread of the lane.
class LaneWatch {
 public:
  LaneWatch(TaskContext& context, StoredLane& stored, Flow& flow)
      : context_(context), stored_(stored), flow_(flow), speed_(context, flow) {}

  bool pass(std::uint64_t bytes, int seat, const std::stop_token& stop) {
    return flow_.throttle.pass(bytes, stop, [this] { speed_.refresh(); }, seat);
  }

  void progress(const LaneProgress& from) {
    speed_.refresh();
    TaskProgress to;
    {
      const std::lock_guard lock(mutex_);
      if (from.items >= counted_.rows && from.bytes >= counted_.bytes)
        flow_.pace.add(from.items - counted_.rows, from.bytes - counted_.bytes, flow_.throttle.currentLimit());
      counted_ = {stored_.lane.number, from.items, from.bytes};
      if (!stored_.loaded) to.tables = {counted_};
      if (!from.loaded) to.rate = flow_.pace.rate();
    }
    to.position = from.position.text;
    to.delayMillis = from.delayMillis;
    to.readMillis = from.readMillis;
    to.lastCommitMillis = from.lastCommitMillis;
    to.unreceivedBytes = from.unreceivedBytes;
    to.unappliedBytes = from.unappliedBytes;
    to.transactions = to.rows = from.changes;
    context_.progress->report(to);
  }

  /// The last lane whose snapshot is complete moves the job on.
  void loaded() {
    StoredLane next = stored_;
    TableCount count;
    {
      const std::lock_guard lock(mutex_);
      if (stored_.loaded) return;
      count = counted_;
    }
    next.loaded = true;
    count.plan = next.lane.number;
    bool ours = false;
    context_.store->write([&](StoreTransaction& tx) {
      ours = tx.savePayload(context_.task.id, context_.epoch, encodeLane(next));
      if (!ours) return;
      tx.addRows(context_.job.id, {count});
      const std::vector<TaskRecord> tasks = tx.tasks(context_.job.id);
      const bool isLast = std::ranges::all_of(tasks, [](const TaskRecord& task) {
        const bool counts = task.kind == TaskKind::lane && task.state != TaskState::cancelled;
        return !counts || decodeLane(task.payload).loaded;
      });
      if (!isLast) return;
      if (auto job = tx.job(context_.job.id)) Lifecycle(tx).lanesLoaded(*job);
    });
    if (!ours) throw Error(Msg::fenced, {"the task"});
    const std::lock_guard lock(mutex_);
    stored_.loaded = true;
  }

 private:
  TaskContext& context_;
  StoredLane& stored_;
  Flow& flow_;
  SpeedWatch speed_;
  std::mutex mutex_;  ///< guards what follows, and stored_.loaded
  TableCount counted_;
};

class LaneBody final : public TaskBody {
 public:
  explicit LaneBody(std::shared_ptr<Flows> flows) : flows_(std::move(flows)) {}

  TaskOutcome run(TaskContext& context) override {
    const auto runner = engineOf(context).lanes(context.engineJob);
    if (!runner) throw Error(Msg::internal, {"the engine has no lanes"});
    StoredLane stored = decodeLane(context.task.payload);
    if (!mayLoad(stored, lanesOf(context.store->view().tasks(context.job.id)))) {
      TaskOutcome later;
      later.kind = TaskOutcome::Kind::again;
      later.after = kTurnEvery;
      return later;
    }
    const auto flow = flows_->get(context.job.id, context.engineJob.spec);
    const PaceRun pace(flow->pace);
    LaneWatch watch(context, stored, *flow);

    LaneContext lane;
    lane.lane = stored.lane;
    lane.fence = fenceOf(context);
    lane.follows = taskTypeOf(context) != "FULL_TRANS";
    lane.wasLoaded = stored.loaded;
    lane.pass = [&](std::uint64_t bytes, const std::stop_token& stop) { return watch.pass(bytes, pace.seat(), stop); };
    lane.progress = [&](const LaneProgress& progress) { watch.progress(progress); };
    lane.loaded = [&] { watch.loaded(); };
    runner->run(lane, context.stop);
    return !lane.follows && stored.loaded ? TaskOutcome() : TaskOutcome::stoppedEarly();
  }

 private:
  std::shared_ptr<Flows> flows_;
};

}  // namespace

namespace {

/// node_num, on whichever side it stands; 0: not given.
std::uint32_t subTasksOf(const JobSpec& spec) {
  std::int64_t out = 0;
  for (const auto* side : {&spec.sourceEndpoint, &spec.targetEndpoint})
    for (const auto& each : *side)
      if (each.config) out = std::max(out, each.config->nodeNum.value_or(0));
  return static_cast<std::uint32_t>(out);
}

}  // namespace

TaskOutcome planLanes(TaskContext& context, LaneRunner& runner) {
  const std::vector<Lane> lanes = runner.lanes(context.stop);
  if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
  TaskOutcome outcome;
  std::vector<StoredLane> dealt;
  for (const Lane& lane : lanes) dealt.push_back({lane, false, 0, 0});
  dealLanes(dealt, subTasksOf(context.engineJob.spec));
  std::vector<TableRecord> records;
  for (const StoredLane& stored : dealt) {
    const Lane& lane = stored.lane;
    NewTask& task = outcome.newTasks.emplace_back();
    task.kind = TaskKind::lane;
    task.payload = encodeLane(stored);
    TableRecord& record = records.emplace_back();
    record.plan = lane.number;
    record.sourceDatabase = record.targetTable = lane.name;
    record.targetDatabase = "keys";
    record.estimatedRows = lane.items;
    record.estimatedBytes = lane.bytes;
    record.chunks = 1;
  }
  context.event(EventLevel::info,
                "Planned: " + std::to_string(lanes.size()) + " source server" + (lanes.size() == 1 ? "" : "s"));
  outcome.also = [records](StoreTransaction& tx, JobRecord& job) { tx.replaceTables(job.id, records); };
  return outcome;
}

TaskOutcome compareLanes(TaskContext& context, LaneRunner& runner) {
  std::vector<ComparedTable> parts;
  for (const TableName& part : runner.parts(context.stop)) parts.push_back({part, part});
  if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
  ComparisonRun run(context, std::move(parts));
  return run.run([&](std::size_t number, CompareType type) {
    return runner.compare(run.nameOf(number), type == CompareType::contents, kListedDifferences, context.stop);
  });
}

std::unique_ptr<TaskBody> makeLaneBody(std::shared_ptr<Flows> flows) {
  return std::make_unique<LaneBody>(std::move(flows));
}

}  // namespace drs
