#include "drsctl/commands.h"
#include "drsctl/text.h"
#include "http/request.h"

#include <nlohmann/json.hpp>

#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

/// Of several jobs each has an answer of its own; here it is one.
json limitSpeed(const Options& options, Api& api, const std::string& id) {
  json windows = json::array();
  for (const std::string& text : options.windows) {
    const std::size_t dash = text.find('-');
    const std::size_t equal = text.find('=');
    windows.push_back({{"begin", text.substr(0, dash)},
                       {"end", text.substr(dash + 1, equal - dash - 1)},
                       {"speed", text.substr(equal + 1)}});
  }
  json body;
  body["speed_limits"] = json::array({{{"job_id", id}, {"speed_limit", windows}}});
  json result = api.send("POST", "/v3/{project_id}/jobs/batch-limit-speed", body).at("results").at(0);
  if (textOf(result, "status") != "success")
    throw Failure(Exit::refused, textOf(result, "error_code") + ": " + textOf(result, "error_msg"));
  return result;
}

/// The call behind a command, and the word for its success.
std::pair<json, const char*> act(const Options& options, Api& api, const std::string& id) {
  const std::string path = "/jobs/" + http::percentEncode(id);
  switch (options.command) {
    case Command::pause:
      return {api.action(id, "stop", {{"pause_mode", "target"}}), "pausing"};
    case Command::resume:
      return {api.action(id, "restart", json::object()), "resumed"};
    case Command::reset:
      return {api.action(id, "reset", json::object()), "being reset"};
    case Command::end:
      return {api.send("POST", path + "/stop", {{"is_force_stop", options.force}}), "ending"};
    case Command::remove:
      return {api.send("DELETE", path), "deleted"};
    case Command::limit:
      return {limitSpeed(options, api, id), options.windows.empty() ? "not limited" : "limited"};
    default:
      throw Failure(Exit::usage, "not an action");
  }
}

}  // namespace

Exit actOnJobs(const Options& options, Api& api, Screen& screen) {
  json done = json::array();
  for (const std::string& name : options.jobs) {
    const std::string id = api.jobId(name);
    const char* word = act(options, api, id).second;
    if (screen.json) {
      done.push_back({{"id", id}, {"status", "success"}});
    } else {
      screen.out << printable(name) << ": " << word << '\n' << std::flush;
    }
  }
  if (screen.json) screen.out << jsonText({{"jobs", done}}) << '\n';
  return Exit::done;
}

}  // namespace drs::ctl
