
#include "engine/mysql/control_tables.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/log_purge.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/read_only.h"
#include "transform/foreign_keys.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <set>

// Checks of what the two accounts may do.

namespace drs::mysql {
namespace {

std::string grantRemedy(Connection& connection, const std::string& rights, const std::string& scope) {
  return "GRANT " + rights + " ON " + scope + " TO " + connection.value("SELECT CURRENT_USER()").value_or("");
}

/// SELECT on each selected table: by a grant that covers it, else by trying.
void checkReading(ProbeState& state, const Grants& grants, NameList& missing) {
  for (const TableSchemaPtr& table : state.selected()) {
    if (grants.onDatabase("SELECT", table->name.database)) continue;
    try {
      (void)state.source().query("SELECT 1 FROM " + quoteName(table->name) + " LIMIT 0");
    } catch (const Error& error) {
      if (error.msg() == Msg::connectionLost) throw;
      missing.add("SELECT on " + printable(table->name));
    }
  }
}

bool needsLocks(ProbeState& state) {
  const LogMode mode = state.sourceLogMode();
  if (mode == LogMode::mariadb || state.copiesWithoutLog()) return false;
  if (mode == LogMode::mysqlFile) return true;
  for (const ForeignKeyFamily& family : foreignKeyFamilies(state.selected()))
    if (family.hasActions) return true;
  return false;
}

Verdict checkSourceRights(ProbeState& state) {
  const Grants grants = Grants::read(state.source());
  NameList missing;
  const bool seesLog = grants.onServer("REPLICATION CLIENT") || grants.onServer("BINLOG MONITOR");
  if (!state.copiesWithoutLog()) {
    if (!seesLog) missing.add("REPLICATION CLIENT (BINLOG MONITOR)");
    if (!grants.onServer("REPLICATION SLAVE")) missing.add("REPLICATION SLAVE");
  }
  checkReading(state, grants, missing);
  if (state.hasFullPhase() && needsLocks(state)) {
    for (const std::string& database : state.databases())
      if (!grants.onDatabase("LOCK TABLES", database)) missing.add("LOCK TABLES on " + database);
  }
  if (missing.empty()) return passed();
  return failed("the source account lacks: " + missing.text() + ". For example: " +
                grantRemedy(state.source(), "SELECT, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE", "*.*"));
}

Verdict checkTargetRights(ProbeState& state) {
  const Grants grants = Grants::read(state.target());
  std::set<std::string> databases = {std::string(kControlSchema)};
  for (const TableSchemaPtr& table : state.selected())
    databases.insert(mappedName(state.job().spec, table->name).database);
  NameList missing;
  for (const std::string& database : databases) {
    std::string rights;
    for (const char* right : {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES"})
      if (!grants.onDatabase(right, database)) rights.append(rights.empty() ? "" : ", ").append(right);
    if (!rights.empty()) missing.add(rights.append(" on ").append(database));
  }
  if (missing.empty()) return passed();
  return failed(
      "the target account lacks: " + missing.text() + ". For example: " +
      grantRemedy(state.target(), "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES", "*.*"));
}

std::string rightsForReadOnly(const ReadOnlyRights& rights) {
  if (rights.setBy == rights.writeBy) return std::string(rights.setBy);
  return fmt::format("{}, {}", rights.setBy, rights.writeBy);
}

/// Whether the target takes writes of this account, also when it is set read-only (is_target_readonly).
Verdict checkTargetWritable(ProbeState& state) {
  Connection& target = state.target();
  const std::string readOnly = globalVariable(target, "read_only");
  if (globalVariable(target, "super_read_only") == "ON")
    return failed("the target is read-only for everybody; SET GLOBAL super_read_only = OFF");
  if (readOnly == "NO_LOCK_NO_ADMIN")
    return failed("the target is read-only for everybody (read_only = NO_LOCK_NO_ADMIN); SET GLOBAL read_only = ON");
  const ReadOnlyRights rights = readOnlyRights(Grants::read(target), target.server());
  const bool wanted = asksForReadOnly(state.job().spec);
  if (!rights.write && !isWritable(readOnly))
    return failed(
        "the target is read-only, and its account may not write all the same; SET GLOBAL read_only = OFF, or " +
        grantRemedy(target, std::string(rights.writeBy), "*.*"));
  if (!rights.write && wanted && rights.set)
    return failed("is_target_readonly: the target account may not write at a target that is read-only; " +
                  grantRemedy(target, std::string(rights.writeBy), "*.*") + ", or say is_target_readonly false");
  if (wanted && !rights.set)
    return alarm("is_target_readonly: the target account may not set the target read-only; " +
                 grantRemedy(target, rightsForReadOnly(rights), "*.*") + ", or keep applications from writing there");
  if (asksInVain(state.job().spec))
    return alarm(
        "is_target_readonly: only migration and disaster recovery with job_direction up set the target "
        "read-only; keep applications from writing there");
  return passed();
}

Verdict checkLogPurge(ProbeState& state) {
  if (!state.job().spec.baseInfo.isOpenFastClean.value_or(false) || state.sourceLogMode() == LogMode::none)
    return passed();
  const std::string missing = missingForPurge(state.source());
  if (missing.empty()) return passed();
  return alarm("is_open_fast_clean: the source's log will not be removed, because the source account lacks " + missing +
               "; for example: " + grantRemedy(state.source(), missing, "*.*"));
}

}  // namespace

const std::vector<Check>& rightsChecks() {
  static const std::vector<Check> kChecks = {
      {"srcDbPrivilegesIsEnoughForIncre", kPrivileges, checkSourceRights},
      {"srcBinlogCleanPrivilegesCheck", kPrivileges, checkLogPurge},
      {"dstDbPrivilegesIsEnough", kPrivileges, checkTargetRights},
      {"dstStatusCheck", kPrivileges, checkTargetWritable},
  };
  return kChecks;
}

}  // namespace drs::mysql
