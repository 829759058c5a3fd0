#include "engine/mysql/statement_runner.h"

#include "base/failpoint.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/position.h"
#include "engine/mysql/sink_definitions.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/statement_policy.h"
#include "model/statement_row.h"
#include "model/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

constexpr int kStatementTimeoutSeconds = 7 * 24 * 3600;    // a large table is rebuilt for hours without a word
constexpr std::string_view kReplacedBy = "replaced by: ";  // stored: begins the result of an intent, too
constexpr unsigned kNoSuchTable = 1146, kUnknownDatabase = 1049;

ConnectOptions patient(ConnectOptions options) {
  options.readTimeoutSeconds = kStatementTimeoutSeconds;
  return options;
}

/// The next AUTO_INCREMENT value is no part of a definition: some servers find it anew when they start.
std::string withoutAutoIncrement(std::string sql) {
  constexpr std::string_view kOption = " AUTO_INCREMENT=";
  const std::size_t at = sql.rfind(kOption);
  if (at == std::string::npos) return sql;
  std::size_t end = at + kOption.size();
  while (end < sql.size() && sql[end] >= '0' && sql[end] <= '9') ++end;
  return sql.erase(at, end - at);
}

/// Changes when any of the tables is defined otherwise, comes or goes.
std::string fingerprint(Connection& connection, const std::vector<TableName>& tables) {
  std::string text;
  for (const TableName& table : tables) {
    text += quoteName(table) + ":";
    try {
      const auto rows = connection.query("SHOW CREATE TABLE " + quoteName(table));
      text += rows.empty() ? "" : withoutAutoIncrement(rows[0].at(1).value_or(""));
    } catch (const Error&) {
      if (connection.lastErrno() != kNoSuchTable && connection.lastErrno() != kUnknownDatabase) throw;
    }
    text += "\n";
  }
  return connection.value("SELECT SHA2(" + quoteText(text) + ", 256)").value_or("");
}

}  // namespace

StatementRunner::StatementRunner(const EngineJob& job, const Plans& plans, DatabaseCollations collations)
    : job_(job),
      plans_(plans),
      collations_(std::move(collations)),
      control_(job.id),
      records_(job.id),
      options_(connectOptions(job, Side::target)),
      session_(patient(options_), control_) {}

void StatementRunner::imitate(Connection& connection, const StatementSession& session) const {
  for (const std::string& setting : session.settings) {
    try {
      connection.execute(setting);
    } catch (const Error& error) {
      const auto names = [&](std::string_view variable) { return setting.find(variable) != std::string::npos; };
      const bool optional = names("collation_connection") || names("default_collation_for_utf8mb4") ||
                            names("explicit_defaults_for_timestamp");
      if (error.msg() == Msg::connectionLost || !optional) throw;
      job_.log.info("left out at the target: {}: {}", setting, error.text());
    }
  }
  for (const std::string& variable : keylessObstacles(connection))
    connection.execute("SET SESSION " + variable + " = 0");
}

StatementPlan StatementRunner::plan(const Task& task, const SchemaChange& change, const Transaction& transaction,
                                    Connection& own) const {
  const StatementPlanner::World world{
      job_, plans_, collations_, fromPosition(transaction.end).mariadb, transaction.id, own, [&] {
        auto session = Connection::open(options_);
        imitate(*session, change.session);
        session->execute("SET SESSION foreign_key_checks = 0");
        return session;
      }};
  StatementPlanner planner(world, change);
  if (task.kind == Task::Kind::skip) return planner.skipped();
  return task.kind == Task::Kind::replace ? planner.replaced(task.sql) : planner.run();
}

StatementRunner::Task StatementRunner::wanted(const SchemaChange& change, const Transaction& transaction,
                                              Connection& own) const {
  const auto& decision = job_.decision;
  if (!decision || decision->transaction != transaction.id) return {};
  if (decision->fingerprint != StatementRecords::fingerprint(own, change.sql)) return {};
  if (decision->skip) return {Task::Kind::skip, {}};
  return {Task::Kind::replace, decision->replacement};
}

StatementRunner::Task StatementRunner::begun(const StatementRecord& intent) {
  if (!intent.result.starts_with(kReplacedBy)) return {};
  return {Task::Kind::replace, intent.result.substr(kReplacedBy.size())};
}

StatementPlan StatementRunner::settle(Task& task, std::optional<StatementRecord>& intent, const SchemaChange& change,
                                      const Transaction& transaction, Connection& own) const {
  if (intent && begun(*intent) != task) {
    const Task earlier = begun(*intent);
    StatementPlan plan = this->plan(earlier, change, transaction, own);
    if (fingerprint(own, plan.targets) != intent->before) {
      job_.log.warn("the decision about {} comes too late: what was begun before has run", transaction.id);
      task = earlier;
      return plan;
    }
    intent.reset();
  }
  return this->plan(task, change, transaction, own);
}

StatementRunner::Outcome StatementRunner::run(const SchemaChange& change, const Transaction& transaction,
                                              const std::string& origins, const Fence& fence,
                                              const std::stop_token& stop) {
  session_.drop();
  session_.adopt(fence);
  const std::stop_callback onStop(stop, [this] { session_.shutdown(); });
  (void)session_.fenced();  // ends a predecessor's session first
  const auto own = Connection::open(options_);
  auto intent = records_.find(*own, transaction.id);
  if (intent && intent->state != StatementState::intent) intent.reset();
  StatementRecord record{
      transaction.id, transaction.end, StatementState::intent, transaction.commitMillis, change.sql, {}, {}};
  bool planned = false;
  try {
    Task task = wanted(change, transaction, *own);
    const StatementPlan plan = settle(task, intent, change, transaction, *own);
    planned = true;
    if (intent) record.before = intent->before;
    Outcome outcome;
    outcome.again = !change.again.empty() && task.kind != Task::Kind::skip;
    if (outcome.again && plan.changes.tables.empty()) throwStopped("its rows have no place at the target");
    if (task.kind == Task::Kind::skip) {
      record.state = StatementState::skipped;
      record.result = "a person decided so";
    } else if (plan.sql.empty()) {
      record.state = plan.filteredBy.empty() ? StatementState::done : StatementState::filtered;
      record.result = plan.filteredBy.empty() ? "nothing to do at the target" : "filtered by " + plan.filteredBy;
    } else {
      if (task.kind == Task::Kind::replace) record.result = std::string(kReplacedBy) + task.sql;
      carryOver(plan, change, record, intent.has_value(), originTag(origins), *own);
      record.state = task.kind == Task::Kind::replace ? StatementState::replaced : StatementState::done;
    }
    job_.log.info("{}, {}: {}", toText(record.state), record.result, shortened(change.sql, kShownStatement));
    outcome.records = records(plan, record);
    return outcome;
  } catch (const Error& error) {
    const bool answered = error.msg() == Msg::ddlNotSupported || error.msg() == Msg::databaseError ||
                          error.msg() == Msg::definitionNotSupported || error.msg() == Msg::schemaDrift;
    if (!answered) throw;
    record.state = StatementState::failed;
    record.before.clear();
    record.result = error.msg() == Msg::ddlNotSupported ? error.args().at(0) : error.text();
    // An intent of which nobody knows yet whether it has run stays.
    if (planned || !intent) own->execute(records_.write(record));
    throw Error(Msg::ddlNotSupported, {fmt::format("{}: {}", record.result, shortened(change.sql, kShownStatement))},
                error.origin());
  }
}

void StatementRunner::carryOver(const StatementPlan& plan, const SchemaChange& change, StatementRecord& record,
                                bool intended, const std::string& tag, Connection& own) {
  // Ends a predecessor's session first, and what it sent and the network still holds: what the recovery goes by is
  // written in this session alone.
  Connection& connection = session_.fenced();
  const std::string now = fingerprint(own, plan.targets);
  const bool ran = intended && now != record.before && !plan.repeatable;
  if (!ran) {
    if (!intended) {
      for (const TableName& table : plan.makes)
        if (tableExists(own, table))
          throwStopped(fmt::format("{}.{} stands at the target already", table.database, table.table));
      for (const std::string& sql : plan.prepare) connection.execute(sql);
      record.before = fingerprint(own, plan.targets);
      connection.execute(records_.write(record));
    }
    control_.noteMade(connection, plan.makes);
    failpoint("ddl.intended");
    try {
      imitate(connection, change.session);
      if (plan.isUnicode) connection.execute("SET NAMES utf8mb4");
      for (const std::string& sql : plan.sql) connection.execute(tag + sql);
    } catch (const Error& error) {
      if (error.msg() == Msg::databaseError) control_.forgetMade(own, plan.makes);  // they may become somebody else's
      throw;
    }
    failpoint("ddl.executed");
    session_.drop();  // its settings are the statement's
  }
  if (!plan.cleanup.empty()) own.execute("SET SESSION foreign_key_checks = 0");
  for (const std::string& sql : plan.cleanup) own.execute(sql);
  if (record.result.empty()) record.result = ran ? "carried over before a restart" : "carried over";
}

std::vector<std::string> StatementRunner::records(const StatementPlan& plan, const StatementRecord& record) const {
  std::vector<std::string> out{records_.write(record)};
  for (const DefinitionChange& change : plan.changes.tables) out.push_back(records_.write(change));
  for (const auto& [database, collation] : plan.changes.collations)
    out.push_back(records_.writeCollation(database, collation));
  if (std::string sql = control_.forgetMadeStatement(plan.unmakes); !sql.empty()) out.push_back(std::move(sql));
  return out;
}

}  // namespace drs::mysql
