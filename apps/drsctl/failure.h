#pragma once

#include <exception>
#include <string>
#include <utility>

namespace drs {
class Error;
}

namespace drs::ctl {

/// What the shell gets to see; documented in `drsctl --help`.
enum class Exit : int {
  done = 0,
  differs = 1,      ///< compare: at least one row differs
  usage = 2,        ///< wrong arguments, unreadable file
  noAccess = 3,     ///< no endpoint or keys found, or they are unusable
  refused = 4,      ///< the service refused the call
  unreachable = 5,  ///< no answer, or not one of this service
  failed = 6,       ///< the call was accepted, but what it started failed
};

/// Ends a command with a text for people; `json` is the text for --json, empty = made from `text`.
class Failure : public std::exception {
 public:
  Failure(Exit exit, std::string text, std::string json = {})
      : exit_(exit), text_(std::move(text)), json_(std::move(json)) {}

  [[nodiscard]] Exit exit() const noexcept { return exit_; }
  [[nodiscard]] const std::string& json() const noexcept { return json_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  Exit exit_;
  std::string text_, json_;
};

/// What a failed exchange with the service means for who runs the command.
[[nodiscard]] Failure failureOf(const Error& error);

}  // namespace drs::ctl
