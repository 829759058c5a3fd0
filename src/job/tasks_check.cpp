#include "base/error.h"
#include "job/tasks_common.h"
#include "model/job_spec_json.h"
#include "store/records_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// validate, network, precheck: they look at both databases and change nothing.

namespace drs {
namespace {

/// The item that is found here rather than by an engine (v5-endpoints.md 2.6).
constexpr const char* kObjectsItem = "checkJobDbObjectInfo";

NetworkRow toRow(const NetworkResult& result) {
  return {result.ip, result.success, result.errorCode, result.errorMessage};
}

std::vector<NetworkRow> toRows(const std::vector<NetworkResult>& results) {
  std::vector<NetworkRow> rows;
  std::transform(results.begin(), results.end(), std::back_inserter(rows), toRow);
  return rows;
}

PrecheckRow toRow(const PrecheckItem& item) {
  PrecheckRow row;
  row.item = item.item;
  row.result = item.result == CheckResult::passed  ? PrecheckRow::Result::passed
               : item.result == CheckResult::alarm ? PrecheckRow::Result::alarm
                                                   : PrecheckRow::Result::failed;
  row.group = item.group;
  row.reason = item.reason;
  row.rawError = item.rawError;
  row.skippable = item.skippable;
  return row;
}

PrecheckRow failedRow(const char* item, std::string reason, std::string rawError = {}) {
  PrecheckRow row;
  row.item = item;
  row.group = "objects";
  row.result = PrecheckRow::Result::failed;
  row.reason = std::move(reason);
  row.rawError = std::move(rawError);
  return row;
}

std::string join(const std::vector<Refusal>& refusals) {
  std::string out;
  for (const Refusal& refusal : refusals) {
    if (!out.empty()) out += "; ";
    out += refusal.path + ": " + refusal.reason;
  }
  return out;
}

/// Why the route as a whole cannot be taken; empty = it can.
std::string routeProblem(const TaskContext& context) {
  const BaseInfo& base = context.engineJob.spec.baseInfo;
  const std::string type = base.engineType.value_or("");
  if (context.registry->find(type) == nullptr) return "this version has no engine for " + type;
  const auto contains = [](const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const Link& link : context.registry->links()) {
    if (link.engineType == type && link.jobType == base.jobType.value_or("") &&
        contains(link.taskTypes, base.taskType.value_or("")) &&
        contains(link.directions, base.jobDirection.value_or("")) &&
        contains(link.netTypes, base.netType.value_or(""))) {
      return {};
    }
  }
  return type + " with job_type " + base.jobType.value_or("") + ", task_type " + base.taskType.value_or("") +
         ", job_direction " + base.jobDirection.value_or("") + ", net_type " + base.netType.value_or("") +
         " is not offered";
}

std::vector<std::string> addressesOf(const JobSpec& spec) {
  std::vector<std::string> out;
  for (const auto* side : {&spec.sourceEndpoint, &spec.targetEndpoint}) {
    for (const EndpointInfo& info : *side) {
      out.push_back(info.endpoint.ip.value_or(info.endpoint.instanceId.value_or("")));
    }
  }
  return out;
}

/// What the rules say against the job; how the selection fits the source is an item of the engine.
std::string objectProblems(const JobSpec& spec) {
  return join(refusedRules(spec));
}

void reportPercent(const TaskContext& context, int percent) {
  TaskProgress progress;
  progress.percent = percent;
  context.progress->report(progress);
}

/// The result of a validation whose route is not there: the reason stands in both lists, so that every client sees it.
TaskOutcome routeRefused(const TaskContext& context, const std::string& problem) {
  const Error error(Msg::routeNotSupported, {context.engineJob.spec.baseInfo.engineType.value_or(""), problem},
                    Origin::request);
  std::vector<NetworkRow> network;
  for (const std::string& address : addressesOf(context.engineJob.spec)) {
    network.push_back({address, false, std::string(error.code()), error.text()});
  }
  PrecheckReport report;
  report.process = 100;
  report.items.push_back(failedRow(kObjectsItem, error.text() + ". " + error.remedy(), std::string(error.code())));
  TaskOutcome outcome;
  outcome.also = [network, report](StoreTransaction&, JobRecord& job) {
    job.networkResults = network;
    job.precheck = report;
  };
  return outcome;
}

class ValidateBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    if (const std::string problem = routeProblem(context); !problem.empty()) return routeRefused(context, problem);
    const Engine& engine = engineOf(context);
    const auto prober = engine.prober(context.engineJob);
    const auto network = toRows(prober->network(context.stop));
    reportPercent(context, 30);
    if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    const PrecheckReport report = runPrecheck(context, *prober);
    if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    TaskOutcome outcome;
    outcome.also = [network, report](StoreTransaction&, JobRecord& job) {
      job.networkResults = network;
      job.precheck = report;
    };
    return outcome;
  }
};

class NetworkBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const auto payload = nlohmann::json::parse(context.task.payload);
    const bool ofJob = !payload.contains("spec");
    if (!ofJob) context.engineJob.spec = jobFromStore(payload.at("spec"));
    const auto network = toRows(engineOf(context).prober(context.engineJob)->network(context.stop));
    if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    TaskOutcome outcome;
    outcome.answer = encodeNetwork(network);
    if (ofJob) {
      outcome.also = [network](StoreTransaction&, JobRecord& job) { job.networkResults = network; };
    }
    return outcome;
  }
};

class PrecheckBody final : public TaskBody {
 public:
  TaskOutcome run(TaskContext& context) override {
    const PrecheckReport report = runPrecheck(context, *engineOf(context).prober(context.engineJob));
    if (context.stop.stop_requested()) return TaskOutcome::stoppedEarly();
    TaskOutcome outcome;
    outcome.answer = encodePrecheck(report);
    outcome.also = [report](StoreTransaction&, JobRecord& job) { job.precheck = report; };
    return outcome;
  }
};

}  // namespace

PrecheckReport runPrecheck(const TaskContext& context, Prober& prober) {
  PrecheckReport report;
  for (const PrecheckItem& item : prober.precheck(context.stop)) {
    report.items.push_back(toRow(item));
  }
  PrecheckRow objects;
  objects.item = kObjectsItem;
  objects.group = "objects";
  if (std::string problem = objectProblems(context.engineJob.spec); !problem.empty()) {
    objects = failedRow(kObjectsItem, std::move(problem));
  }
  report.items.push_back(std::move(objects));
  report.process = 100;
  return report;
}

std::unique_ptr<TaskBody> makeValidateBody() {
  return std::make_unique<ValidateBody>();
}
std::unique_ptr<TaskBody> makeNetworkBody() {
  return std::make_unique<NetworkBody>();
}
std::unique_ptr<TaskBody> makePrecheckBody() {
  return std::make_unique<PrecheckBody>();
}

}  // namespace drs
