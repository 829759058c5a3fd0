#include "job/in_force.h"
#include "job/job_service_impl.h"

#include <algorithm>

namespace drs {
namespace {

bool isOpenCutover(const TaskRecord& task) {
  return task.kind == TaskKind::cutover && (task.state == TaskState::pending || task.state == TaskState::running);
}

}  // namespace

void JobService::cutOver(const Actor& actor, const std::string& jobId, const CutoverRequest& request) {
  impl_->act(actor, jobId, JobAction::cutOver, [&](StoreTransaction& tx, JobRecord& job, Phase next) {
    if (tx.unfinished(job.id, TaskKind::cutover)) throw Error(Msg::busy, {job.id}, Origin::request);
    if (request.compare && job.spec->policyConfig.syncTypePolicy && !syncTypesOf(*job.spec).data)
      throw Error(Msg::crossField, {"compare_type", "the task carries no rows over"}, Origin::request);
    Cutover cutover;
    cutover.request = request;
    cutover.deadline = tx.now() + UnixMillis{request.timeoutSeconds} * 1000;
    Lifecycle life(tx);
    if (!request.dryRun) life.move(job, next, actor.userName);
    life.create(job, {.kind = TaskKind::cutover, .payload = encodeCutover(cutover), .queryId = {}, .notBefore = 0});
  });
}

void JobService::switchOver(const Actor& actor, const std::string& jobId) {
  constexpr int kTimeoutSeconds = 600;
  impl_->act(actor, jobId, JobAction::cutOver, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (!isSingleActive(*job.spec))
      throw Error(Msg::crossField,
                  {"jobs", "only single-active disaster recovery (cloudDataGuard, multi_write false) is switched over"},
                  Origin::request);
    if (tx.unfinished(job.id, TaskKind::cutover)) throw Error(Msg::busy, {job.id}, Origin::request);
    Cutover cutover;
    cutover.request = {
        .freezeSource = true, .compare = std::nullopt, .timeoutSeconds = kTimeoutSeconds, .reverse = true};
    cutover.deadline = tx.now() + UnixMillis{kTimeoutSeconds} * 1000;
    Lifecycle life(tx);
    life.move(job, Phase::switchingOver, actor.userName);
    life.create(job, {.kind = TaskKind::cutover, .payload = encodeCutover(cutover), .queryId = {}, .notBefore = 0});
  });
}

void JobService::cancelCutover(const Actor& actor, const std::string& jobId) {
  impl_->act(actor, jobId, JobAction::cancelCutover, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    for (const TaskRecord& task : tx.tasks(job.id))
      if (isOpenCutover(task)) tx.setDocument(job.id, kCutoverCancelDocument, task.id);
    Lifecycle(tx).log(job, EventLevel::info, "The cut-over is to be cancelled", actor.userName);
  });
}

std::optional<Cutover> JobService::lastCutover(const Actor& actor, const std::string& jobId) {
  const StoreView view = impl_->store.view();
  (void)impl_->find(view, actor, jobId);
  if (view.unfinished(jobId, TaskKind::cutover)) {
    const auto tasks = view.tasks(jobId);
    const auto task = std::ranges::find_if(tasks, isOpenCutover);
    if (task != tasks.end()) return decodeCutover(task->payload);
  }
  const auto document = view.document(jobId, kCutoverDocument);
  if (!document) return std::nullopt;
  return decodeCutover(*document);
}

}  // namespace drs
