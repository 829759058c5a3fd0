#include "engine/mysql/two_way.h"

#include "base/ids.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/prober_checks.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

/// What a copied data folder hardly shares with the server that it was copied from. The name of MySQL alone is copied
/// with the folder too, and MariaDB has none but a number that people give it.
std::string fingerprint(Connection& connection) {
  const std::string name = connection.server().mariadb ? "server_id" : "server_uuid";
  return fmt::format("{} {}, {}:{}, {}", name, globalVariable(connection, name), globalVariable(connection, "hostname"),
                     globalVariable(connection, "port"), globalVariable(connection, "datadir"));
}

bool hasTable(Connection& connection, std::string_view table) {
  return connection
      .value(fmt::format("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME = '{}'",
                         kControlSchema, table))
      .has_value();
}

}  // namespace

bool carriesStatements(const JobSpec& spec) {
  const bool listed = spec.policyConfig.supportDdlInfo && !spec.policyConfig.supportDdlInfo->empty();
  return listed || transfersDdl(spec);
}

std::optional<std::string> findIdentity(Connection& connection) {
  if (!hasTable(connection, "server")) return std::nullopt;
  const auto rows = connection.query(fmt::format("SELECT identity, fingerprint FROM {}.server", kControlSchema));
  if (rows.empty()) return std::nullopt;
  const std::string noted = rows[0].at(1).value_or("");
  const std::string now = fingerprint(connection);
  if (noted != now) throw Error(Msg::clonedServer, {connection.peer(), noted, now}, connection.origin());
  return rows[0].at(0).value_or("");
}

std::string makeIdentity(Connection& connection) {
  if (const auto found = findIdentity(connection)) return *found;
  const NamedLock setup(connection, kSetupLock, kSetupLockSeconds);
  for (const std::string& sql : serverTables()) connection.execute(sql);
  connection.execute(
      fmt::format("INSERT INTO {}.server (number, identity, fingerprint) VALUES (1, {}, {}) ON DUPLICATE KEY UPDATE "
                  "number = number",
                  kControlSchema, quoteText(newUuid()), quoteText(fingerprint(connection))));
  const auto made = findIdentity(connection);
  if (!made) throw Error(Msg::internal, {"the identity of a server is not there"}, connection.origin());
  return *made;
}

std::string identityOf(const EngineJob& job, Side side) {
  return makeIdentity(*Connection::open(connectOptions(job, side)));
}

std::string sourceOrigin(const EngineJob& job) {
  return isTwoWay(job.spec) ? identityOf(job, Side::source) : std::string(kUnknownOrigin);
}

std::string statementOrigins(Connection& connection) {
  std::string origins;
  if (!hasTable(connection, "direction")) return origins;
  for (const auto& row : connection.query(fmt::format("SELECT origins FROM {}.direction", kControlSchema)))
    origins = joinOrigins(origins, row.at(0).value_or(""));
  return origins;
}

void noteStatements(const EngineJob& job, Connection& target) {
  if (!isTwoWay(job.spec) || !carriesStatements(job.spec)) return;
  const auto source = Connection::open(connectOptions(job, Side::source));
  const std::string origins = joinOrigins(statementOrigins(*source), makeIdentity(*source));
  if (hasOrigin(origins, makeIdentity(target)))
    throw Error(Msg::crossField,
                {"policy_config.ddl_trans",
                 "statements of the target reach the source by another task (multi_write): "
                 "they may go in one direction only, set ddl_trans to false here"},
                Origin::request);
  target.execute(fmt::format("REPLACE INTO {}.direction (job_id, origins) VALUES ({}, {})", kControlSchema,
                             quoteText(job.id), quoteText(origins)));
}

}  // namespace drs::mysql
