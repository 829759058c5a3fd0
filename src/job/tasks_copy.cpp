#include "base/error.h"
#include "job/flows.h"
#include "job/tasks_common.h"
#include "pipeline/copy_run.h"

#include <algorithm>
#include <chrono>
#include <map>

// copy: one chunk.

namespace drs {
namespace {

constexpr std::chrono::seconds kNextTry{1};  ///< of a chunk that could not be opened yet
constexpr std::chrono::seconds kPermitPatience{10};

/// Counts the rows of a chunk by table and tells the store; follows a changed speed limit on the way. refresh() may be
/// called from another thread than the rest.
class CopyWatch {
 public:
  CopyWatch(TaskContext& context, Flow& flow) : context_(context), flow_(flow) {}

  void add(std::size_t plan, std::uint64_t rows, std::uint64_t bytes) {
    TableCount& count = counts_[plan];
    count.plan = plan;
    count.rows += rows;
    count.bytes += bytes;
    flow_.pace.add(rows, bytes, flow_.throttle.currentLimit());
    TaskProgress progress;
    progress.tables = list();
    progress.rate = flow_.pace.rate();
    context_.progress->report(progress);
    refresh();
  }

  void refresh() { speed_.refresh(); }

  [[nodiscard]] std::vector<TableCount> list() const {
    std::vector<TableCount> out;
    for (const auto& [plan, count] : counts_) out.push_back(count);
    return out;
  }

 private:
  TaskContext& context_;
  Flow& flow_;
  std::map<std::size_t, TableCount> counts_;
  SpeedWatch speed_{context_, flow_};
};

/// Rows by table; every table of the chunk occurs, so that the chunk counts for each. A chunk that an earlier run
/// committed without telling the store has only a sum; what that run said last tells the tables if it adds up.
std::vector<TableCount> countsOf(const Chunk& chunk, const ChunkResult& result, const std::vector<TableCount>& counted,
                                 const std::vector<TableCount>& saidBefore) {
  const auto sum = [](const std::vector<TableCount>& counts) {
    std::uint64_t rows = 0;
    for (const TableCount& count : counts) rows += count.rows;
    return rows;
  };
  const bool useCounted = sum(counted) == result.rows;
  const bool useSaid = !useCounted && sum(saidBefore) == result.rows;
  std::map<std::size_t, TableCount> out;
  for (const std::size_t plan : chunk.plans) out[plan].plan = plan;
  if (useCounted || useSaid) {
    for (const TableCount& count : useCounted ? counted : saidBefore) out[count.plan] = count;
  } else if (!chunk.plans.empty()) {
    out[chunk.plans.front()].rows = result.rows;
    out[chunk.plans.front()].bytes = result.bytes;
  }
  std::vector<TableCount> list;
  for (const auto& [plan, count] : out) list.push_back(count);
  return list;
}

/// The chunk was ended early: what is left of it becomes the job's newest chunks.
void addRests(StoreTransaction& tx, const JobRecord& job, const Chunk& chunk, const ChunkResult& result) {
  const auto document = tx.document(job.id, kChunksDocument);
  if (!document) throw Error(Msg::internal, {"the job has no list of chunks"});
  std::vector<Chunk> list = decodeChunkList(*document);
  std::uint32_t number = 0;
  for (const Chunk& other : list) number = std::max(number, other.number);
  for (const Chunk& rest : restsOf(chunk, result, number + 1)) {
    list.push_back(rest);
    for (const std::size_t plan : rest.plans) tx.addChunk(job.id, plan);
    tx.insert(job.id, {.kind = TaskKind::copy, .payload = encodeChunk(rest), .queryId = {}, .notBefore = 0});
  }
  tx.setDocument(job.id, kChunksDocument, encodeChunkList(list));
}

SourceWatch watchOf(const TaskContext& context, const Engine& engine) {
  const SourceLimits& limits = context.settings->source;
  if (!limits.any()) return {};
  const auto shared =
      context.cares->get(context.job.id, context.job.spec, [&] { return engine.loadGauge(context.engineJob, limits); });
  const auto note = [&context](const std::string& line) { context.event(EventLevel::info, line); };
  return {shared.care, shared.gauge, note, context.engineJob.log};
}

/// The run ends without having begun, so that it takes no place from the work of other jobs while it waits.
TaskOutcome notNow(const TaskContext& context) {
  if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
  TaskOutcome outcome;
  outcome.kind = TaskOutcome::Kind::again;
  outcome.after = kNextTry;
  return outcome;
}

/// Statistics say that it would be met at once: then nothing is read twice.
bool hasLargeRows(const Chunk& chunk, const Plans& plans) {
  return std::ranges::any_of(
      chunk.plans, [&](std::size_t plan) { return plans.at(plan).source->averageRowBytes >= LargeRows::kLarge; });
}

/// The chunk was rolled back at the first large row. From now on it is known to hold one.
TaskOutcome readAgainAlone(const TaskContext& context, Chunk chunk) {
  context.engineJob.log.info("part {} holds rows of {} MiB and more; it is read again when no other such part is",
                             chunk.number, LargeRows::kLarge >> 20U);
  chunk.largeRows = true;
  (void)context.savePayload(encodeChunk(chunk));
  TaskOutcome outcome;
  outcome.kind = TaskOutcome::Kind::again;
  return outcome;
}

class CopyBody final : public TaskBody {
 public:
  CopyBody(std::shared_ptr<PlanCache> plans, std::shared_ptr<Flows> flows)
      : plans_(std::move(plans)), flows_(std::move(flows)) {}

  TaskOutcome run(TaskContext& context) override {
    const Engine& engine = engineOf(context);
    SourceWatch care = watchOf(context, engine);
    // Here nothing is open yet, neither a snapshot at the source nor a transaction at the target.
    if (!care.mayOpen(context.stop)) return notNow(context);
    const auto planned = plans_->get(*context.store, context.job.id, context.plan);
    Chunk chunk = decodeChunk(context.task.payload);
    chunk.largeRows = chunk.largeRows || hasLargeRows(chunk, planned->plans);
    std::shared_ptr<const void> permit;
    if (const auto& largeRows = context.engineJob.limits.largeRows; chunk.largeRows && largeRows) {
      permit = largeRows->mayRead(context.stop, kPermitPatience);
      if (!permit) return notNow(context);
    }
    EngineJob reading = context.engineJob;
    if (!planned->start.empty()) reading.startPosition = planned->start;
    const auto source = engine.source(reading);
    source->limitSnapshots(std::chrono::seconds(context.settings->snapshotSeconds));
    const auto sink = engine.sink(context.engineJob);
    const auto flow = flows_->get(context.job.id, context.engineJob.spec);
    const PaceRun run(flow->pace);
    CopyWatch watch(context, *flow);

    CopyContext copy{*source, *sink, planned->plans, fenceOf(context), flow->throttle};
    copy.seat = run.seat();
    copy.queueBytes = std::min(copy.queueBytes, context.engineJob.limits.queueBytes);
    copy.log = context.engineJob.log;
    copy.progress = [&watch](std::size_t plan, std::uint64_t rows, std::uint64_t bytes) {
      watch.add(plan, rows, bytes);
    };
    copy.waiting = [&watch] { watch.refresh(); };
    copy.hold = [&care](const std::stop_token& stop) { care.holdWithin(stop); };
    std::optional<ChunkResult> result;
    try {
      result = copyChunk(copy, chunk, context.stop);
    } catch (const LargeRowMet&) {
      if (chunk.largeRows) throw;
      return readAgainAlone(context, chunk);
    }
    if (!result) return TaskOutcome::stoppedEarly();
    if (result->replaced > 0)
      context.event(EventLevel::info,
                    std::to_string(result->replaced) + " rows gave way to rows of part " +
                        std::to_string(chunk.number) + " (for example in " + result->replacedNear +
                        "): they moved while the parts were read, and the replay settles which of them stay");

    TaskOutcome outcome;
    outcome.also = [chunk, result = *result,
                    counts = countsOf(chunk, *result, watch.list(), context.task.progress.tables)](StoreTransaction& tx,
                                                                                                   JobRecord& job) {
      tx.addRows(job.id, counts);
      if (!result.endedAt.empty()) addRests(tx, job, chunk, result);
    };
    return outcome;
  }

 private:
  std::shared_ptr<PlanCache> plans_;
  std::shared_ptr<Flows> flows_;
};

}  // namespace

std::unique_ptr<TaskBody> makeCopyBody(std::shared_ptr<PlanCache> plans, std::shared_ptr<Flows> flows) {
  return std::make_unique<CopyBody>(std::move(plans), std::move(flows));
}

}  // namespace drs
