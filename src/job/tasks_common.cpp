#include "job/tasks_common.h"

#include "base/error.h"

namespace drs {

const Engine& engineOf(const TaskContext& context) {
  const std::string type = context.engineJob.spec.baseInfo.engineType.value_or("");
  const Engine* engine = context.registry->find(type);
  if (engine == nullptr)
    throw Error(Msg::routeNotSupported, {type, "this version has no engine for it"}, Origin::request);
  return *engine;
}

std::string taskTypeOf(const TaskContext& context) {
  return context.engineJob.spec.baseInfo.taskType.value_or("FULL_INCR_TRANS");
}

TaskBodies makeTaskBodies() {
  const auto plans = std::make_shared<PlanCache>();
  TaskBodies bodies;
  bodies[TaskKind::validate] = makeValidateBody();
  bodies[TaskKind::network] = makeNetworkBody();
  bodies[TaskKind::precheck] = makePrecheckBody();
  bodies[TaskKind::objects] = makeObjectsBody();
  bodies[TaskKind::position] = makePositionBody();
  bodies[TaskKind::plan] = makePlanBody(plans);
  const auto flows = std::make_shared<Flows>();
  bodies[TaskKind::copy] = makeCopyBody(plans, flows);
  bodies[TaskKind::lane] = makeLaneBody(flows);
  bodies[TaskKind::finish] = makeFinishBody(plans);
  bodies[TaskKind::stream] = makeStreamBody(plans);
  bodies[TaskKind::compare] = makeCompareBody();
  bodies[TaskKind::end] = makeEndBody();
  bodies[TaskKind::reset] = makeResetBody();
  bodies[TaskKind::cutover] = makeCutoverBody();
  bodies[TaskKind::sourceLog] = makeSourceLogBody(plans);
  return bodies;
}

}  // namespace drs
