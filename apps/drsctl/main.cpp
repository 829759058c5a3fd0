#include "drsctl/access.h"
#include "drsctl/commands.h"
#include "drsctl/options.h"
#include "drsctl/signed_send.h"
#include "drsctl/text.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace {

using namespace drs::ctl;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): there is one thread
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

/// On standard error: text for people, or {"error": …} for programs.
int report(const Failure& failure, bool json) {
  if (json) {
    const std::string inner = failure.json().empty() ? jsonText({{"error_msg", failure.what()}}) : failure.json();
    std::cerr << "{\"error\": " << inner << "}\n";
  } else {
    std::cerr << "drsctl: " << failure.what() << '\n';
  }
  return static_cast<int>(failure.exit());
}

int execute(const Options& options) {
  try {
    const Access access =
        findAccess({options.dataFolder, options.endpoint, options.caFile, options.configFile, environment});
    Api api(signedSend(access), access.projectId);
    Screen screen{std::cout, ::isatty(STDOUT_FILENO) == 1, options.json,
                  [](std::chrono::milliseconds span) { std::this_thread::sleep_for(span); }};
    const Exit exit = run(options, api, screen);
    std::cout.flush();
    return static_cast<int>(exit);
  } catch (const Failure& failure) {
    return report(failure, options.json);
  } catch (const std::exception& error) {  // an answer whose members have other types than the contract's
    return report(Failure(Exit::unreachable, "The answer cannot be understood: " + std::string(error.what())),
                  options.json);
  }
}

}  // namespace

int main(int argc, char** argv) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  const ParsedOptions parsed = parseOptions({argv + 1, argv + argc});
  if (parsed.options) return execute(*parsed.options);
  (parsed.exit == 0 ? std::cout : std::cerr) << parsed.text;
  return parsed.exit;
}
