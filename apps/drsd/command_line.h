#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace drs {

struct CommandLine {
  std::string data, host, config, projectId, region, tlsCert, tlsKey, logFile;
  std::uint16_t port = 0;
  bool insecure = false;

  [[nodiscard]] bool tls() const { return !tlsCert.empty(); }
  /// Where clients on this machine reach the service: "http://127.0.0.1:8080".
  [[nodiscard]] std::string endpoint() const;
};

/// Parses the arguments. Nothing if all has been done (--help, --version, --help-config) or the arguments are wrong:
/// then the text has been printed, and `exitCode` is set. Throws Error(badConfig) for what contradicts itself, such as
/// an open address without TLS.
[[nodiscard]] std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, int& exitCode);

}  // namespace drs
