#include "api/action_requests.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace drs::api {
namespace {

using nlohmann::json;

/// Unix milliseconds as text; 0 = at once.
UnixMillis startTimeOf(Members& params) {
  const std::string text = params.text("start_time").value_or("");
  if (text.empty()) return 0;
  UnixMillis millis = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, millis);
  if (failure == std::errc() && stop == end && millis >= 0 && text.size() <= 13) return millis;
  params.problems().push_back(
      notAllowedProblem(params.pathOf("start_time"), text, "Unix time in milliseconds, up to 13 digits"));
  return 0;
}

/// For what this version does not do: true is refused by name instead of being ignored.
void refuseTrue(Members& params, std::string_view name) {
  if (params.boolean(name).value_or(false))
    params.problems().push_back(notAllowedProblem(params.pathOf(name), "true", "false"));
}

JobActionRun network(Members& params) {
  std::vector<EndpointInfo> endpoints;
  const json* list = params.find("endpoints");
  if (list != nullptr && list->is_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string path = params.pathOf("endpoints") + "[" + std::to_string(i) + "]";
      auto found = decodeEndpointInfo(endpoints.emplace_back(), (*list)[i], path);
      std::move(found.begin(), found.end(), std::back_inserter(params.problems()));
    }
  } else {
    (void)params.objects("endpoints");  // reports a wrong type
  }
  return [endpoints](const Call& call, const std::string& jobId) {
    return call.jobs().testNetwork(call.actor, jobId, endpoints);
  };
}

JobActionRun precheck(Members& params) {
  static constexpr std::string_view kModes[] = {"forStartJob", "forRetryJob"};
  return [mode = params.requiredChoice("precheck_mode", kModes)](const Call& call, const std::string& jobId) {
    return call.jobs().precheck(call.actor, jobId, mode);
  };
}

JobActionRun skipPrecheck(Members& params) {
  Members skip = params.requiredObject("skip_precheck_info");
  const bool given = skip.present();
  const auto items = skip.texts("skipped_precheck_list");
  if (given && items.empty()) skip.problems().push_back(missingProblem(skip.pathOf("skipped_precheck_list")));
  const std::string reason = given ? skip.requiredText("skip_reason") : std::string();
  return [items, reason](const Call& call, const std::string& jobId) {
    call.jobs().skipPrecheck(call.actor, jobId, items, reason);
    return std::string();
  };
}

JobActionRun start(Members& params) {
  StartOptions options;
  options.startAtMillis = startTimeOf(params);
  options.compareAtEnd = params.boolean("is_auto_create_compare").value_or(true);
  refuseTrue(params, "is_only_init_task");
  return [options](const Call& call, const std::string& jobId) {
    call.jobs().start(call.actor, jobId, options);
    return std::string();
  };
}

/// Both modes keep the place and stop reading as well as applying: nothing is captured ahead of the target.
JobActionRun stop(Members& params) {
  static constexpr std::string_view kModes[] = {"target", "all"};
  (void)params.choice("pause_mode", kModes);
  return [](const Call& call, const std::string& jobId) {
    call.jobs().pause(call.actor, jobId);
    return std::string();
  };
}

JobActionRun restart(Members& params) {
  refuseTrue(params, "is_sync_re_edit");
  return [](const Call& call, const std::string& jobId) {
    call.jobs().resume(call.actor, jobId);
    return std::string();
  };
}

JobActionRun reset(Members&) {
  return [](const Call& call, const std::string& jobId) {
    call.jobs().reset(call.actor, jobId);
    return std::string();
  };
}

JobActionRun terminate(Members& params) {
  return [force = params.boolean("force_delete").value_or(false)](const Call& call, const std::string& jobId) {
    call.jobs().end(call.actor, jobId, force);
    return std::string();
  };
}

/// The map form of a selection ("object_info" alone). Paths of problems are those of the map.
std::optional<DbObject> objectsOf(Members& param) {
  const json* map = param.find("db_object");
  if (map == nullptr) return std::nullopt;
  DbObject objects;
  const std::string path = param.pathOf("db_object");
  const std::string inner = path + ".object_info";
  for (Problem& problem : decodeDbObject(objects, {{"object_scope", "table"}, {"object_info", *map}}, path)) {
    const auto shorten = [&](std::string& text) {
      if (text.starts_with(inner)) text.replace(0, inner.size(), path);
    };
    shorten(problem.path);
    for (std::string& arg : problem.args) shorten(arg);
    param.problems().push_back(std::move(problem));
  }
  return objects;
}

JobActionRun createCompare(Members& params) {
  static constexpr std::string_view kTypes[] = {"lines", "contents"};
  Members param = params.requiredObject("compare_task_param");
  CompareRequest request;
  if (!param.present()) return {};
  if (param.requiredChoice("type", kTypes) == "lines") request.type = CompareType::lines;
  request.startAtMillis = startTimeOf(param);
  (void)param.object("option");  // reports a wrong type
  if (const json* option = param.find("option"); option != nullptr && option->is_object())
    request.options = option->dump();
  request.objects = objectsOf(param);
  if (const json* rules = param.find("data_process_info"); rules != nullptr && !rules->empty())
    param.problems().push_back(notAllowedProblem(param.pathOf("data_process_info"), "rules", "absent"));
  return [request](const Call& call, const std::string& jobId) {
    return call.jobs().createCompare(call.actor, jobId, request);
  };
}

JobActionRun cancelCompare(Members& params) {
  Members param = params.requiredObject("compare_task_param");
  const std::string id = param.present() ? param.requiredText("compare_task_id") : std::string();
  return [id](const Call& call, const std::string& jobId) {
    call.jobs().cancelCompare(call.actor, jobId, id);
    return std::string();
  };
}

struct ActionKind {
  std::string_view name;
  JobActionRun (*decode)(Members& params);
};

constexpr ActionKind kActionKinds[] = {{"network", network},
                                       {"precheck", precheck},
                                       {"skip_precheck", skipPrecheck},
                                       {"start", start},
                                       {"stop", stop},
                                       {"restart", restart},
                                       {"reset", reset},
                                       {"terminate", terminate},
                                       {"create_compare", createCompare},
                                       {"cancel_compare", cancelCompare}};

}  // namespace

JobActionRun decodeAction(Members& job) {
  std::vector<std::string_view> names;
  for (const ActionKind& kind : kActionKinds) names.push_back(kind.name);
  const std::string name = job.requiredChoice("action_name", names);
  Members params = job.object("action_params");
  const auto* kind = std::find_if(std::begin(kActionKinds), std::end(kActionKinds),
                                  [&](const ActionKind& k) { return k.name == name; });
  return kind == std::end(kActionKinds) ? JobActionRun() : kind->decode(params);
}

}  // namespace drs::api
