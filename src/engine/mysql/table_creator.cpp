#include "engine/mysql/table_creator.h"

#include "base/failpoint.h"
#include "engine/mysql/server_errors.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/table_splitter.h"

#include <algorithm>
#include <set>
#include <utility>

namespace drs::mysql {
namespace {

/// An index on a table of this size costs more as a statement of its own than row by row.
constexpr std::uint64_t kSmallTableBytes = 1U << 20U;

/// Where this is off, a TIMESTAMP without a default gets one, and the server's clock at every update. The column's
/// values are written all the same; so a server that does not let us switch it on is no obstacle.
void prepareTimestamps(Connection& connection) {
  try {
    connection.execute("SET SESSION explicit_defaults_for_timestamp = 1");
  } catch (const Error& error) {
    if (error.msg() != Msg::databaseError && error.msg() != Msg::accessDenied) throw;
  }
}

/// A server may add a column to tables without a key, or refuse them; what we make must be the source's table.
void allowKeylessTable(Connection& connection) {
  for (const std::string& variable : keylessObstacles(connection))
    connection.execute("SET SESSION " + variable + " = 0");
}

std::vector<TableName> targetsOf(const std::vector<const TablePlan*>& plans, std::size_t from = 0) {
  std::vector<TableName> names;
  for (std::size_t i = from; i < plans.size(); ++i) names.push_back(plans[i]->target);
  return names;
}

/// Says so of a table that stands where we wanted to create one.
[[noreturn]] void throwCreation(unsigned cause, const Error& error, const TableName& table) {
  constexpr unsigned kTableExists = 1050;
  if (cause == kTableExists) refuseTable(table, "it has appeared at the target");
  throw withTable(error, table);
}

}  // namespace

std::vector<std::string> keylessObstacles(Connection& connection) {
  std::vector<std::string> names;
  for (const auto& row :
       connection.query("SHOW SESSION VARIABLES WHERE Variable_name IN ('sql_generate_invisible_primary_key', "
                        "'sql_require_primary_key') AND Value = 'ON'"))
    names.push_back(row.at(0).value_or(""));
  return names;
}

void refuseTable(const TableName& table, const std::string& why) {
  throw Error(Msg::schemaDrift, {printable(table), why}, Origin::target);
}

bool isMadeWithRows(const EngineJob& job, const TablePlan& plan) {
  return syncTypesOf(job.spec).data && plan.group < 0 && sharesChunk(*plan.source, job.limits.chunkBytes);
}

TableCreator::TableCreator(const EngineJob& job, ControlTables control, Collations collations)
    : job_(job), control_(std::move(control)), collations_(std::move(collations)) {}

bool TableCreator::createsAllIndexes(const TablePlan& plan) const {
  return plan.secondaryIndexes &&
         (job_.spec.policyConfig.isCreateTableWithIndex.value_or(false) || plan.source->dataBytes < kSmallTableBytes);
}

void TableCreator::create(Connection& connection, const std::vector<const TablePlan*>& missing) const {
  if (missing.empty()) return;
  prepareTimestamps(connection);
  if (std::ranges::any_of(missing, [](const TablePlan* plan) { return plan->source->primaryKey.empty(); }))
    allowKeylessTable(connection);
  std::vector<TableDdl> definitions;
  for (const TablePlan* plan : missing) {
    definitions.push_back(rewriteTable(*plan->source, plan->target, collations_, createsAllIndexes(*plan)));
    for (const std::string& note : definitions.back().notes) job_.log.warn("{}: {}", printable(plan->target), note);
    for (const std::string& index : definitions.back().leftOut)
      job_.log.warn("{}: {}; it is left out", printable(plan->target), index);
  }
  control_.noteMade(connection, targetsOf(missing));
  failpoint("definitions.noted");
  std::size_t created = 0;
  try {
    for (; created < missing.size(); ++created) connection.execute(definitions[created].createSql);
  } catch (const Error& error) {
    if (error.msg() == Msg::connectionLost) throw;
    const unsigned cause = connection.lastErrno();
    // Not created: whoever creates them now is not we.
    control_.forgetMade(connection, targetsOf(missing, created));
    throwCreation(cause, error, missing[created]->target);
  }
}

void createTablesOf(const Chunk& chunk, const EngineJob& job, const ControlTables& control, Connection& connection,
                    const Plans& plans) {
  if (!chunk.after.empty() || !chunk.upTo.empty()) return;
  std::vector<const TablePlan*> missing;
  for (const std::size_t plan : chunk.plans)
    if (plans.at(plan).createTable) missing.push_back(&plans[plan]);
  if (missing.empty()) return;
  const std::set<TableName> made = control.madeOf(connection, targetsOf(missing));
  std::erase_if(missing, [&](const TablePlan* plan) {
    return made.contains(plan->target) && tableExists(connection, plan->target);
  });
  if (missing.empty()) return;
  TableCreator(job, control, Collations::read(connection)).create(connection, missing);
  // Another chunk of the job may have met a missing table meanwhile, and forgotten those that we had only noted.
  control.noteMade(connection, targetsOf(missing));
}

}  // namespace drs::mysql
