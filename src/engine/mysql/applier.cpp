#include "engine/mysql/applier.h"

#include "base/failpoint.h"
#include "base/task_group.h"
#include "engine/mysql/applier_rows.h"
#include "engine/mysql/missing_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

using namespace std::chrono_literals;

constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kFirstPause = 20ms, kLongestPause = 2s;
constexpr std::size_t kShownStatementBytes = 200;

std::string shortened(const std::string& sql) {
  if (sql.size() <= kShownStatementBytes) return sql;
  return sql.substr(0, kShownStatementBytes) + "…";
}

}  // namespace

Applier::Applier(SinkSession& session, Log log)
    : session_(session), log_(std::move(log)), batch_(kStatementBytes, kStatementBytes, [this] { flush(); }) {}

void Applier::start(const StoredMark& mark) {
  position_ = mark.position;
  sequence_ = mark.sequence;
  unsettled_ = false;
  targets_.clear();
  made_.reset();
}

Applier::Work Applier::examine(const std::vector<Transaction>& transactions, const Plans& plans,
                               const std::vector<bool>& tolerant) {
  Work work{transactions, plans, tolerant};
  std::size_t changes = 0;
  for (const Transaction& transaction : transactions) {
    changes += transaction.changes.size();
    for (const ChangeEvent& event : transaction.changes) {
      const auto* schemaChange = std::get_if<SchemaChange>(&event);
      if (schemaChange == nullptr) continue;
      if (schemaChange->kind != SchemaChange::Kind::truncate)
        throw Error(Msg::ddlNotSupported, {shortened(schemaChange->sql)}, Origin::source);
      work.truncate = schemaChange;
    }
  }
  work.empty = changes == 0;
  if (work.truncate != nullptr && changes != 1)
    throw Error(Msg::internal, {"a TRUNCATE came together with other changes"}, Origin::source);
  return work;
}

ApplyStats Applier::apply(const std::vector<Transaction>& transactions, const Plans& plans,
                          const std::vector<bool>& tolerant, const std::stop_token& stop) {
  if (unsettled_)
    throw Error(Msg::connectionLost, {"the target", "the outcome of an earlier commit is unknown"}, Origin::target);
  if (transactions.empty()) return {};
  const Work work = examine(transactions, plans, tolerant);
  if (work.empty && transactions.back().end == position_) return {};
  const std::stop_callback onStop(stop, [this] { session_.shutdown(); });
  bool single = false;
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempts = 1;; ++attempts) {
    try {
      ApplyStats stats;
      if (!(unsettled_ && hasMoved())) {
        unsettled_ = false;
        single = attempt(work, single, stats) == Result::unexpected;
        if (single) continue;
      }
      unsettled_ = false;
      position_ = transactions.back().end;
      ++sequence_;
      return stats;
    } catch (const Error& error) {
      batch_.clear();
      batch_.forgetSession();
      const bool lost = error.msg() == Msg::connectionLost;
      lost ? session_.drop() : session_.rollback();
      unsettled_ = (unsettled_ || lost) && error.msg() != Msg::fenced;  // the fence is an answer too
      if (error.action() != Action::retry && error.msg() != Msg::fenced) forgetMissing(session_);
      if (error.action() != Action::retry || attempts == kAttempts || stop.stop_requested()) throw;
      log_.info("applying again: {}", error.text());
    }
    if (!sleepFor(pause, stop))
      throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
    pause = std::min(pause * 2, kLongestPause);
  }
}

bool Applier::hasMoved() {
  Connection& connection = session_.fenced();
  StoredMark mark;
  inTransaction(connection, [&] { mark = session_.control().lockedMark(connection, session_.fenceNumbers()); });
  if (mark.sequence == sequence_ + 1) return true;
  if (mark.sequence == sequence_) return false;
  throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
}

void Applier::requireOurs(const TablePlan& plan) {
  if (!plan.createTable) return;
  if (!made_) made_ = session_.control().made(*connection_);
  if (!made_->contains(plan.target))
    throw Error(Msg::schemaDrift, {plan.target.database + "." + plan.target.table, kNotOurs}, Origin::target);
}

void Applier::readTargets(const Work& work) {
  for (const Transaction& transaction : work.transactions) {
    for (const ChangeEvent& event : transaction.changes) {
      const auto* rows = std::get_if<RowsChange>(&event);
      if (rows == nullptr || targets_.contains(rows->plan)) continue;
      requireOurs(work.plans.at(rows->plan));
      targets_[rows->plan] = std::make_unique<TargetTable>(readTargetTable(*connection_, work.plans.at(rows->plan)));
    }
  }
}

Applier::Result Applier::attempt(const Work& work, bool single, ApplyStats& stats) {
  connection_ = &session_.fenced();
  if (work.empty) {
    moveMark(work.transactions.back().end);
    return Result::committed;
  }
  if (work.truncate != nullptr) {
    applyTruncate(work);
    return Result::committed;
  }
  readTargets(work);
  batch_.resize(session_.statementBytes(), session_.rowBytes());
  unexpected_ = false;
  single_ = single;
  const std::string mark =
      session_.control().moveMark(session_.fenceNumbers(), work.transactions.back().end, sequence_);
  if (single) {
    connection_->execute("START TRANSACTION");
    runMark(mark);
    applySingly(work, stats);
    return Result::committed;
  }
  batch_.add("START TRANSACTION", StatementBatch::Expect::nothing);
  batch_.add(mark, StatementBatch::Expect::fence);
  return applyRows(work, stats);
}

Applier::Result Applier::applyRows(const Work& work, ApplyStats& stats) {
  for (const Transaction& transaction : work.transactions) {
    for (const ChangeEvent& event : transaction.changes) {
      const auto& change = std::get<RowsChange>(event);
      const bool tolerant = work.tolerant.at(change.plan);
      batch_.foreignKeyChecks(!tolerant && change.foreignKeyChecks);
      addRows(change, target(change.plan), tolerant);
      stats.rows += change.op == RowOp::update ? change.rows.rows() / 2 : change.rows.rows();
    }
  }
  flush();
  if (unexpected_) {
    session_.rollback();
    batch_.forgetSession();
    return Result::unexpected;
  }
  commit();
  return Result::committed;
}

void Applier::addRows(const RowsChange& change, const TargetTable& target, bool tolerant) {
  const RowBatch& rows = change.rows;
  const std::size_t step = change.op == RowOp::update ? 2 : 1;
  for (std::size_t row = 0; row + step <= rows.rows(); row += step) {
    if (change.op == RowOp::remove) {
      batch_.remove(target.writer, rows, row, !tolerant);
    } else if (change.op == RowOp::update && !tolerant) {
      batch_.update(target.writer, rows, row, row + 1, target.clockColumns);
    } else if (change.op == RowOp::update) {
      if (target.writer.keyChanged(rows, row, row + 1)) batch_.remove(target.writer, rows, row, false);
      batch_.replace(target.writer, rows, row + 1);
    } else if (tolerant) {
      batch_.replace(target.writer, rows, row);
    } else {
      batch_.insert(target.writer, rows, row);
    }
  }
}

void Applier::applySingly(const Work& work, ApplyStats& stats) {
  for (const Transaction& transaction : work.transactions) {
    for (const ChangeEvent& event : transaction.changes) {
      const auto& change = std::get<RowsChange>(event);
      const TargetTable& table = target(change.plan);
      const bool tolerant = work.tolerant.at(change.plan);
      RowApplier applier(*connection_, batch_, work.plans[change.plan], table, log_, stats);
      batch_.foreignKeyChecks(!tolerant && change.foreignKeyChecks);
      const std::size_t step = change.op == RowOp::update ? 2 : 1;
      for (std::size_t row = 0; row + step <= change.rows.rows(); row += step) {
        ++stats.rows;
        if (tolerant && change.op == RowOp::update && table.writer.keyChanged(change.rows, row, row + 1)) {
          batch_.remove(table.writer, change.rows, row, false);
          applier.run();
        }
        if (tolerant) {
          const std::size_t image = row + step - 1;
          change.op == RowOp::remove ? batch_.remove(table.writer, change.rows, image, false)
                                     : batch_.replace(table.writer, change.rows, image);
          applier.run();
        } else if (change.op == RowOp::insert) {
          applier.insert(change.rows, row);
        } else if (change.op == RowOp::update) {
          applier.update(change.rows, row, row + 1);
        } else {
          applier.remove(change.rows, row);
        }
      }
    }
  }
  commit();
}

void Applier::flush() {
  batch_.close();
  if (!batch_.empty() && !unexpected_) {
    try {
      const std::vector<Connection::Outcome> outcomes = connection_->executeAll(batch_.sql());
      const auto& expectations = batch_.expectations();
      unexpected_ = outcomes.size() != expectations.size();
      for (std::size_t i = 0; i < outcomes.size() && !unexpected_; ++i) {
        const StatementBatch::Expectation& expected = expectations[i];
        if (expected.expect == StatementBatch::Expect::fence && outcomes[i].affected != 1)
          throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
        if (expected.expect == StatementBatch::Expect::rows && outcomes[i].affected != expected.count)
          unexpected_ = true;
        if (expected.expect != StatementBatch::Expect::nothing && outcomes[i].warnings != expected.warnings)
          unexpected_ = true;
      }
    } catch (const Error& error) {
      // Once more, row by row, it will be said which statement it was. There nothing that failed may be passed over:
      // the transaction would be committed without it.
      if (single_ || error.msg() != Msg::databaseError) throw;
      unexpected_ = true;
    }
  }
  batch_.clear();
}

void Applier::commit() {
  failpoint("sink.before_commit");
  try {
    connection_->execute("COMMIT");
  } catch (const Error& error) {
    // Whatever the server says of a commit that failed, the mark alone is believed.
    if (error.msg() == Msg::connectionLost) throw;
    throw Error(Msg::connectionLost, {connection_->peer(), "the commit was refused: " + error.text()}, Origin::target);
  }
  failpoint("sink.after_commit");
}

void Applier::moveMark(const Position& position) {
  failpoint("sink.before_commit");
  runMark(session_.control().moveMark(session_.fenceNumbers(), position, sequence_));
  failpoint("sink.after_commit");
}

void Applier::runMark(const std::string& sql) {
  if (connection_->execute(sql).affected != 1) throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
}

void Applier::applyTruncate(const Work& work) {
  const TablePlan& plan = work.plans.at(work.truncate->plan);
  // The source allowed it, so no foreign key there stood against it; here a child table may be waiting for its own.
  connection_->execute("SET foreign_key_checks = 0");
  batch_.forgetSession();
  connection_->execute("TRUNCATE TABLE " + quoteName(plan.target));
  moveMark(work.transactions.back().end);
}

}  // namespace drs::mysql
