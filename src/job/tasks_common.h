#pragma once

#include "job/cutover.h"
#include "job/flows.h"
#include "job/plan_store.h"
#include "job/task_body.h"
#include "pipeline/throttle.h"

#include <memory>
#include <optional>
#include <vector>

// What the bodies of the tasks share. One file per subject: tasks_check (validate, network, precheck), tasks_query
// (objects, position), tasks_plan, tasks_copy, tasks_stream (finish, stream), tasks_compare, tasks_end (end, reset),
// tasks_cutover, tasks_source_log.

namespace drs {

/// The engine of the job. Throws Error(routeNotSupported) if it has not landed.
[[nodiscard]] const Engine& engineOf(const TaskContext& context);

[[nodiscard]] inline Fence fenceOf(const TaskContext& context) {
  return {context.plan, context.epoch};
}

/// "FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS".
[[nodiscard]] std::string taskTypeOf(const TaskContext& context);

/// speed_limit as rules of the throttle: whole hours, 10^6 bytes per second.
[[nodiscard]] std::vector<SpeedRule> speedRulesOf(const JobSpec& spec);

/// What planning does for an engine that has lanes: a task for each. `outcome` of the plan task.
[[nodiscard]] TaskOutcome planLanes(TaskContext& context, LaneRunner& runner);
/// The comparison of such a job.
[[nodiscard]] TaskOutcome compareLanes(TaskContext& context, LaneRunner& runner);

/// All items that guard the job: the engine's, the rules that are not enacted, the selection against the source.
[[nodiscard]] PrecheckReport runPrecheck(const TaskContext& context, Prober& prober);

/// A position of the source's log in the words of PUT start-position: a file and an offset, or a GTID set.
[[nodiscard]] std::string positionForUsers(const Position& position);

/// The dry run of a cut-over (cutover_outlook.cpp).
[[nodiscard]] TaskOutcome lookAhead(TaskContext& context, Cutover cutover);

/// For the end by force of a job in a cut-over, which then never comes to its own end: the source can be written to
/// again, if the cut-over had frozen it.
void thawAfterCutover(const TaskContext& context);

[[nodiscard]] std::unique_ptr<TaskBody> makeValidateBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeNetworkBody();
[[nodiscard]] std::unique_ptr<TaskBody> makePrecheckBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeObjectsBody();
[[nodiscard]] std::unique_ptr<TaskBody> makePositionBody();
[[nodiscard]] std::unique_ptr<TaskBody> makePlanBody(std::shared_ptr<PlanCache> plans);
[[nodiscard]] std::unique_ptr<TaskBody> makeCopyBody(std::shared_ptr<PlanCache> plans, std::shared_ptr<Flows> flows);
[[nodiscard]] std::unique_ptr<TaskBody> makeFinishBody(std::shared_ptr<PlanCache> plans);
[[nodiscard]] std::unique_ptr<TaskBody> makeStreamBody(std::shared_ptr<PlanCache> plans);
[[nodiscard]] std::unique_ptr<TaskBody> makeLaneBody(std::shared_ptr<Flows> flows);
[[nodiscard]] std::unique_ptr<TaskBody> makeCompareBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeEndBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeResetBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeCutoverBody();
[[nodiscard]] std::unique_ptr<TaskBody> makeSourceLogBody(std::shared_ptr<PlanCache> plans);

}  // namespace drs
