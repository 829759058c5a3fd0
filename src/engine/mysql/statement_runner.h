#pragma once

#include "engine/engine.h"
#include "engine/mysql/control_tables.h"
#include "engine/mysql/sink_session.h"
#include "engine/mysql/statement_plan.h"
#include "engine/mysql/statement_records.h"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::mysql {

/// Carries statements of the log over to the target, each once.
///
///   1. What the statement means: the definitions behind it and the text for the target (StatementPlanner).
///   2. Its intent, with a fingerprint of the target's objects, is written to `drs_ctl.ddl`.
///   3. It runs in a session that is set as the source's was.
///   4. The caller commits what run() returns with the mark.
///
/// Who dies between 2 and 4 finds the intent: if the objects are as they were before, the statement did not run. A
/// statement that the target refuses leaves no intent, so that people may change the objects before they try again.
///
/// A person may have decided about the statement (EngineJob::decision): it is skipped, or another one runs in its
/// place, under the same intent, which tells what it is of. Whoever finds the intent of one thing and is to do another
/// looks first whether the former has run; if so, it stands. One thread.
class StatementRunner {
 public:
  /// `plans` outlive this.
  StatementRunner(const EngineJob& job, const Plans& plans, DatabaseCollations collations);

  struct Outcome {
    std::vector<std::string> records;  ///< the statements that have to commit with the mark
    bool again = false;                ///< the mark has to stay at SchemaChange::again
  };
  /// `origins` stand in a comment before what is run. Throws Error: ddlNotSupported, what the target answers
  /// (databaseError), fenced, connectionLost.
  [[nodiscard]] Outcome run(const SchemaChange& change, const Transaction& transaction, const std::string& origins,
                            const Fence& fence, const std::stop_token& stop);

 private:
  /// What is to be done about a statement.
  struct Task {
    enum class Kind : std::uint8_t { original, skip, replace } kind = Kind::original;
    std::string sql;  ///< of replace
    bool operator==(const Task&) const = default;
  };
  [[nodiscard]] Task wanted(const SchemaChange& change, const Transaction& transaction, Connection& own) const;
  /// What the intent is of.
  [[nodiscard]] static Task begun(const StatementRecord& intent);
  /// The plan of what was wanted or, if something else was begun and has run, of that.
  [[nodiscard]] StatementPlan settle(Task& task, std::optional<StatementRecord>& intent, const SchemaChange& change,
                                     const Transaction& transaction, Connection& own) const;
  /// Sets a session as the source's was. What only decides how texts compare is left out where the target does not know
  /// it.
  void imitate(Connection& connection, const StatementSession& session) const;
  [[nodiscard]] StatementPlan plan(const Task& task, const SchemaChange& change, const Transaction& transaction,
                                   Connection& own) const;
  void carryOver(const StatementPlan& plan, const SchemaChange& change, StatementRecord& record, bool intended,
                 const std::string& tag, Connection& own);
  [[nodiscard]] std::vector<std::string> records(const StatementPlan& plan, const StatementRecord& record) const;

  const EngineJob& job_;
  const Plans& plans_;
  const DatabaseCollations collations_;
  const ControlTables control_;
  const StatementRecords records_;
  ConnectOptions options_;  ///< of what takes no time
  SinkSession session_;     ///< for the statements; a new connection ends what a lost one left running
};

}  // namespace drs::mysql
