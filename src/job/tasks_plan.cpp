#include "base/error.h"
#include "base/failpoint.h"
#include "job/remaining.h"
#include "job/tasks_common.h"
#include "job/tasks_objects.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

// plan: fixes what is copied, from where on it is replayed, and in which pieces.

namespace drs {
namespace {

using Json = nlohmann::json;

/// Target tables that stood there before are kept at a reset; a task that only follows changes needs all of them.
void lookAtTarget(const TaskContext& context, const Engine& engine, Plans& plans) {
  const auto catalog = engine.catalog(context.engineJob, Side::target);
  const std::vector<std::string> present = catalog->databases();
  std::set<std::string> wanted;
  for (const TablePlan& plan : plans) {
    if (std::find(present.begin(), present.end(), plan.target.database) != present.end())
      wanted.insert(plan.target.database);
  }
  std::set<TableName> existing;
  for (const auto& table : catalog->tables({wanted.begin(), wanted.end()})) existing.insert(table->name);
  for (TablePlan& plan : plans) {
    plan.createTable = !existing.contains(plan.target);
    if (plan.createTable && !syncTypesOf(context.engineJob.spec).structure) {
      throw Error(Msg::precheckFailed,
                  {"the target has no table " + plan.target.database + "." + plan.target.table +
                   ", and policy_config.sync_type_policy leaves out tableStructure"},
                  Origin::target);
    }
    if (plan.createTable && taskTypeOf(context) == "INCR_TRANS") {
      throw Error(Msg::precheckFailed,
                  {"the target has no table " + plan.target.database + "." + plan.target.table +
                   ", and a task of type INCR_TRANS copies none"},
                  Origin::target);
    }
  }
}

/// The draft was checked when it was validated, which may be long ago. What the user skipped then stays skipped.
void checkAgain(const TaskContext& context, Prober& prober) {
  const std::vector<std::string>& skipped = context.job.skippedItems;
  std::string failed;
  for (const PrecheckRow& row : runPrecheck(context, prober).items) {
    const bool isSkipped = row.skippable && std::find(skipped.begin(), skipped.end(), row.item) != skipped.end();
    if (row.result != PrecheckRow::Result::failed || isSkipped) continue;
    // A database that does not answer right now may do so soon: this error is tried again.
    if (row.item == "srcDbConnection") throw Error(Msg::cannotConnect, {"the source", row.reason}, Origin::source);
    if (row.item == "dstDbConnection") throw Error(Msg::cannotConnect, {"the target", row.reason}, Origin::target);
    failed += (failed.empty() ? "" : "; ") + row.item + ": " + row.reason;
  }
  if (!failed.empty()) throw Error(Msg::precheckFailed, {failed}, Origin::request);
}

StoredPlan makePlan(const TaskContext& context, const Engine& engine, Source& source) {
  const JobSpec& spec = context.engineJob.spec;
  StoredPlan out;
  // Before anything is read: a definition that changes from here on shows in the replay.
  out.start = context.engineJob.startPosition ? *context.engineJob.startPosition : source.currentPosition();
  const auto prober = engine.prober(context.engineJob);
  checkAgain(context, *prober);
  if (context.stop.stop_requested()) return out;
  out.collations = engine.catalog(context.engineJob, Side::source)->collations();
  out.plans = compilePlans(spec, prober->sourceTables(context.stop), source.logsWholeRows());
  if (out.plans.empty()) throw Error(Msg::crossField, {"db_object", "the selection holds no table"}, Origin::request);
  lookAtTarget(context, engine, out.plans);
  return out;
}

struct Planned {
  std::shared_ptr<const StoredPlan> plan;
  StoredObjects objects;
};

constexpr const char* kPlannedPayload = R"({"planned":true})";  ///< of a task whose plan is stored

/// The plan is stored before the target is touched: a repetition must not take tables that the first try created for
/// tables of the user.
std::optional<Planned> planOnce(TaskContext& context, const Engine& engine, Source& source, PlanCache& plans) {
  Planned out;
  if (Json::parse(context.task.payload).contains("planned")) {
    out.plan = plans.get(*context.store, context.job.id, context.plan);
    out.objects = storedObjects(context);
    return out;
  }
  const auto made = std::make_shared<const StoredPlan>(makePlan(context, engine, source));
  if (context.stop.stop_requested()) return std::nullopt;
  out.plan = made;
  out.objects.objects = planObjects(context, engine);
  if (context.stop.stop_requested()) return std::nullopt;
  bool ours = false;
  context.store->write([&, plan = encodePlan(*made), objects = encodeObjects(out.objects)](StoreTransaction& tx) {
    ours = tx.savePayload(context.task.id, context.epoch, kPlannedPayload);
    if (!ours) return;
    tx.setDocument(context.job.id, kPlanDocument, plan);
    tx.setDocument(context.job.id, kObjectsDocument, objects);
  });
  if (!ours) return std::nullopt;
  plans.put(context.job.id, context.plan, made);
  return out;
}

void checkCovered(const Plans& plans, const std::vector<Chunk>& chunks) {
  std::vector<bool> covered(plans.size(), false);
  std::set<std::uint32_t> numbers;
  for (const Chunk& chunk : chunks) {
    for (const std::size_t plan : chunk.plans) covered.at(plan) = true;
    if (!numbers.insert(chunk.number).second) throw Error(Msg::internal, {"two chunks have the same number"});
  }
  if (std::find(covered.begin(), covered.end(), false) != covered.end()) {
    throw Error(Msg::internal, {"a table is in no chunk"});
  }
}

/// What takes longest begins first: groups, which cannot be divided, then the chunks of the largest tables.
void sortByLength(std::vector<Chunk>& chunks) {
  std::map<std::vector<std::size_t>, std::uint64_t> bytesOf;
  for (const Chunk& chunk : chunks) bytesOf[chunk.plans] += chunk.estimatedBytes;
  std::stable_sort(chunks.begin(), chunks.end(), [&](const Chunk& a, const Chunk& b) {
    if (a.exact != b.exact) return a.exact;
    return bytesOf[a.plans] > bytesOf[b.plans];
  });
}

std::vector<TableRecord> tableRecords(const Plans& plans, const std::vector<Chunk>& chunks) {
  std::vector<TableRecord> records;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const TablePlan& plan = plans[i];
    TableRecord& record = records.emplace_back();
    record.plan = i;
    record.sourceDatabase = plan.source->name.database;
    record.sourceTable = plan.source->name.table;
    record.targetDatabase = plan.target.database;
    record.targetTable = plan.target.table;
    record.estimatedRows = plan.source->estimatedRows;
    record.estimatedBytes = estimatedVolume(*plan.source);
  }
  for (const Chunk& chunk : chunks) {
    for (const std::size_t plan : chunk.plans) ++records.at(plan).chunks;
  }
  return records;
}

/// What one session reads in a second at the least, as a rule.
constexpr std::uint64_t kSlowRead = 20'000'000;

/// Says which chunks are likely to meet the limit of Source::limitSnapshots(), before hours have gone by.
void warnOfLongSnapshots(TaskContext& context, const StoredPlan& planned, const std::vector<Chunk>& chunks) {
  const auto most = static_cast<std::uint64_t>(context.settings->snapshotSeconds);
  if (most == 0 || planned.start.empty()) return;
  for (const Chunk& chunk : chunks) {
    if (!chunk.exact || chunk.estimatedBytes / kSlowRead < most) continue;
    const TableName& table = planned.plans.at(chunk.plans.front()).source->name;
    context.event(
        EventLevel::warn,
        table.database + "." + table.table +
            (chunk.plans.size() > 1 ? " and the tables that foreign keys join to it have " : " has ") +
            std::to_string(chunk.estimatedBytes >> 20U) +
            " MiB and must be read in one snapshot. If that takes longer than mysql.keyless_snapshot_seconds (" +
            std::to_string(most) + "), the task stops. Add a primary key, or raise the limit");
  }
}

constexpr const char* kWithoutLog =
    ". The source writes no log: all tables are read in one snapshot by one session, and a copy that is interrupted "
    "begins anew";

class PlanBody final : public TaskBody {
 public:
  explicit PlanBody(std::shared_ptr<PlanCache> plans) : plans_(std::move(plans)) {}

  TaskOutcome run(TaskContext& context) override {
    const Engine& engine = engineOf(context);
    if (const auto runner = engine.lanes(context.engineJob)) {
      checkAgain(context, *engine.prober(context.engineJob));
      return planLanes(context, *runner);
    }
    const auto source = engine.source(context.engineJob);
    const auto planned = planOnce(context, engine, *source, *plans_);
    if (!planned || context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    const Plans& plans = planned->plan->plans;

    const auto sink = engine.sink(context.engineJob);
    (void)sink->fence(fenceOf(context));
    for (const std::string& line : engine.setReadOnly(context.engineJob, fenceOf(context)))
      context.event(EventLevel::warn, line);
    for (const std::string& line : engine.setParameters(context.engineJob)) context.event(EventLevel::warn, line);
    std::vector<Chunk> chunks;
    if (taskTypeOf(context) != "INCR_TRANS") {
      sink->prepare(plans);
      failpoint("plan.prepared");
      if (syncTypesOf(context.engineJob.spec).data) {
        chunks = source->split(plans);
        checkCovered(plans, chunks);
        sortByLength(chunks);
        warnOfLongSnapshots(context, *planned->plan, chunks);
      }
    }
    if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    context.event(EventLevel::info, "Planned: " + std::to_string(plans.size()) + " tables, " +
                                        std::to_string(chunks.size()) + " chunks, " +
                                        std::to_string(planned->objects.objects.size()) + " other objects" +
                                        (planned->plan->start.empty() ? kWithoutLog : ""));
    return outcomeOf(context.engineJob.spec, *planned, chunks);
  }

 private:
  static TaskOutcome outcomeOf(const JobSpec& spec, const Planned& planned, const std::vector<Chunk>& chunks) {
    TaskOutcome outcome;
    for (const Chunk& chunk : chunks) {
      NewTask task;
      task.kind = TaskKind::copy;
      task.payload = encodeChunk(chunk);
      outcome.newTasks.push_back(std::move(task));
    }
    const Plans& plans = planned.plan->plans;
    outcome.also = [objectList = encodeObjectList(planned.objects), list = encodeChunkList(chunks),
                    indexes = encodeIndexWork(indexWork(plans, spec)),
                    records = tableRecords(plans, chunks)](StoreTransaction& tx, JobRecord& job) {
      tx.setDocument(job.id, kChunksDocument, list);
      tx.setDocument(job.id, kIndexDocument, indexes);
      tx.setDocument(job.id, kObjectListDocument, objectList);
      tx.replaceTables(job.id, records);
    };
    return outcome;
  }

  std::shared_ptr<PlanCache> plans_;
};

}  // namespace

std::unique_ptr<TaskBody> makePlanBody(std::shared_ptr<PlanCache> plans) {
  return std::make_unique<PlanBody>(std::move(plans));
}

}  // namespace drs
