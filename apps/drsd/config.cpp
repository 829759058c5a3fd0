#include "drsd/config.h"

#include "base/error.h"
#include "drsd/settings_table.h"
#include "engine/mysql/object_rewrite.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

namespace drs {
namespace {

/// Reads one file; knows where everything stands in it.
class Reader {
 public:
  Reader(const std::string& path, Config& config) : path_(path), config_(config) {}

  void read() {
    toml::table root;
    try {
      root = toml::parse_file(path_);
    } catch (const toml::parse_error& error) {
      throw Error(Msg::badConfig, {fmt::format("{}:{}: {}", path_, error.source().begin.line, error.description())});
    }
    for (const auto& [key, value] : root) {
      if (key.str() == "instances") {
        readInstances(value);
      } else {
        readSection(std::string(key.str()), key, value);
      }
    }
    checkTogether();
  }

 private:
  [[noreturn]] void refuse(const toml::source_region& where, const std::string& why) const {
    throw Error(Msg::badConfig, {fmt::format("{}:{}: {}", path_, where.begin.line, why)});
  }

  void readSection(const std::string& section, const toml::key& key, const toml::node& node) {
    const auto& all = settingsTable();
    if (std::none_of(all.begin(), all.end(), [&](const Setting& s) { return s.section == section; })) {
      refuse(key.source(), "unknown section [" + section + "]; drsd --help-config lists all");
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) refuse(key.source(), "[" + section + "] is a section, not a value");
    for (const auto& [name, value] : *table) {
      const auto found = std::find_if(all.begin(), all.end(), [&, n = name.str()](const Setting& s) {
        return s.section == section && s.name == n;
      });
      if (found == all.end())
        refuse(name.source(),
               "unknown setting " + section + "." + std::string(name.str()) + "; drsd --help-config lists all");
      apply(*found, value);
    }
  }

  void apply(const Setting& setting, const toml::node& node) {
    const std::string name = fmt::format("{}.{}", setting.section, setting.name);
    if (const auto* number = std::get_if<IntegerSetting>(&setting.kind)) {
      const auto value = node.value_exact<std::int64_t>();
      if (!value) refuse(node.source(), name + " must be a whole number");
      if (*value < number->least || *value > number->most) {
        refuse(node.source(), fmt::format("{} = {}; allowed: {} to {}", name, *value, number->least, number->most));
      }
      number->set(config_, *value);
      return;
    }
    const auto& text = std::get<TextSetting>(setting.kind);
    const auto value = node.value_exact<std::string>();
    if (!value) refuse(node.source(), name + " must be text in quotes");
    const auto& allowed = text.allowed;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
      refuse(node.source(), fmt::format("{} = \"{}\"; allowed: {}", name, *value, fmt::join(allowed, ", ")));
    }
    text.set(config_, *value);
  }

  void readInstances(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table))
      refuse(node.source(), "instances are written as [[instances]]");
    for (const toml::node& entry : *list) {
      const Instance instance = readInstance(*entry.as_table());
      if (!config_.node.instances.emplace(instance.id, instance).second) {
        refuse(entry.source(), "a second instance with the id \"" + instance.id + "\"");
      }
    }
  }

  [[nodiscard]] Instance readInstance(const toml::table& table) const {
    Instance out;
    const auto& all = instanceSettings();
    for (const auto& [key, value] : table) {
      const auto found =
          std::find_if(all.begin(), all.end(), [n = key.str()](const InstanceSetting& s) { return s.name == n; });
      if (found == all.end()) refuse(key.source(), "unknown setting " + std::string(key.str()) + " of an instance");
      if (const auto* number = std::get_if<int Instance::*>(&found->member)) {
        const auto port = value.value_exact<std::int64_t>();
        if (!port || *port < 0 || *port > 65535)
          refuse(value.source(), std::string(key.str()) + " must be a number from 0 to 65535");
        out.** number = static_cast<int>(*port);
      } else {
        const auto text = value.value_exact<std::string>();
        if (!text) refuse(value.source(), std::string(key.str()) + " must be text in quotes");
        out.*std::get<std::string Instance::*>(found->member) = *text;
      }
    }
    for (const InstanceSetting& setting : all) {
      const auto* member = std::get_if<std::string Instance::*>(&setting.member);
      if (setting.mandatory && member != nullptr && (out.**member).empty())
        refuse(table.source(), "an instance needs " + std::string(setting.name));
    }
    return out;
  }

  void checkTogether() const {
    const Settings& node = config_.node;
    const auto demand = [this](bool good, const char* rule) {
      if (!good) throw Error(Msg::badConfig, {path_ + ": " + rule});
    };
    demand(node.leaseRenewSeconds * 2 <= node.leaseTtlSeconds,
           "worker.lease_renew_seconds must be at most half of worker.lease_ttl_seconds");
    demand(node.leaseRenewSeconds + node.leaseMarginSeconds < node.leaseTtlSeconds,
           "worker.lease_renew_seconds and worker.lease_margin_seconds together must be less than "
           "worker.lease_ttl_seconds");
    demand(mysql::parseDefiner(node.mysqlDefiner).has_value(),
           "mysql.definer must be keep, strip or an account written 'user'@'host'");
    demand(config_.http.limits.bodyBytes <= config_.http.limits.allBodiesBytes,
           "http.body_bytes must be at most http.all_bodies_bytes");
  }

  const std::string& path_;
  Config& config_;
};

std::string describe(const Setting& setting) {
  const Config defaults;
  if (const auto* number = std::get_if<IntegerSetting>(&setting.kind)) {
    return fmt::format("# {}\n# whole number, {} to {}\n{} = {}\n\n", setting.text, number->least, number->most,
                       setting.name, number->get(defaults));
  }
  const auto& text = std::get<TextSetting>(setting.kind);
  const std::string allowed = text.allowed.empty() ? "text" : fmt::format("one of {}", fmt::join(text.allowed, ", "));
  return fmt::format("# {}\n# {}\n{} = \"{}\"\n\n", setting.text, allowed, setting.name, text.get(defaults));
}

}  // namespace

void loadConfig(const std::string& path, Config& config) {
  Reader(path, config).read();
}

std::string configReference() {
  std::string out = "# All settings of drsd with their defaults. The format is TOML.\n\n";
  std::string_view section;
  for (const Setting& setting : settingsTable()) {
    if (setting.section != section) out += fmt::format("[{}]\n", setting.section);
    section = setting.section;
    out += describe(setting);
  }
  out += "# Managed instances, one block for each; there are none by default.\n# [[instances]]\n";
  for (const InstanceSetting& setting : instanceSettings()) {
    const bool number = std::holds_alternative<int Instance::*>(setting.member);
    out += fmt::format("# {} = {}    # {}{}\n", setting.name, number ? "0" : "\"…\"", setting.text,
                       setting.mandatory ? "" : " (may be left out)");
  }
  return out;
}

}  // namespace drs
