#include "engine/mysql/replica_status.h"

namespace drs::mysql {
namespace {

bool hasNewNames(const Connection& connection) {
  return !connection.server().mariadb && connection.server().version >= 80022;
}

}  // namespace

std::string columnOf(const StatusRecord& record, const char* name, const char* oldName) {
  const auto found = record.find(name);
  if (found != record.end()) return found->second;
  const auto old = record.find(oldName);
  return old == record.end() ? std::string() : old->second;
}

std::vector<StatusRecord> replicaStatus(Connection& connection) {
  if (connection.server().mariadb) return connection.records("SHOW ALL SLAVES STATUS");
  return connection.records(hasNewNames(connection) ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
}

std::vector<StatusRecord> registeredReplicas(Connection& connection) {
  return connection.records(hasNewNames(connection) ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
}

}  // namespace drs::mysql
