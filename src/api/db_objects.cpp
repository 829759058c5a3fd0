#include "api/call.h"
#include "api/error_response.h"
#include "api/json_io.h"
#include "api/query.h"

#include <nlohmann/json.hpp>

#include <algorithm>

// The objects of a job: at the source now, as selected, as already sent (v5-endpoints.md 2.13).

namespace drs::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kObjectSets[] = {"source", "modified", "synchronized"};
constexpr std::string_view kStoredTypes[] = {"modified", "synchronized"};
constexpr std::string_view kModified[] = {"modified"};
constexpr std::size_t kMaxDatabases = 1000;

/// offset and limit cut the databases, but only when asked for: a selection is one thing.
void cut(ordered_json& view, const http::Request& request) {
  if (!request.queryValue("offset") && !request.queryValue("limit")) return;
  const Paging paging = pagingOf(request);
  const auto found = view.find("object_info");
  if (found == view.end()) return;
  ordered_json kept = ordered_json::object();
  std::int64_t at = 0;
  for (auto& [name, database] : found->items()) {
    if (at >= paging.offset && at - paging.offset < paging.limit) kept[name] = std::move(database);
    ++at;
  }
  *found = std::move(kept);
}

http::Response view(const Call& call, QueryState state, const std::optional<DbObject>& objects,
                    const std::optional<Fault>& fault) {
  ordered_json out = {{"id", call.jobId()}, {"status", toText(state)}};
  if (objects) out.update(encodeDbObject(*objects));
  cut(out, call.request);
  if (fault) {
    out["error_code"] = fault->code;
    out["error_msg"] = textOf(*fault);
  }
  return jsonResponse(out);
}

http::Response collect(const Call& call, const ObjectsQuery& query) {
  const std::string id = call.jobs().collectObjects(call.actor, call.jobId(), query);
  return jsonResponse({{"id", id}, {"status", "pending"}, {"job_id", call.jobId()}}, 202);
}

http::Response stored(const Call& call, std::span<const std::string_view> types) {
  ObjectsQuery query;
  query.type = requiredQueryChoice(call.request, "type", types);
  query.databases = queryList(call.request, "db_names", kMaxDatabases);
  return view(call, QueryState::success, call.jobs().selectedObjects(call.actor, call.jobId(), query), std::nullopt);
}

/// A boolean that the contract has as text.
bool flagOf(Members& body, std::string_view name) {
  static constexpr std::string_view kFlags[] = {"true", "false"};
  const json* value = body.find(name);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  return body.choice(name, kFlags) == "true";
}

}  // namespace

http::Response collectObjects(const Call& call) {
  ObjectsQuery query;
  query.type = requiredQueryChoice(call.request, "type", kObjectSets);
  query.databases = queryList(call.request, "db_names", kMaxDatabases);
  query.refresh = queryFlag(call.request, "is_refresh");
  return collect(call, query);
}

http::Response collectObjectsByBody(const Call& call) {
  const json body = parseBody(call.request);
  std::vector<Problem> problems;
  Members root(&body, "", problems);
  ObjectsQuery query;
  query.type = root.requiredChoice("type", kObjectSets);
  query.databases = root.texts("db_names");
  query.refresh = flagOf(root, "is_refresh");
  if (!problems.empty()) return errorResponse(problems, call.request);
  return collect(call, query);
}

http::Response showCollection(const Call& call) {
  const std::string queryId = requiredQuery(call.request, "query_id");
  const QueryAnswer answer = call.jobs().answer(call.actor, call.jobId(), queryId);
  if (answer.record.kind != TaskKind::objects) throw Error(Msg::unknownQuery, {queryId}, Origin::request);
  return view(call, answer.record.state, answer.objects, answer.record.fault);
}

http::Response listObjects(const Call& call) {
  return stored(call, kStoredTypes);
}

http::Response showSelection(const Call& call) {
  return stored(call, kModified);
}

}  // namespace drs::api
