#include "engine/mysql/control_tables.h"
#include "engine/mysql/grants.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/read_only.h"
#include "engine/mysql/two_way.h"
#include "transform/table_plan.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

// Checks of tasks with multi_write. All pass for others.

namespace drs::mysql {
namespace {

constexpr const char* kGroup = "consistency";

/// The source gets an identity in drs_ctl, which its log and those of the other servers refer to.
Verdict checkIdentities(ProbeState& state) {
  if (!isTwoWay(state.job().spec)) return passed();
  const auto source = findIdentity(state.source()), target = findIdentity(state.target());
  if (source && source == target)
    return failed(
        "source and target have the same identity in drs_ctl.server, so that changes of one could not be told "
        "from those of the other: if one was made as a copy of the other, DELETE FROM drs_ctl.server there");
  if (source) return passed();
  const Grants grants = Grants::read(state.source());
  NameList missing;
  for (const char* right : {"SELECT", "INSERT", "CREATE"})
    if (!grants.onDatabase(right, kControlSchema)) missing.add(right);
  if (!missing.empty())
    return failed(
        fmt::format("multi_write: the source's account has to make the identity of the server there; GRANT "
                    "SELECT, INSERT, CREATE ON {}.* (missing: {})",
                    kControlSchema, missing.text()));
  if (!isWritable(globalVariable(state.source(), "read_only")))
    return failed(
        "multi_write: the source is read-only and has no identity in drs_ctl.server yet; SET GLOBAL read_only = OFF");
  return passed();
}

/// The other direction finds our marks in the target's log, if they are there as whole rows.
Verdict checkMarks(ProbeState& state) {
  if (!isTwoWay(state.job().spec) || globalVariable(state.target(), "log_bin") != "ON") return passed();
  if (globalVariable(state.target(), "binlog_format") != "ROW")
    return failed(
        "multi_write: binlog_format is not ROW at the target, so that a task that reads its log could not tell "
        "what this one wrote; SET GLOBAL binlog_format = 'ROW'");
  const std::string image = globalVariable(state.target(), "binlog_row_image");
  if (image == "FULL" || image.empty()) return passed();
  return failed("multi_write: binlog_row_image is " + image + " at the target; SET GLOBAL binlog_row_image = 'FULL'");
}

Verdict checkDirection(ProbeState& state) {
  if (!isTwoWay(state.job().spec) || !carriesStatements(state.job().spec)) return passed();
  const auto target = findIdentity(state.target());
  if (!target || !hasOrigin(statementOrigins(state.source()), *target)) return passed();
  return failed(
      "multi_write: statements of the target (ALTER TABLE and the like) reach the source by another task; they "
      "may go in one direction only. Set policy_config.ddl_trans to false here, and leave out support_ddl_info");
}

std::uint64_t numberOf(Connection& connection, const char* variable) {
  const std::string text = globalVariable(connection, variable);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Selected tables whose keys the servers count up.
NameList countedTables(ProbeState& state) {
  std::set<TableName> selected;
  for (const TableSchemaPtr& table : state.selected()) selected.insert(table->name);
  NameList names;
  for (const std::string& database : state.databases())
    for (const auto& row :
         state.source().query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE EXTRA LIKE "
                              "'%auto_increment%' AND TABLE_SCHEMA = " +
                              quoteText(database))) {
      const TableName table{row.at(0).value_or(""), row.at(1).value_or("")};
      if (selected.contains(table)) names.add(printable(table));
    }
  return names;
}

/// Both servers give numbers: they must not give the same ones.
Verdict checkAutoIncrement(ProbeState& state) {
  if (!isTwoWay(state.job().spec)) return passed();
  const NameList counted = countedTables(state);
  if (counted.empty()) return passed();
  const std::uint64_t step = numberOf(state.source(), "auto_increment_increment"),
                      otherStep = numberOf(state.target(), "auto_increment_increment");
  const std::uint64_t offset = numberOf(state.source(), "auto_increment_offset"),
                      otherOffset = numberOf(state.target(), "auto_increment_offset");
  if (step > 1 && step == otherStep && offset % step != otherOffset % step) return passed();
  return skippable(fmt::format(
      "multi_write: both servers would give the same AUTO_INCREMENT values (auto_increment_increment {} and {}, "
      "auto_increment_offset {} and {}): {}. Set the same increment at all servers of the group, not less than their "
      "number, and another offset at each; skip this item if applications choose the values",
      step, otherStep, offset, otherOffset, counted.text()));
}

Verdict checkConflictPolicy(ProbeState& state) {
  const std::string policy = state.job().spec.policyConfig.conflictPolicy.value_or("stop");
  if (!isTwoWay(state.job().spec) || policy == "stop") return passed();
  return alarm("multi_write with conflict_policy " + policy +
               ": a row that is changed at two servers at the same time may stay different. Let each row be changed at "
               "one server only; compare often");
}

}  // namespace

const std::vector<Check>& twoWayChecks() {
  static const std::vector<Check> kChecks = {
      {"multiWriteIdentityCheck", kGroup, checkIdentities},
      {"multiWriteLogCheck", "log", checkMarks},
      {"multiWriteDdlDirectionCheck", kGroup, checkDirection},
      {"multiWriteAutoIncrementCheck", kGroup, checkAutoIncrement},
      {"multiWriteConflictCheck", kGroup, checkConflictPolicy},
  };
  return kChecks;
}

}  // namespace drs::mysql
