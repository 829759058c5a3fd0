#include "drsctl/access.h"

#include "drsctl/failure.h"

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <filesystem>
#include <fstream>

namespace drs::ctl {
namespace {

namespace fs = std::filesystem;

/// Fills what is still empty.
void fill(std::string& value, const std::optional<std::string>& found) {
  if (value.empty() && found) value = *found;
}

void fromDataFolder(Access& access, const std::string& folder) {
  const fs::path path = fs::path(folder) / "credentials.json";
  std::ifstream file(path);
  if (!file) throw Failure(Exit::noAccess, path.string() + " cannot be read; is this the --data folder of drsd?");
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) throw Failure(Exit::noAccess, path.string() + " is not a JSON object");
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  fill(access.endpoint, text("endpoint"));
  fill(access.projectId, text("project_id"));
  fill(access.accessKey, text("access_key"));
  fill(access.secretKey, text("secret_key"));
}

void fromEnvironment(Access& access, const AccessSources& sources) {
  fill(access.endpoint, sources.environment("DRS_ENDPOINT"));
  fill(access.projectId, sources.environment("DRS_PROJECT_ID"));
  fill(access.accessKey, sources.environment("DRS_ACCESS_KEY"));
  fill(access.secretKey, sources.environment("DRS_SECRET_KEY"));
  fill(access.caFile, sources.environment("DRS_CA_FILE"));
}

fs::path configPath(const AccessSources& sources) {
  if (!sources.configFile.empty()) return sources.configFile;
  if (const auto base = sources.environment("XDG_CONFIG_HOME"); base && !base->empty()) {
    return fs::path(*base) / "opendrs" / "config.toml";
  }
  return fs::path(sources.environment("HOME").value_or("")) / ".config" / "opendrs" / "config.toml";
}

void fromConfig(Access& access, const fs::path& path) {
  try {
    const toml::table table = toml::parse_file(path.string());
    fill(access.endpoint, table["endpoint"].value<std::string>());
    fill(access.projectId, table["project_id"].value<std::string>());
    fill(access.accessKey, table["access_key"].value<std::string>());
    fill(access.secretKey, table["secret_key"].value<std::string>());
    fill(access.caFile, table["ca_file"].value<std::string>());
    if (const auto data = table["data"].value<std::string>()) fromDataFolder(access, *data);
  } catch (const toml::parse_error& error) {
    throw Failure(Exit::noAccess, path.string() + ", line " + std::to_string(error.source().begin.line) + ": " +
                                      std::string(error.description()));
  }
}

void demandComplete(const Access& access, const fs::path& config) {
  std::string missing;
  const auto need = [&](const std::string& value, const char* name) {
    if (value.empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  need(access.endpoint, "DRS_ENDPOINT");
  need(access.projectId, "DRS_PROJECT_ID");
  need(access.accessKey, "DRS_ACCESS_KEY");
  need(access.secretKey, "DRS_SECRET_KEY");
  if (missing.empty()) return;
  throw Failure(Exit::noAccess, "Not known: " + missing +
                                    ". Give --data DIR (the folder of drsd), set the variables, or write them to " +
                                    config.string() + ".");
}

}  // namespace

Access findAccess(const AccessSources& sources) {
  Access access;
  access.endpoint = sources.endpoint;
  access.caFile = sources.caFile;
  const fs::path config = configPath(sources);
  if (!sources.dataFolder.empty()) {
    fromDataFolder(access, sources.dataFolder);
    fill(access.caFile, sources.environment("DRS_CA_FILE"));
  } else {
    fromEnvironment(access, sources);
    if (!sources.configFile.empty() || fs::exists(config)) fromConfig(access, config);
  }
  demandComplete(access, config);
  while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
  return access;
}

}  // namespace drs::ctl
