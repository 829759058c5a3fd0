#include "drsctl/commands.h"
#include "drsctl/text.h"
#include "http/request.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

// drsctl ddl: the statements of the source's log, and what is done about one that stops the job.

namespace drs::ctl {
namespace {

using nlohmann::json;

std::string numberText(const json& one) {
  return one.value("seqno", json(0)).dump();
}

void print(const json& one, Screen& screen) {
  screen.out << numberText(one) << "  " << printable(textOf(one, "state")) << "  " << printable(textOf(one, "kind"))
             << "  at " << printable(textOf(one, "checkpoint")) << (one.value("status", 0) == 1 ? "  (alarm)" : "")
             << "\n    " << printable(textOf(one, "ddl_text")) << '\n';
  if (const std::string reason = textOf(one, "reason"); !reason.empty())
    screen.out << "    " << printable(reason) << '\n';
}

Exit list(const Options& options, Api& api, Screen& screen, const std::string& path) {
  json found = api.get(path, {{"limit", std::to_string(options.count)}});
  json& rows = found["ddl_list"];
  std::reverse(rows.begin(), rows.end());  // the service has the newest first
  if (screen.json) {
    screen.out << jsonText(found) << '\n';
    return Exit::done;
  }
  for (const json& one : rows) print(one, screen);
  screen.out << rows.size() << " of " << found.value("count", 0) << '\n';
  return Exit::done;
}

/// The number given, or that of the statement at which the job stands: the newest one, if it failed.
std::string statementOf(const Options& options, Api& api, const std::string& path) {
  if (!options.statement.empty()) return options.statement;
  const json rows = api.get(path, {{"limit", "1"}}).value("ddl_list", json::array());
  if (rows.empty() || textOf(rows[0], "state") != "failed")
    throw Failure(Exit::refused, "the job does not stand at a statement");
  return numberText(rows[0]);
}

}  // namespace

Exit workOnStatements(const Options& options, Api& api, Screen& screen) {
  const std::string id = api.jobId(options.jobs.front());
  const std::string path = "/jobs/" + http::percentEncode(id) + "/ddl";
  if (options.ddlAction == "list") return list(options, api, screen, path);
  const std::string number = statementOf(options, api, path);
  const std::string one = http::percentEncode(number);
  const char* word = "skipped";
  if (options.ddlAction == "skip") {
    (void)api.send("POST", path + "/" + one + "/skip");
  } else if (options.ddlAction == "replace") {
    if (options.replacement.empty()) throw Failure(Exit::usage, "replace wants --by \"STATEMENT\"");
    (void)api.send("POST", path + "/" + one + "/replace", {{"statement", options.replacement}});
    word = "replaced";
  } else {
    (void)api.send("POST", "/jobs/" + http::percentEncode(id) + "/alarms/" + one + "/clean");
    word = "noted";
  }
  if (screen.json)
    screen.out << jsonText({{"id", id}, {"seqno", number}, {"status", "success"}}) << '\n';
  else
    screen.out << "statement " << printable(number) << ": to be " << word << '\n';
  return Exit::done;
}

}  // namespace drs::ctl
