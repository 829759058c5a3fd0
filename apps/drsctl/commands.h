#pragma once

#include "drsctl/api.h"
#include "drsctl/failure.h"
#include "drsctl/options.h"

#include <chrono>
#include <functional>
#include <iosfwd>

namespace drs::ctl {

/// Between two looks at something that is not done yet.
inline constexpr std::chrono::milliseconds kPoll{500};

/// Where a command writes, and how it waits.
struct Screen {
  std::ostream& out;
  bool isTerminal = false;
  bool json = false;
  std::function<void(std::chrono::milliseconds)> sleep;
};

/// Runs one command. What it started may have failed: see the exit code. Throws Failure for what ends it early.
[[nodiscard]] Exit run(const Options& options, Api& api, Screen& screen);

// One file each.
[[nodiscard]] Exit createBatch(const Options& options, Api& api, Screen& screen);  // create.cpp
[[nodiscard]] Exit compareJob(const Options& options, Api& api, Screen& screen);   // compare.cpp
[[nodiscard]] Exit cutOver(const Options& options, Api& api, Screen& screen);      // cutover.cpp
/// Shows jobs (ids) until they rest, see restOf().
[[nodiscard]] Exit watchJobs(const std::vector<std::string>& ids, const Options& options, Api& api,
                             Screen& screen);                                   // watch.cpp
[[nodiscard]] Exit showJobs(const Options& options, Api& api, Screen& screen);  // show.cpp
[[nodiscard]] Exit showJob(const Options& options, Api& api, Screen& screen);
[[nodiscard]] Exit showLogs(const Options& options, Api& api, Screen& screen);
[[nodiscard]] Exit showConflicts(const Options& options, Api& api, Screen& screen);
[[nodiscard]] Exit workOnStatements(const Options& options, Api& api, Screen& screen);  // ddl.cpp
[[nodiscard]] Exit actOnJobs(const Options& options, Api& api, Screen& screen);         // act.cpp

}  // namespace drs::ctl
