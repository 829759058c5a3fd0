#pragma once

#include <optional>
#include <string>
#include <vector>

namespace drs::ctl {

enum class Command {
  create,
  jobs,
  job,
  logs,
  conflicts,
  ddl,
  compare,
  pause,
  resume,
  reset,
  end,
  remove,
  limit,
  watch,
  cutover
};

/// One command line, checked.
struct Options {
  Command command = Command::jobs;
  bool json = false;
  std::string dataFolder, endpoint, configFile, caFile;

  std::vector<std::string> jobs;         ///< ids or names
  std::string file;                      ///< create: "-" = standard input
  bool commit = false;                   ///< create
  bool watch = false;                    ///< create
  std::string until;                     ///< create, watch: stop at this status
  bool follow = false;                   ///< watch: go on in the incremental phase
  std::string type, status;              ///< jobs
  std::string level;                     ///< logs: Info, Warn, Error
  int count = 50;                        ///< logs, conflicts: newest lines; compare: differences listed for each table
  bool force = false;                    ///< end
  bool dryRun = false;                   ///< cutover: look only
  bool declared = false;                 ///< cutover: the source is frozen already
  bool cancel = false;                   ///< cutover: break off the one under way
  std::string compareType = "contents";  ///< cutover: contents, lines, none
  int timeoutSeconds = 3600;             ///< cutover
  std::string ddlAction = "list";        ///< ddl: list, skip, replace, clean
  std::string statement;                 ///< ddl: its number; empty = the one at which the job stands
  std::string replacement;               ///< ddl replace: what runs instead
  std::vector<std::string> windows;      ///< limit: "HH:MM-HH:59=N", N in 10^6 bytes per second
};

struct ParsedOptions {
  std::optional<Options> options;  ///< nothing: end with `exit` after printing `text`
  int exit = 0;
  std::string text;  ///< help or what is wrong
};

/// Reads a command line (without the program's name). Never throws, prints nothing.
[[nodiscard]] ParsedOptions parseOptions(std::vector<std::string> arguments);

}  // namespace drs::ctl
