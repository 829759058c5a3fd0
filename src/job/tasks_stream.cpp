#include "base/error.h"
#include "job/conflict_copy.h"
#include "job/remaining.h"
#include "job/statement_copy.h"
#include "job/table_list.h"
#include "job/tasks_common.h"
#include "job/tasks_objects.h"
#include "pipeline/stream_run.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

// finish: what is added when the rows are there. stream: the replay of the source's log.

namespace drs {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostTables = 1'000'000;

std::vector<Chunk> chunkList(const TaskContext& context) {
  const auto document = context.store->view().document(context.job.id, kChunksDocument);
  if (!document) throw Error(Msg::internal, {"the job has no list of chunks"});
  return decodeChunkList(*document);
}

/// Adds indexes and foreign keys, and says how far that is.
class IndexWatch {
 public:
  explicit IndexWatch(TaskContext& context) : context_(context) {
    const auto document = context.store->view().document(context.job.id, kIndexDocument);
    if (document)  // a plan of an older version has none
      for (const IndexWork& work : decodeIndexWork(*document)) work_[work.plan] = work.bytes;
  }

  void finish(Sink& sink, const Plans& plans) {
    began_ = std::chrono::steady_clock::now();
    context_.progress->report(progress_);
    sink.watchIndexes([this](std::size_t plan, double part) { noteBuilding(plan, part); });
    sink.finish(plans, [this](std::size_t plan, bool added) { note(plan, added); });
    report();
  }

 private:
  void note(std::size_t plan, bool added) {
    const std::lock_guard lock(mutex_);
    const auto found = work_.find(plan);
    if (found == work_.end()) return;
    done_[plan] = found->second;
    if (!added) there_ += found->second;  // what stood there took no time
    say(added);
  }

  void noteBuilding(std::size_t plan, double part) {
    const std::lock_guard lock(mutex_);
    const auto found = work_.find(plan);
    if (found == work_.end() || done_[plan] == found->second) return;
    // All of it is done when that has been said.
    done_[plan] = std::min(found->second - 1, static_cast<std::uint64_t>(part * static_cast<double>(found->second)));
    say(true);
  }

  void say(bool isMeasured) {
    const auto now = std::chrono::steady_clock::now();
    const double elapsed = std::chrono::duration<double>(now - began_).count();
    std::uint64_t built = 0;
    for (const auto& [plan, bytes] : done_) built += bytes;
    built -= there_;
    if (isMeasured && built > 0 && elapsed >= kMeasurable)
      progress_.rate.bytes = static_cast<std::uint64_t>(static_cast<double>(built) / elapsed);
    if (now - reportedAt_ < kReportEvery) return;
    reportedAt_ = now;
    report();
  }

  void report() {
    progress_.tables.clear();
    for (const auto& [plan, bytes] : done_)
      if (bytes > 0) progress_.tables.push_back({plan, 0, bytes});
    context_.progress->report(progress_);
  }

  static constexpr double kMeasurable = 1;  ///< seconds
  static constexpr std::chrono::milliseconds kReportEvery{200};
  TaskContext& context_;
  std::map<std::size_t, std::uint64_t> work_;
  std::chrono::steady_clock::time_point began_;
  std::mutex mutex_;  ///< guards what follows
  TaskProgress progress_;
  std::map<std::size_t, std::uint64_t> done_;  ///< bytes of work, by plan
  std::uint64_t there_ = 0;                    ///< of it, what was found done
  std::chrono::steady_clock::time_point reportedAt_;
};

class FinishBody final : public TaskBody {
 public:
  explicit FinishBody(std::shared_ptr<PlanCache> plans) : plans_(std::move(plans)) {}

  TaskOutcome run(TaskContext& context) override {
    const auto planned = plans_->get(*context.store, context.job.id, context.plan);
    const auto sink = engineOf(context).sink(context.engineJob);
    (void)sink->fence(fenceOf(context));
    (void)windowsOf(planned->plans, chunkList(context), sink->chunks());  // throws if a chunk is missing
    IndexWatch(context).finish(*sink, planned->plans);
    StoredObjects objects = storedObjects(context);
    createObjects(context, objects, false);
    objects.copyDone = true;
    TaskOutcome outcome;
    outcome.also = [text = encodeObjects(objects), list = encodeObjectList(objects)](StoreTransaction& tx,
                                                                                     JobRecord& job) {
      tx.setDocument(job.id, kObjectsDocument, text);
      tx.setDocument(job.id, kObjectListDocument, list);
    };
    return outcome;
  }

 private:
  std::shared_ptr<PlanCache> plans_;
};

/// Where the replay starts and how the rows are applied there.
struct Start {
  Position from;
  std::vector<Window> windows;
};

class StreamBody final : public TaskBody {
 public:
  explicit StreamBody(std::shared_ptr<PlanCache> plans) : plans_(std::move(plans)) {}

  TaskOutcome run(TaskContext& context) override {
    const Engine& engine = engineOf(context);
    const auto planned = plans_->get(*context.store, context.job.id, context.plan);
    // A source without a log: the copy was one snapshot, and there is nothing to replay. Nor is there without rows.
    if (planned->start.empty() || !syncTypesOf(context.engineJob.spec).data) return {};
    const auto source = engine.source(context.engineJob);
    EngineJob target = context.engineJob;
    target.decision = decodeDecision(context.store->view().document(context.job.id, kDecisionDocument));
    const auto sink = engine.sink(target);
    StreamProgress earlier;
    for (;;) {
      const auto mark = sink->fence(fenceOf(context));
      Start start = startOf(context, *planned, *source, *sink);
      if (mark) start.from = mark->position;
      const auto end = endOf(context, *planned, *source, *sink);
      if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
      const Plans plans = inForce(context, *planned, *sink, start);

      const Clock clock;
      StreamContext stream{*source, *sink, plans, std::move(start.windows), start.from, end, {}, clock, {}, {}};
      stream.options.queueBytes = context.engineJob.limits.queueBytes / 2;  // the appliers may hold as much again
      stream.log = context.engineJob.log;
      ConflictCopy conflicts(context, *sink);
      (void)conflicts.bring();  // what an earlier run did not carry
      StatementCopy statements(context, *sink);
      statements.bring();
      StreamProgress latest;
      stream.progress = [&](const StreamProgress& progress) {
        latest = sum(earlier, progress);
        report(context, latest);
        conflicts.bring(latest.conflictsKept + latest.conflictsOverwritten);
      };
      context.log.info("job {}: replay from {}", context.job.id, start.from.text);
      const StreamEnd ended = streamed(stream, conflicts, statements, context.stop);
      if (ended == StreamEnd::endReached) return {};
      if (ended == StreamEnd::stopped) return TaskOutcome::stoppedEarly();
      earlier = latest;
    }
  }

 private:
  static StreamEnd streamed(const StreamContext& stream, ConflictCopy& conflicts, StatementCopy& statements,
                            const std::stop_token& stop) {
    try {
      return streamLog(stream, stop);
    } catch (const Error& error) {
      if (error.msg() != Msg::connectionLost) {
        (void)conflicts.bring();
        statements.bring();
      }
      throw;
    }
  }

  static Start startOf(const TaskContext& context, const StoredPlan& planned, const Source& source, Sink& sink) {
    if (taskTypeOf(context) == "INCR_TRANS") {
      const auto& wanted = context.engineJob.startPosition;
      return {wanted ? *wanted : planned.start, std::vector<Window>(planned.plans.size())};
    }
    const auto results = sink.chunks();
    auto windows = windowsOf(planned.plans, chunkList(context), results);
    return {replayStart(source, planned.start, results), std::move(windows)};
  }

  /// The plan with what the statements of the log have made of it up to the mark: the windows follow their tables.
  static Plans inForce(const TaskContext& context, const StoredPlan& planned, Sink& sink, Start& start) {
    DefinitionChanges changes = sink.definitionChanges();
    DatabaseCollations collations = std::move(changes.collations);
    collations.insert(planned.collations.begin(), planned.collations.end());
    sink.setCollations(collations);
    if (changes.tables.empty()) return planned.plans;
    CurrentPlans current = currentPlans(planned.plans, changes.tables);
    std::vector<Window> windows;
    for (const auto& place : current.planned) windows.push_back(place ? start.windows.at(*place) : Window{});
    start.windows = std::move(windows);
    // For comparisons and a reset. Only a copy: whoever finds an older one compares to what was.
    const std::string document = encodePlan({planned.start, current.plans, collations});
    bool ours = false;
    context.store->write([&](StoreTransaction& tx) {
      ours = tx.savePayload(context.task.id, context.epoch, context.task.payload);
      if (!ours) return;
      tx.setDocument(context.job.id, kCurrentPlanDocument, document);
      const std::vector<TableRecord> listed = tx.tables(context.job.id, "", {0, kMostTables}).items;
      std::vector<TableRecord> tables = tablesInForce(listed, planned.plans.size(), current);
      if (!isSameList(listed, tables)) tx.replaceTables(context.job.id, tables);
    });
    if (!ours) throw Error(Msg::fenced, {"the task"});
    return std::move(current.plans);
  }

  /// Counters begin with each replay, the task's do not.
  static StreamProgress sum(const StreamProgress& earlier, StreamProgress now) {
    now.transactions += earlier.transactions;
    now.rows += earlier.rows;
    now.conflictsKept += earlier.conflictsKept;
    now.conflictsOverwritten += earlier.conflictsOverwritten;
    if (now.lastCommitMillis == 0) now.lastCommitMillis = earlier.lastCommitMillis;
    return now;
  }

  /// FULL_TRANS ends at a position that is noted once, when every chunk is committed. Foreign keys come before the
  /// replay, because the target has to repeat the cascades that the source's log does not hold.
  static std::optional<Position> endOf(TaskContext& context, const StoredPlan& planned, Source& source, Sink& sink) {
    if (taskTypeOf(context) != "FULL_TRANS") return std::nullopt;
    const Json payload = Json::parse(context.task.payload);
    if (payload.contains("end")) return Position{payload.at("end").get<std::string>()};
    IndexWatch(context).finish(sink, planned.plans);
    Position end = source.currentPosition();
    if (!context.savePayload(Json{{"end", end.text}}.dump())) throw Error(Msg::fenced, {"the task"});
    return end;
  }

  static void report(const TaskContext& context, const StreamProgress& from) {
    TaskProgress to;
    to.position = from.position.text;
    to.delayMillis = from.delay.count();
    to.readMillis = from.readDelay.count();
    to.lastCommitMillis = from.lastCommitMillis;
    to.transactions = from.transactions;
    to.rows = from.rows;
    to.conflictsKept = from.conflictsKept;
    to.conflictsOverwritten = from.conflictsOverwritten;
    context.progress->report(to);
  }

  std::shared_ptr<PlanCache> plans_;
};

}  // namespace

std::unique_ptr<TaskBody> makeFinishBody(std::shared_ptr<PlanCache> plans) {
  return std::make_unique<FinishBody>(std::move(plans));
}
std::unique_ptr<TaskBody> makeStreamBody(std::shared_ptr<PlanCache> plans) {
  return std::make_unique<StreamBody>(std::move(plans));
}

}  // namespace drs
