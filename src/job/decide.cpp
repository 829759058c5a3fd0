#include "base/error.h"
#include "job/lifecycle.h"

#include <array>

// The table of actions: which are possible in which state, and what comes next.

namespace drs {
namespace {

using Kind = Decision::Kind;

/// From the first plan to the end of the work: what is there can be paused, resumed, ended.
constexpr bool isWorking(Phase phase) noexcept {
  switch (phase) {
    case Phase::planning:
    case Phase::copying:
    case Phase::finishing:
    case Phase::copied:
    case Phase::streaming:
    case Phase::editing:
    case Phase::switchingOver:
      return true;
    default:
      return false;
  }
}

/// From the draft on until the end was asked for.
constexpr bool isAlive(Phase phase) noexcept {
  return phase == Phase::draft || phase == Phase::scheduled || isWorking(phase);
}

constexpr Decision kNo{};
constexpr Decision kBusy{Kind::busy, Phase::draft};
constexpr Decision stay(Phase phase) noexcept {
  return {Kind::allowed, phase};
}
constexpr Decision when(bool allowed, Phase next) noexcept {
  return allowed ? stay(next) : kNo;
}

Decision decideDraft(JobAction action, const JobRecord& job) noexcept {
  if (job.phase != Phase::draft) return kNo;
  const bool validating = job.validation == Validation::running;
  switch (action) {
    case JobAction::edit:
      return stay(Phase::draft);
    case JobAction::commit:
      return when(job.validation == Validation::passed, Phase::creating);
    case JobAction::skipPrecheck:
      return validating ? kBusy : stay(Phase::draft);
    default:
      return kNo;
  }
}

Decision decideStart(const JobRecord& job) noexcept {
  if (job.phase == Phase::draft && job.validation == Validation::passed) return stay(Phase::creating);
  return when(job.phase == Phase::scheduled, Phase::planning);
}

Decision decidePause(const JobRecord& job) noexcept {
  if (job.phase == Phase::switchingOver) return kBusy;
  if (!isWorking(job.phase)) return kNo;
  if (job.desired == Desired::pause && !job.fault) return job.drained ? kNo : kBusy;
  return stay(job.phase);
}

Decision decideResume(const JobRecord& job) noexcept {
  if (job.phase == Phase::switchingOver) return kBusy;
  return when(isWorking(job.phase) && (job.desired == Desired::pause || job.fault), job.phase);
}

Decision decideReset(const JobRecord& job) noexcept {
  if (job.phase == Phase::switchingOver) return kBusy;
  if (!isWorking(job.phase)) return kNo;
  if (job.desired != Desired::pause && !job.fault) return kNo;
  return job.drained ? stay(Phase::planning) : kBusy;
}

Decision decideEnd(const JobRecord& job, bool force) noexcept {
  switch (job.phase) {
    case Phase::draft:
    case Phase::scheduled:
      return stay(Phase::ended);  // nothing of ours stands anywhere yet
    case Phase::creating:
      return when(job.fault.has_value(), Phase::ended);
    case Phase::switchingOver:  // by force the end itself sees to it that the source can be written to again
      return force ? stay(Phase::ending) : kBusy;
    case Phase::ending:
      return job.fault || force ? stay(Phase::ending) : kBusy;
    default:
      return when(isWorking(job.phase), Phase::ending);
  }
}

Decision decideCutover(const JobRecord& job) noexcept {
  if (job.phase == Phase::switchingOver) return kBusy;
  return when(job.phase == Phase::streaming && job.desired == Desired::run && !job.fault, Phase::switchingOver);
}

Decision decideStartPosition(const JobRecord& job) noexcept {
  if (job.phase == Phase::draft || job.phase == Phase::scheduled) return stay(job.phase);
  // A plan that failed, for instance because the log at the position is gone, is made anew.
  const bool stopped = job.fault.has_value() || job.desired == Desired::pause;
  if (job.phase != Phase::planning || !stopped) return kNo;
  return job.drained ? stay(job.phase) : kBusy;
}

}  // namespace

Decision decide(JobAction action, const JobRecord& job) noexcept {
  const Phase phase = job.phase;
  switch (action) {
    case JobAction::edit:
    case JobAction::commit:
    case JobAction::skipPrecheck:
      return decideDraft(action, job);
    case JobAction::start:
      return decideStart(job);
    case JobAction::pause:
      return decidePause(job);
    case JobAction::resume:
      return decideResume(job);
    case JobAction::reset:
      return decideReset(job);
    case JobAction::end:
      return decideEnd(job, false);
    case JobAction::forceEnd:
      return decideEnd(job, true);
    case JobAction::remove:
      return when(phase == Phase::draft || phase == Phase::ended || (phase == Phase::creating && job.fault),
                  Phase::deleted);
    case JobAction::setStartPosition:
      return decideStartPosition(job);
    case JobAction::precheck:
      if (phase == Phase::draft && job.validation == Validation::running) return kBusy;
      return when(isAlive(phase), phase);
    case JobAction::testNetwork:
    case JobAction::collectPosition:
    case JobAction::collectObjects:
    case JobAction::limitSpeed:
      return when(isAlive(phase), phase);
    case JobAction::createCompare:
      return when(phase == Phase::copied || phase == Phase::streaming, phase);
    case JobAction::cutOver:
      return decideCutover(job);
    case JobAction::cancelCutover:
      return when(phase == Phase::switchingOver, phase);
  }
  return kNo;
}

Phase require(JobAction action, const JobRecord& job) {
  const Decision decision = decide(action, job);
  if (decision.kind == Kind::busy) throw Error(Msg::busy, {job.id}, Origin::request);
  if (decision.kind == Kind::wrongState) {
    std::string state = "the status is " + job.status;
    if (job.phase == Phase::draft && job.validation == Validation::running) state = "the validation is running";
    if (job.phase == Phase::draft && job.validation == Validation::failed) state = "the validation has failed";
    throw Error(Msg::wrongState, {std::string(toText(action)), state}, Origin::request);
  }
  return decision.next;
}

std::string_view toText(JobAction action) noexcept {
  switch (action) {
    case JobAction::edit:
      return "changing the task";
    case JobAction::commit:
      return "committing";
    case JobAction::start:
      return "starting";
    case JobAction::pause:
      return "pausing";
    case JobAction::resume:
      return "resuming";
    case JobAction::reset:
      return "resetting";
    case JobAction::end:
      return "ending";
    case JobAction::forceEnd:
      return "ending by force";
    case JobAction::remove:
      return "deleting";
    case JobAction::testNetwork:
      return "testing the connections";
    case JobAction::precheck:
      return "running the pre-check";
    case JobAction::skipPrecheck:
      return "skipping pre-check items";
    case JobAction::setStartPosition:
      return "setting the start position";
    case JobAction::collectPosition:
      return "asking for the log position";
    case JobAction::collectObjects:
      return "reading the objects";
    case JobAction::createCompare:
      return "comparing";
    case JobAction::limitSpeed:
      return "limiting the speed";
    case JobAction::cutOver:
      return "cutting over";
    case JobAction::cancelCutover:
      return "cancelling the cut-over";
  }
  return "";
}

const std::vector<JobAction>& allJobActions() {
  static const std::vector<JobAction> all = {JobAction::edit,
                                             JobAction::commit,
                                             JobAction::start,
                                             JobAction::pause,
                                             JobAction::resume,
                                             JobAction::reset,
                                             JobAction::end,
                                             JobAction::forceEnd,
                                             JobAction::remove,
                                             JobAction::testNetwork,
                                             JobAction::precheck,
                                             JobAction::skipPrecheck,
                                             JobAction::setStartPosition,
                                             JobAction::collectPosition,
                                             JobAction::collectObjects,
                                             JobAction::createCompare,
                                             JobAction::limitSpeed,
                                             JobAction::cutOver,
                                             JobAction::cancelCutover};
  return all;
}

}  // namespace drs
