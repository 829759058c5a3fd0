#include "job/job_service_impl.h"
#include "job/task_results.h"

#include <algorithm>

namespace drs {

void JobService::start(const Actor& actor, const std::string& jobId, const StartOptions& options) {
  impl_->act(actor, jobId, JobAction::start, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    job.compareAtEnd = options.compareAtEnd;
    job.startAtMillis = options.startAtMillis;
    if (job.phase == Phase::draft) {
      impl_->requireFree(tx, job);
      impl_->submit(tx, job, actor.userName);
    } else if (options.startAtMillis > tx.now()) {
      Lifecycle(tx).save(job);
    } else {
      Lifecycle(tx).begin(job, actor.userName);
    }
  });
}

void JobService::pause(const Actor& actor, const std::string& jobId) {
  impl_->act(actor, jobId, JobAction::pause, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    Lifecycle life(tx);
    life.clearFault(job);
    life.want(job, Desired::pause, actor.userName);
  });
}

void JobService::resume(const Actor& actor, const std::string& jobId) {
  impl_->act(actor, jobId, JobAction::resume, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    Lifecycle life(tx);
    tx.forgetFailures(job.id);
    Impl::withdrawDecision(tx, job);
    if (job.desired == Desired::run) life.log(job, EventLevel::info, "The task is tried again", actor.userName);
    life.clearFault(job);
    life.want(job, Desired::run, actor.userName);
  });
}

void JobService::reset(const Actor& actor, const std::string& jobId) {
  impl_->act(actor, jobId, JobAction::reset, [&](StoreTransaction& tx, JobRecord& job, Phase next) {
    Lifecycle life(tx);
    life.log(job, EventLevel::info, "A reset was asked for: what was copied is removed and copied again",
             actor.userName);
    tx.cancelTasks(job.id, {TaskKind::plan, TaskKind::copy, TaskKind::finish, TaskKind::stream, TaskKind::lane,
                            TaskKind::compare, TaskKind::reset});
    life.clearFault(job);
    life.want(job, Desired::run);
    life.move(job, next, actor.userName);
    life.create(job, {.kind = TaskKind::reset, .payload = "{}", .queryId = {}, .notBefore = 0});
  });
}

void JobService::end(const Actor& actor, const std::string& jobId, bool force) {
  impl_->act(actor, jobId, force ? JobAction::forceEnd : JobAction::end,
             [&](StoreTransaction& tx, JobRecord& job, Phase) { Lifecycle(tx).end(job, force, actor.userName); });
}

void JobService::remove(const Actor& actor, const std::string& jobId) {
  impl_->act(actor, jobId, JobAction::remove, [&](StoreTransaction& tx, JobRecord& job, Phase next) {
    Lifecycle life(tx);
    tx.cancelTasks(job.id,
                   {TaskKind::validate, TaskKind::network, TaskKind::precheck, TaskKind::objects, TaskKind::position});
    life.move(job, next, actor.userName);
    // The row stays readable for a while; its secrets do not.
    auto spec = std::make_shared<JobSpec>(*job.spec);
    forEachSecret(
        *spec, [&](const std::string& path, Secret& secret) { secret = {impl_->sealer.seal("", job.id, path), true}; });
    tx.updateSpec(job, std::move(spec));
    tx.eraseFinished(job.id);
    life.refreshBatch(job.batchId);
  });
}

void JobService::skipPrecheck(const Actor& actor, const std::string& jobId, const std::vector<std::string>& items,
                              const std::string& reason) {
  impl_->act(actor, jobId, JobAction::skipPrecheck, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    std::string allowed;
    for (const PrecheckRow& row : job.precheck.items) {
      if (row.skippable) allowed += (allowed.empty() ? "" : ", ") + row.item;
    }
    for (const std::string& item : items) {
      const auto row = std::find_if(job.precheck.items.begin(), job.precheck.items.end(),
                                    [&](const PrecheckRow& r) { return r.item == item; });
      if (row == job.precheck.items.end() || !row->skippable) {
        throw Error(Msg::valueNotAllowed,
                    {"skipped_precheck_list", item, allowed.empty() ? "none can be skipped" : allowed},
                    Origin::request);
      }
      row->skipped = true;
      if (std::find(job.skippedItems.begin(), job.skippedItems.end(), item) == job.skippedItems.end())
        job.skippedItems.push_back(item);
    }
    job.skipReason = reason;
    Lifecycle life(tx);
    life.log(job, EventLevel::warn, "Failed pre-check items are skipped: " + reason, actor.userName);
    const std::optional<Error> why = whyNotValid(job);
    std::optional<Fault> fault;
    if (why) fault = faultOf(*why, tx.now());
    life.validated(job, why ? Validation::failed : Validation::passed, fault);
  });
}

void JobService::limitSpeed(const Actor& actor, const std::string& jobId, const std::vector<SpeedWindow>& windows) {
  impl_->act(actor, jobId, JobAction::limitSpeed, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (job.spec->baseInfo.taskType.value_or("") == "INCR_TRANS")
      throw Error(Msg::noFlowControl, {"speed_limit"}, Origin::request);
    auto spec = std::make_shared<JobSpec>(*job.spec);
    spec->speedLimit = windows;
    tx.updateSpec(job, std::move(spec));
    std::string text;
    for (const SpeedWindow& window : windows)
      text +=
          (text.empty() ? "" : ", ") + *window.speed + " MB/s from " + *window.begin + " to " + *window.end + " UTC";
    Lifecycle(tx).log(job, EventLevel::info, "The speed limit is " + (text.empty() ? "none" : text), actor.userName);
  });
}

void JobService::setStartPosition(const Actor& actor, const std::string& jobId, const std::string& fileAndPosition,
                                  const std::string& gtidSet) {
  impl_->act(actor, jobId, JobAction::setStartPosition, [&](StoreTransaction& tx, JobRecord& job, Phase) {
    if (job.spec->baseInfo.taskType.value_or("") != "INCR_TRANS") {
      throw Error(Msg::crossField, {"start-position", "only a task of type INCR_TRANS has a start position"},
                  Origin::request);
    }
    job.startPosition = parseStartPosition(job.spec->baseInfo.engineType.value_or(""), fileAndPosition, gtidSet).text;
    Lifecycle life(tx);
    life.save(job);
    life.log(job, EventLevel::info, "The start position is " + (gtidSet.empty() ? fileAndPosition : gtidSet),
             actor.userName);
    if (!tx.unfinished(job.id, TaskKind::plan)) return;
    // The plan that stopped holds the old position.
    tx.cancelTasks(job.id, {TaskKind::plan});
    life.create(job, {.kind = TaskKind::plan, .payload = "{}", .queryId = {}, .notBefore = 0});
  });
}

}  // namespace drs
