#pragma once

#include "base/log.h"
#include "http/server.h"
#include "job/settings.h"

#include <string>

namespace drs {

/// Everything that the configuration file can say. The settings, with types, defaults, limits and texts, stand in one
/// table (settings_table.cpp).
struct Config {
  Settings node;
  http::ServerOptions http;  ///< address and TLS come from the command line
  LogLevel logLevel = LogLevel::info;
  std::string logFile;  ///< empty = standard error
};

/// Overlays a TOML file on the defaults. Throws Error(badConfig) with "file:line: …" for what is not TOML, unknown
/// sections and settings, wrong types, values outside of their limits, and settings that contradict each other.
void loadConfig(const std::string& path, Config& config);

/// The reference of all settings, as `drsd --help-config` prints it.
[[nodiscard]] std::string configReference();

}  // namespace drs
