#include "drsctl/commands.h"
#include "drsctl/text.h"
#include "http/request.h"

#include <nlohmann/json.hpp>

#include <ostream>

namespace drs::ctl {
namespace {

using nlohmann::json;

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
