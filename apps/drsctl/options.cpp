#include "drsctl/options.h"

#include "drsctl/failure.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

namespace drs::ctl {
namespace {

constexpr const char* kFooter =
    R"(Endpoint and keys come from --data DIR (the folder of drsd), or the variables DRS_ENDPOINT,
DRS_PROJECT_ID, DRS_ACCESS_KEY, DRS_SECRET_KEY, or ~/.config/opendrs/config.toml. A job is given by its id or its name.

Exit codes: 0 done; 1 compare found differences; 2 wrong usage; 3 no endpoint or keys; 4 the service refused the call;
5 the service cannot be reached; 6 accepted, but what was started failed (validation, job, comparison, cut-over).)";

void addJob(CLI::App& command, Options& options, bool several) {
  auto* option = command.add_option("job", options.jobs, "id or name of the job")->required();
  option->expected(1, several ? 100 : 1);
}

void addGlobals(CLI::App& app, Options& options) {
  app.add_option("--data", options.dataFolder, "data folder of drsd; its credentials.json is used");
  app.add_option("--endpoint", options.endpoint, "address of the service, http://host:port");
  app.add_option("--config", options.configFile, "configuration file instead of ~/.config/opendrs/config.toml");
  app.add_option("--ca-file", options.caFile, "PEM file with the certificate authority of the service");
  app.add_flag("--json", options.json, "print JSON for programs instead of text for people");
}

/// The service checks the values; here only the shape counts. Returns what is wrong.
std::string isWindow(const std::string& text) {
  const std::size_t dash = text.find('-');
  const std::size_t equal = text.find('=');
  const bool fits = dash != std::string::npos && equal != std::string::npos && dash < equal;
  return fits ? "" : text + " is not HH:MM-HH:59=N";
}

class CommandLine {
 public:
  explicit CommandLine(Options& options) : options_(options) {
    app_.name("drsctl");
    app_.set_version_flag("--version", "drsctl " DRS_VERSION);
    app_.footer(kFooter);
    app_.require_subcommand(1);
    app_.fallthrough();
    addGlobals(app_, options_);
    addCreate();
    addReading();
    addActions();
  }

  ParsedOptions parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
      return {options_, 0, {}};
    } catch (const CLI::ParseError& error) {
      std::ostringstream out;
      std::ostringstream err;
      const int code = app_.exit(error, out, err);
      return {std::nullopt, code == 0 ? 0 : static_cast<int>(Exit::usage), out.str() + err.str()};
    }
  }

 private:
  CLI::App& add(Command command, const char* name, const char* text) {
    CLI::App* sub = app_.add_subcommand(name, text);
    sub->callback([this, command] { options_.command = command; });
    return *sub;
  }

  void addCreate() {
    CLI::App& create =
        add(Command::create, "create", "create a batch of jobs from a JSON file, wait for its validation");
    create.add_option("-f,--file", options_.file, "body of batch-async-create; - reads standard input")->required();
    create.add_flag("--commit", options_.commit, "start the jobs when the validation has succeeded");
    create.add_flag("--watch", options_.watch, "after the commit show their progress, as `watch` does");
    addUntil(create);
  }

  void addUntil(CLI::App& command) {
    command.add_option("--until", options_.until, "end when every job has this status, e.g. INCRE_TRANSFER_STARTED");
  }

  void addReading() {
    CLI::App& jobs = add(Command::jobs, "jobs", "list the jobs");
    jobs.add_option("--type", options_.type, "only jobs of this type")
        ->check(CLI::IsMember({"migration", "sync", "cloudDataGuard"}));
    jobs.add_option("--status", options_.status, "only jobs with this status (or several, with commas)");

    addJob(add(Command::job, "job", "show a job: state, progress, endpoints, what failed"), options_, false);

    CLI::App& logs = add(Command::logs, "logs", "show the log of a job, oldest line first");
    addJob(logs, options_, false);
    logs.add_option("--level", options_.level, "only lines of this level")
        ->check(CLI::IsMember({"Info", "Warn", "Error"}));
    logs.add_option("-n,--count", options_.count, "the newest lines, 50 by default")->check(CLI::Range(1, 1000));
    CLI::App& conflicts =
        add(Command::conflicts, "conflicts", "list the changes that did not fit the target, oldest first");
    addJob(conflicts, options_, false);
    conflicts.add_option("-n,--count", options_.count, "the newest ones, 50 by default")->check(CLI::Range(1, 1000));

    CLI::App& ddl =
        add(Command::ddl, "ddl", "list the schema changes of the source; skip or replace the one that stops a job");
    ddl.add_option_function<std::string>(
           "job", [this](const std::string& name) { options_.jobs = {name}; }, "id or name of the job")
        ->required();
    ddl.add_option("action", options_.ddlAction, "list (default), skip, replace, or clean (take note of an alarm)")
        ->check(CLI::IsMember({"list", "skip", "replace", "clean"}));
    ddl.add_option("--number", options_.statement, "number of the statement; by default the one that stops the job");
    ddl.add_option("--by", options_.replacement, "replace: the statement to run instead, with the source's names");
    ddl.add_option("-n,--count", options_.count, "the newest ones, 50 by default")->check(CLI::Range(1, 1000));

    CLI::App& compare =
        add(Command::compare, "compare", "compare every row of every table of a job, list what differs");
    addJob(compare, options_, false);
    compare.add_option("-n,--count", options_.count, "differing rows listed for each table, 50 by default")
        ->check(CLI::Range(1, 1000));

    CLI::App& watch = add(Command::watch, "watch",
                          "show progress until the jobs follow their source, or rest (copied, paused, ended, failed)");
    addJob(watch, options_, true);
    addUntil(watch);
    watch.add_flag("--follow", options_.follow, "go on in the incremental phase, until Ctrl-C");
  }

  void addActions() {
    addJob(add(Command::pause, "pause", "pause jobs; their place is kept"), options_, true);
    addJob(add(Command::resume, "resume", "resume paused jobs, retry failed ones"), options_, true);
    addJob(add(Command::reset, "reset", "copy from scratch; the copied tables of the target are emptied"), options_,
           true);
    CLI::App& end = add(Command::end, "end", "end jobs for good");
    addJob(end, options_, true);
    end.add_flag("--force", options_.force, "even if the databases cannot be reached");
    CLI::App& limit = add(Command::limit, "limit", "limit the speed of the full copy, also while it runs");
    addJob(limit, options_, true);
    limit
        .add_option(
            "--window", options_.windows,
            "HH:MM-HH:59=N: at most N megabytes per second in these hours (UTC); up to three times; none = no limit")
        ->allow_extra_args(false)
        ->check(isWindow);
    addCutover();
    addJob(add(Command::remove, "delete", "delete ended jobs"), options_, true);
  }

  void addCutover() {
    CLI::App& cutover = add(Command::cutover, "cutover",
                            "freeze the source, wait for the target, compare, end the job; goes back if it cannot");
    addJob(cutover, options_, false);
    cutover.add_flag("--dry-run", options_.dryRun, "only show what would happen and what stands in the way");
    cutover.add_flag("--declared", options_.declared, "the source is frozen already: leave it as it is");
    cutover.add_option("--compare", options_.compareType, "contents (default), lines or none")
        ->check(CLI::IsMember({"contents", "lines", "none"}));
    cutover.add_option("--timeout", options_.timeoutSeconds, "seconds until it goes back, 3600 by default")
        ->check(CLI::Range(10, 86400));
    cutover.add_flag("--cancel", options_.cancel, "make the cut-over that is under way go back");
  }

  Options& options_;
  CLI::App app_{"The command line of OpenDRS."};
};

}  // namespace

ParsedOptions parseOptions(std::vector<std::string> arguments) {
  Options options;
  return CommandLine(options).parse(std::move(arguments));
}

}  // namespace drs::ctl
