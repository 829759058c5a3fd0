#pragma once

#include <functional>
#include <optional>
#include <string>

namespace drs::ctl {

/// Where the service is and who calls.
struct Access {
  std::string endpoint;  ///< "http://host:port" or "https://host:port"
  std::string projectId, accessKey, secretKey;
  std::string caFile;  ///< PEM; empty = the system's certificates
};

/// Where to look.
struct AccessSources {
  std::string dataFolder;  ///< --data: the folder of drsd, with credentials.json
  std::string endpoint;    ///< --endpoint, wins over all others
  std::string caFile;      ///< --ca-file, wins over all others
  std::string configFile;  ///< --config; empty = ~/.config/opendrs/config.toml, which need not exist
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

/// Each value from the first place that has it: command line, --data, the environment (DRS_ENDPOINT, DRS_PROJECT_ID,
/// DRS_ACCESS_KEY, DRS_SECRET_KEY, DRS_CA_FILE), the configuration file (keys of the same names in lower case without
/// "drs_", or `data`, a folder as for --data). With --data only its credentials are used. Throws Failure(noAccess) that
/// says what is missing and where it was looked for.
[[nodiscard]] Access findAccess(const AccessSources& sources);

}  // namespace drs::ctl
