#include "job/in_force.h"
#include "job/job_service_impl.h"

#include <array>
#include <utility>

namespace drs {
namespace {

/// The name in the API's vocabulary of GET …/actions for each of ours that has one.
constexpr auto kNames = std::to_array<std::pair<JobAction, std::string_view>>({
    {JobAction::edit, "MODIFY_CONFIGURATION"},
    {JobAction::precheck, "PRE_CHECK"},
    {JobAction::start, "START"},
    {JobAction::pause, "PAUSE"},
    {JobAction::resume, "CONTINUE_JOB"},
    {JobAction::reset, "RESET"},
    {JobAction::end, "FREE_RESOURCE"},
    {JobAction::remove, "DELETE"},
});

std::string currentOf(const JobRecord& job) {
  switch (job.phase) {
    case Phase::creating:
    case Phase::draft:
      return "CREATE";
    case Phase::scheduled:
    case Phase::planning:
      return "START";
    case Phase::editing:
      return "CHANGE";
    case Phase::switchingOver:
      return "SWITCH_OVER";
    case Phase::ending:
    case Phase::ended:
      return "FREE_RESOURCE";
    case Phase::deleted:
      return "DELETE";
    default:
      return job.desired == Desired::pause ? "PAUSE" : "START";
  }
}

}  // namespace

Page<JobRecord> JobService::listJobs(const Actor& actor, JobFilter filter) {
  filter.projectId = actor.projectId;
  return impl_->store.view().jobs(filter);
}

JobRecord JobService::job(const Actor& actor, const std::string& jobId) {
  return impl_->find(impl_->store.view(), actor, jobId, true);
}

JobActions JobService::actions(const Actor& actor, const std::string& jobId) {
  return actionsOf(job(actor, jobId));
}

JobActions JobService::actionsOf(const JobRecord& job) {
  JobActions out;
  const auto add = [&out](bool possible, std::string_view name) {
    (possible ? out.available : out.unavailable).emplace_back(name);
  };
  for (const auto& [action, name] : kNames) {
    const bool possible = decide(action, job).kind == Decision::Kind::allowed;
    if (action == JobAction::resume) {
      add(possible && !job.fault, name);  // after a pause; after a fault it is called RETRY
      add(possible && job.fault, "RETRY");
    } else {
      add(possible, name);
    }
  }
  if (isSingleActive(*job.spec)) add(decide(JobAction::cutOver, job).kind == Decision::Kind::allowed, "SWITCH_OVER");
  add(decide(JobAction::edit, job).kind == Decision::Kind::allowed, "CHOOSE_OBJECT");
  add(job.precheck.process == 100, "QUERY_PRE_CHECK");
  out.current = currentOf(job);
  return out;
}

Page<EventRecord> JobService::logs(const Actor& actor, const std::string& jobId, std::optional<EventLevel> level,
                                   Paging paging) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId, true);
  return view.events(jobId, level, paging);
}

Page<ConflictRow> JobService::conflicts(const Actor& actor, const std::string& jobId, const ConflictFilter& filter) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  return view.conflicts(jobId, filter);
}

}  // namespace drs
