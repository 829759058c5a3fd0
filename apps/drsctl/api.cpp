#include "drsctl/api.h"

#include "drsctl/failure.h"
#include "drsctl/text.h"
#include "http/request.h"

#include <nlohmann/json.hpp>

namespace drs::ctl {
namespace {

using nlohmann::json;

constexpr std::size_t kPageSize = 100;
constexpr const char* kJobTypes[] = {"migration", "sync", "cloudDataGuard"};

/// Job ids are 36 characters with "jb" in the last group.
bool looksLikeId(const std::string& text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         text.substr(31, 2) == "jb";
}

[[noreturn]] void refuse(int status, const json& body) {
  std::string text = textOf(body, "error_code") + ": " + textOf(body, "error_msg");
  if (!body.is_object() || !body.contains("error_code")) text = "The service answered status " + std::to_string(status);
  const json errors = body.is_object() ? body.value("errors", json::array()) : json::array();
  for (const json& error : errors) {
    text += "\n  " + textOf(error, "path") + ": " + textOf(error, "value");
    if (const std::string allowed = textOf(error, "allowed"); !allowed.empty()) text += " (allowed: " + allowed + ")";
    text += " [" + textOf(error, "error_code") + "]";
  }
  throw Failure(Exit::refused, printable(text, true), jsonText(body));
}

}  // namespace

std::string Api::target(const std::string& path, const Query& query) const {
  std::string out = path.starts_with("/v") ? path : "/v5/{project_id}" + path;
  static constexpr std::string_view kProject = "{project_id}";
  if (const auto at = out.find(kProject); at != std::string::npos)
    out.replace(at, kProject.size(), http::percentEncode(projectId_));
  char separator = '?';
  for (const auto& [key, value] : query) {
    out += separator + http::percentEncode(key) + "=" + http::percentEncode(value);
    separator = '&';
  }
  return out;
}

json Api::call(const std::string& method, const std::string& path, const Query& query, const std::string& body) {
  const Answer answer = send_(method, target(path, query), body);
  json parsed = answer.body.empty() ? json() : json::parse(answer.body, nullptr, false);
  if (answer.status >= 400) refuse(answer.status, parsed);
  if (parsed.is_discarded())
    throw Failure(Exit::unreachable, "The endpoint did not answer with JSON; is it this service?");
  return parsed;
}

json Api::get(const std::string& path, const Query& query) {
  return call("GET", path, query, "");
}

json Api::send(const std::string& method, const std::string& path, const json& body) {
  return call(method, path, {}, body.dump());
}

json Api::send(const std::string& method, const std::string& path) {
  return call(method, path, {}, "");
}

json Api::list(const std::string& path, Query query, const std::string& member) {
  query.emplace_back("limit", std::to_string(kPageSize));
  query.emplace_back("offset", "0");
  json rows = json::array();
  while (true) {
    query.back().second = std::to_string(rows.size());
    const json page = get(path, query).value(member, json::array());
    rows.insert(rows.end(), page.begin(), page.end());
    if (page.size() < kPageSize) return rows;
  }
}

json Api::jobs(const std::string& type, const std::string& status) {
  json all = json::array();
  for (const char* one : kJobTypes) {
    if (!type.empty() && type != one) continue;
    Query query{{"job_type", one}, {"sort_key", "create_time"}, {"sort_dir", "asc"}};
    if (!status.empty()) query.emplace_back("status", status);
    const json rows = list("/jobs", query, "jobs");
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

std::string Api::jobId(const std::string& idOrName) {
  if (looksLikeId(idOrName)) return idOrName;
  std::vector<std::string> found;
  for (const char* type : kJobTypes) {
    for (const json& job : list("/jobs", {{"job_type", type}, {"name", idOrName}}, "jobs")) {
      if (http::equalsIgnoreCase(textOf(job, "name"), idOrName)) found.push_back(textOf(job, "id"));
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) throw Failure(Exit::refused, "There is no job with the id or name " + idOrName);
  std::string text = "Several jobs are called " + idOrName + "; give the id:";
  for (const std::string& id : found) text += "\n  " + id;
  throw Failure(Exit::refused, text);
}

json Api::detail(const std::string& id, const std::string& type, Query more) {
  more.insert(more.begin(), {"type", type});
  return get("/jobs/" + http::percentEncode(id), more).value("job", json::object());
}

json Api::action(const std::string& id, const std::string& name, const json& params) {
  return send("POST", "/jobs/" + http::percentEncode(id) + "/action",
              {{"job", {{"action_name", name}, {"action_params", params}}}});
}

}  // namespace drs::ctl
