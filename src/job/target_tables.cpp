#include "job/target_tables.h"

#include "base/ascii.h"
#include "model/address_list.h"
#include "transform/table_plan.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace drs {
namespace {

constexpr std::uint16_t kMysqlPort = 3306;
constexpr std::string_view kWholeDatabase = "*";

std::uint16_t portOf(const Endpoint& endpoint, int fallback) {
  std::uint16_t port = 0;
  const std::string text = endpoint.dbPort.value_or("");
  std::from_chars(text.data(), text.data() + text.size(), port);
  if (port != 0) return port;
  return fallback != 0 ? static_cast<std::uint16_t>(fallback) : kMysqlPort;
}

/// "host:port" of every address of the target.
std::set<std::string> serversOf(const JobSpec& spec, const InstanceCatalogue& instances) {
  std::set<std::string> out;
  for (const EndpointInfo& info : spec.targetEndpoint) {
    const Endpoint& endpoint = info.endpoint;
    std::string text = endpoint.ip.value_or("");
    int fallback = 0;
    if (text.empty() && endpoint.instanceId) {
      const auto found = instances.find(*endpoint.instanceId);
      if (found == instances.end()) continue;
      text = found->second.hosts;
      fallback = found->second.port;
    }
    const auto list = parseAddressList(text);
    if (!list) continue;
    for (const Address& address : list->addresses) {
      std::string host = toLowerAscii(address.host);
      if (host == "localhost" || host == "::1") host = "127.0.0.1";
      const std::uint16_t port = address.port != 0 ? address.port : portOf(endpoint, fallback);
      out.insert(host + ":" + std::to_string(port));
    }
  }
  return out;
}

/// The target tables that the selection names; nothing if it names none (object_scope all).
std::vector<TableName> namedTargets(const JobSpec& spec) {
  std::vector<TableName> out;
  if (spec.dbObject.objectScope.value_or("") == "all" || !spec.dbObject.objectInfo) return out;
  for (const auto& [database, object] : *spec.dbObject.objectInfo) {
    const bool whole =
        object.all.value_or(false) || spec.dbObject.objectScope.value_or("") == "database" || !object.tables;
    if (whole) {
      out.push_back({toLowerAscii(object.name.value_or(database)), std::string(kWholeDatabase)});
      continue;
    }
    for (const auto& [table, ignored] : *object.tables) {
      const TableName target = mappedName(spec, {database, table});
      out.push_back({toLowerAscii(target.database), toLowerAscii(target.table)});
    }
  }
  return out;
}

bool meet(const TableName& a, const TableName& b) {
  if (a.database != b.database) return false;
  return a.table == b.table || a.table == kWholeDatabase || b.table == kWholeDatabase;
}

}  // namespace

std::vector<std::string> targetKeys(const JobSpec& spec, const InstanceCatalogue& instances,
                                    const std::vector<TableRecord>& tables) {
  std::vector<std::string> keys;
  for (const std::string& server : serversOf(spec, instances)) {
    for (const TableRecord& table : tables)
      keys.push_back(server + "/" + toLowerAscii(table.targetDatabase + "." + table.targetTable));
  }
  return keys;
}

std::string tableOfKey(const std::string& key) {
  return key.substr(key.find('/') + 1);
}

bool mayShareTarget(const JobSpec& a, const JobSpec& b) {
  return a.policyConfig.dataSyncTopologyType.value_or("") == "many2one" &&
         b.policyConfig.dataSyncTopologyType.value_or("") == "many2one";
}

std::optional<std::string> commonTarget(const JobSpec& a, const JobSpec& b, const InstanceCatalogue& instances) {
  const std::set<std::string> servers = serversOf(a, instances);
  const std::set<std::string> others = serversOf(b, instances);
  const bool oneServer =
      std::any_of(servers.begin(), servers.end(), [&](const std::string& server) { return others.contains(server); });
  if (!oneServer) return std::nullopt;
  const std::vector<TableName> theirs = namedTargets(b);
  for (const TableName& mine : namedTargets(a)) {
    for (const TableName& other : theirs) {
      if (!meet(mine, other)) continue;
      const TableName& narrow = mine.table == kWholeDatabase ? other : mine;
      return narrow.database + "." + narrow.table;
    }
  }
  return std::nullopt;
}

}  // namespace drs
