#include "drsctl/commands.h"
#include "drsctl/progress.h"
#include "drsctl/reasons.h"
#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

std::string addressOf(const json& endpoints) {
  if (!endpoints.is_array() || endpoints.empty()) return {};
  const json database = endpoints[0].value("endpoint", json::object());
  std::string out = textOf(endpoints[0], "db_type") + " ";
  const std::string ip = textOf(database, "ip");
  out += ip.empty() ? "instance " + textOf(database, "instance_id") : ip;
  if (const std::string port = textOf(database, "db_port"); !port.empty()) out += ":" + port;
  return out + " as " + textOf(database, "db_user");
}

void line(Screen& screen, const char* label, const std::string& text) {
  if (!text.empty()) screen.out << label << printable(text) << '\n';
}

std::string objectsText(const json& view) {
  if (textOf(view, "object_scope") == "all") return "all databases";
  std::string out;
  const json databases = view.value("object_info", json::object());
  for (const auto& [name, database] : databases.items()) {
    const std::string target = textOf(database, "name");
    out += (out.empty() ? "" : ", ") + name;
    if (!target.empty() && target != name) out += " -> " + target;
    const std::size_t tables = database.value("tables", json::object()).size();
    if (tables > 0) out += " (" + std::to_string(tables) + (tables == 1 ? " table)" : " tables)");
  }
  return out;
}

/// Of the servers of a source that are copied and followed one by one.
void showShards(Screen& screen, const json& progress) {
  const json shards = progress.value("progress_info", json::object()).value("shards", json::array());
  if (shards.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const json& shard : shards) {
    rows.push_back({textOf(shard, "name"), textOf(shard, "sub_task"), textOf(shard, "transfer_status"),
                    textOf(shard, "progress") + " %", textOf(shard, "incr_trans_delay_millis"),
                    textOf(shard, "receive_lag_bytes"), textOf(shard, "apply_lag_bytes")});
  }
  screen.out << table({"SHARD", "SUB-TASK", "STATUS", "FULL", "DELAY MS", "NOT RECEIVED", "NOT APPLIED"}, rows);
}

}  // namespace

Exit showJobs(const Options& options, Api& api, Screen& screen) {
  const json jobs = api.jobs(options.type, options.status);
  if (screen.json) {
    screen.out << jsonText({{"total_count", jobs.size()}, {"jobs", jobs}}) << '\n';
    return Exit::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& job : jobs) {
    rows.push_back({textOf(job, "id"), textOf(job, "name"), textOf(job, "status"), textOf(job, "engine_type"),
                    textOf(job, "task_type"), textOf(job, "create_time")});
  }
  screen.out << table({"ID", "NAME", "STATUS", "ENGINE", "TASK", "CREATED"}, rows);
  return Exit::done;
}

Exit showJob(const Options& options, Api& api, Screen& screen) {
  const std::string id = api.jobId(options.jobs.front());
  json job = api.detail(id, "detail");
  const json progress = api.detail(id, "progress");
  json checks = api.detail(id, "network");
  checks.update(api.detail(id, "precheck"));
  const json objects = api.get("/v5.1/{project_id}/jobs/" + id + "/db-object", {{"type", "modified"}});
  if (screen.json) {
    job.update(progress);
    job.update(checks);
    job["db_object"] = objects;
    screen.out << jsonText({{"job", job}}) << '\n';
    return Exit::done;
  }
  const json base = job.value("base_info", json::object());
  const ProgressLine figures = progressLine(textOf(base, "name"), progress);
  line(screen, "id        ", textOf(job, "id"));
  line(screen, "name      ", textOf(base, "name"));
  line(screen, "status    ", textOf(job, "status"));
  line(screen, "engine    ",
       textOf(base, "engine_type") + ", " + textOf(base, "job_type") + ", " + textOf(base, "task_type"));
  line(screen, "source    ", addressOf(job.value("source_endpoint", json::array())));
  line(screen, "target    ", addressOf(job.value("target_endpoint", json::array())));
  line(screen, "objects   ", objectsText(objects));
  line(screen, "full      ",
       std::to_string(figures.percent) + " %" + (figures.remains.empty() ? "" : ", " + figures.remains + " left"));
  line(screen, "delay     ", figures.delay);
  line(screen, "created   ", textOf(job, "create_time"));
  if (figures.status.ends_with("_FAILED")) {
    const json logs = api.detail(id, "log", {{"log_level", "Error"}, {"limit", "1"}}).value("logs", json::array());
    if (!logs.empty()) line(screen, "failed    ", textOf(logs[0], "message"));
  }
  showShards(screen, progress);
  if (const std::string found = reasons(checks); !found.empty()) screen.out << "checks\n" << found;
  return Exit::done;
}

Exit showLogs(const Options& options, Api& api, Screen& screen) {
  Query query{{"limit", std::to_string(options.count)}};
  if (!options.level.empty()) query.emplace_back("log_level", options.level);
  const json job = api.detail(api.jobId(options.jobs.front()), "log", query);
  json logs = job.value("logs", json::array());
  std::reverse(logs.begin(), logs.end());  // the service has the newest first
  if (screen.json) {
    screen.out << jsonText({{"total_count", job.value("total_count", 0)}, {"logs", logs}}) << '\n';
    return Exit::done;
  }
  for (const json& entry : logs) {
    screen.out << textOf(entry, "create_time") << "  " << printable(textOf(entry, "level")) << "  "
               << printable(textOf(entry, "message")) << '\n';
  }
  return Exit::done;
}

Exit showConflicts(const Options& options, Api& api, Screen& screen) {
  const std::string id = api.jobId(options.jobs.front());
  json found = api.get("/v5/{project_id}/jobs/" + id + "/dirty-data", {{"limit", std::to_string(options.count)}});
  json& list = found["dirty_data_list"];
  std::reverse(list.begin(), list.end());  // the service has the newest first
  if (screen.json) {
    screen.out << jsonText(found) << '\n';
    return Exit::done;
  }
  for (const json& one : list) {
    screen.out << textOf(one, "error_time") << "  " << printable(textOf(one, "error_msg")) << "\n    "
               << printable(textOf(one, "error_sql")) << '\n';
  }
  screen.out << list.size() << " of " << found.value("count", 0) << '\n';
  return Exit::done;
}

}  // namespace drs::ctl
