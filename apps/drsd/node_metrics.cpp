#include "drsd/node_metrics.h"

#include "base/error.h"
#include "job/lane_record.h"

#include <algorithm>
#include <map>
#include <optional>

namespace drs {
namespace {

using Kind = http::MetricFamily::Kind;

constexpr std::chrono::seconds kKeep{1};

const std::vector<Phase> kUnfinished{Phase::scheduled, Phase::planning,      Phase::copying,
                                     Phase::finishing, Phase::copied,        Phase::streaming,
                                     Phase::editing,   Phase::switchingOver, Phase::ending};

std::string laneName(const TaskRecord& task) {
  return decodeLane(task.payload).lane.name;
}

/// The families of the jobs, filled job by job.
struct JobFamilies {
  http::MetricFamily jobs{"drs_jobs", "Unfinished jobs by phase", Kind::gauge, {}};
  http::MetricFamily faults{"drs_job_fault", "1 while the job has a fault", Kind::gauge, {}};
  http::MetricFamily delay{
      "drs_job_delay_seconds", "From commit at the source to commit at the target", Kind::gauge, {}};
  http::MetricFamily copied{"drs_job_copied_rows", "Rows of the full copy that are in the target", Kind::gauge, {}};
  http::MetricFamily copiedBytes{"drs_job_copied_bytes", "Their bytes", Kind::gauge, {}};
  http::MetricFamily applied{
      "drs_job_applied_rows", "Row changes applied since the stream was last started", Kind::gauge, {}};
  http::MetricFamily transactions{
      "drs_job_applied_transactions", "Transactions applied since the stream was last started", Kind::gauge, {}};

  http::MetricFamily unreceived{
      "drs_lane_receive_lag_bytes", "What a source server has written and this service not received", Kind::gauge, {}};
  http::MetricFamily unapplied{
      "drs_lane_apply_lag_bytes", "What is received of a source server and not applied", Kind::gauge, {}};
  http::MetricFamily laneDelay{
      "drs_lane_delay_seconds", "Age of the oldest change of a source server that is not applied", Kind::gauge, {}};

  /// A sample for each lane; those of the job are sums, and the longest delay.
  void addLane(const JobRecord& job, const TaskRecord& task) {
    if (task.kind != TaskKind::lane) return;
    const std::vector<std::pair<std::string, std::string>> label{{"job", job.id}, {"lane", laneName(task)}};
    const TaskProgress& p = task.progress;
    if (p.delayMillis) laneDelay.samples.push_back({label, static_cast<double>(*p.delayMillis) / 1000});
    if (p.unreceivedBytes) unreceived.samples.push_back({label, static_cast<double>(*p.unreceivedBytes)});
    if (p.unappliedBytes) unapplied.samples.push_back({label, static_cast<double>(*p.unappliedBytes)});
  }

  void add(const StoreView& view, const JobRecord& job) {
    const std::vector<std::pair<std::string, std::string>> label{{"job", job.id}};
    faults.samples.push_back({label, job.fault ? 1.0 : 0.0});
    const TableTotals totals = view.tableTotals(job.id);
    copied.samples.push_back({label, static_cast<double>(totals.rows)});
    copiedBytes.samples.push_back({label, static_cast<double>(totals.bytes)});
    std::optional<std::int64_t> longest;
    bool streams = false;
    std::uint64_t rows = 0;
    std::uint64_t commits = 0;
    for (const TaskRecord& task : view.runningTasks(job.id)) {
      if (classOf(task.kind) != TaskClass::stream) continue;
      streams = true;
      addLane(job, task);
      if (const auto now = task.progress.delayMillis) longest = std::max(longest.value_or(0), *now);
      rows += task.progress.rows;
      commits += task.progress.transactions;
    }
    if (!streams) return;
    if (longest) delay.samples.push_back({label, static_cast<double>(*longest) / 1000});
    applied.samples.push_back({label, static_cast<double>(rows)});
    transactions.samples.push_back({label, static_cast<double>(commits)});
  }
};

http::MetricFamily gauge(const char* name, const char* help, double value) {
  return {name, help, Kind::gauge, {{{}, value}}};
}

}  // namespace

std::vector<http::MetricFamily> NodeMetrics::collect() const {
  const Worker::Load load = worker_.load();
  std::vector<http::MetricFamily> out{
      gauge("drs_node_ready", "1 while the worker takes tasks", worker_.health().ok ? 1 : 0),
      gauge("drs_node_running_tasks", "Plan, copy, finish, compare and short tasks that run now",
            static_cast<double>(load.tasks)),
      gauge("drs_node_running_streams", "Incremental jobs that run now", static_cast<double>(load.streams)),
      gauge("drs_jobs_delayed", "Jobs whose delay has been above a threshold of alarm_notify for six minutes",
            static_cast<double>(load.delayed)),
      gauge("drs_node_jobs_held_back", "Jobs whose copy waits now because their source is busy",
            static_cast<double>(load.heldBack))};
  try {
    JobFamilies families;
    std::map<std::string, double> phases;
    const StoreView view = store_.view();
    for (const JobRecord& job : view.jobsInPhases(kUnfinished)) {
      phases[std::string(toText(job.phase))] += 1;
      families.add(view, job);
    }
    for (const auto& [phase, count] : phases) families.jobs.samples.push_back({{{"phase", phase}}, count});
    for (auto* each :
         {&families.jobs, &families.faults, &families.delay, &families.copied, &families.copiedBytes, &families.applied,
          &families.transactions, &families.unreceived, &families.unapplied, &families.laneDelay}) {
      out.push_back(std::move(*each));
    }
  } catch (const Error&) {  // the store fails: what the process itself knows is still worth telling
  }
  return out;
}

std::string NodeMetrics::text() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (last_.empty() || now - lastAt_ > kKeep) {
    last_ = http_.text(collect());
    lastAt_ = now;
  }
  return last_;
}

}  // namespace drs
