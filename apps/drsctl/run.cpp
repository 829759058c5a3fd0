#include "drsctl/commands.h"

namespace drs::ctl {

Exit run(const Options& options, Api& api, Screen& screen) {
  switch (options.command) {
    case Command::create:
      return createBatch(options, api, screen);
    case Command::jobs:
      return showJobs(options, api, screen);
    case Command::job:
      return showJob(options, api, screen);
    case Command::conflicts:
      return showConflicts(options, api, screen);
    case Command::ddl:
      return workOnStatements(options, api, screen);
    case Command::logs:
      return showLogs(options, api, screen);
    case Command::compare:
      return compareJob(options, api, screen);
    case Command::cutover:
      return cutOver(options, api, screen);
    case Command::watch: {
      std::vector<std::string> ids;
      for (const std::string& name : options.jobs) ids.push_back(api.jobId(name));
      return watchJobs(ids, options, api, screen);
    }
    case Command::pause:
    case Command::resume:
    case Command::reset:
    case Command::end:
    case Command::remove:
    case Command::limit:
      return actOnJobs(options, api, screen);
  }
  throw Failure(Exit::usage, "unknown command");
}

}  // namespace drs::ctl
