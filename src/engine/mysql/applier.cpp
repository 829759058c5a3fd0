#include "engine/mysql/applier.h"

#include "base/failpoint.h"
#include "base/task_group.h"
#include "engine/mysql/applier_rows.h"
#include "engine/mysql/missing_tables.h"
#include "engine/mysql/origins.h"

#include <fmt/format.h>

#include <algorithm>

namespace drs::mysql {
namespace {

using namespace std::chrono_literals;

constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kFirstPause = 20ms, kLongestPause = 2s;

/// In an open window a row that is not there, or gives way to another one, is made whole by an image of it. One that
/// has not all columns will do if the row is there, or will be deleted: as long as no other key than that of the row
/// can make it give way, and that key stays.
void requireMendable(const RowsChange& change, std::size_t row, const TargetTable& target) {
  if (target.hasOneKey && !target.writer.keyChanged(change.rows, row, row + 1)) return;
  throw Error(Msg::logUnsupported,
              {fmt::format("an update of {}, key {}, that leaves columns out, while the copy of the table is not "
                           "complete{}",
                           target.writer.table(), target.writer.printableKey(change.rows, row),
                           target.hasOneKey ? " and the update changes the key" : " and it has further unique keys"),
               "Set binlog_row_image=FULL at the source, also for each session, then reset the task."},
              Origin::source);
}

}  // namespace

Applier::Applier(SinkSession& session, ApplierWorld& world, std::size_t number, std::uint64_t sequence, Log log)
    : session_(session),
      world_(world),
      number_(number),
      log_(std::move(log)),
      targets_(world.plans.size()),
      batch_(kStatementBytes, kStatementBytes, [this] { flush(); }),
      sequence_(sequence) {}

Applier::Work Applier::examine(const ApplyBatch& batch, Turn& turn) const {
  Work work{batch, world_.base + batch.number, turn};
  std::size_t changes = 0;
  for (const Transaction& transaction : batch.transactions) {
    changes += transaction.changes.size();
    if (transaction.stored) {  // more rows than can be arranged
      ++changes;
      work.rows += RowOrder::kMostRows + 1;
    }
    for (const ChangeEvent& event : transaction.changes) {
      if (const auto* rows = std::get_if<RowsChange>(&event)) {
        work.rows += rows->rows.rows();
        continue;
      }
      const auto& schemaChange = std::get<SchemaChange>(event);
      (schemaChange.kind == SchemaChange::Kind::truncate ? work.truncate : work.statement) = &schemaChange;
    }
  }
  work.empty = changes == 0;
  if ((work.truncate != nullptr || work.statement != nullptr) && changes != 1)
    throw Error(Msg::internal, {"a statement came together with other changes"}, Origin::source);
  return work;
}

ApplyStats Applier::apply(const ApplyBatch& batch, Turn& turn, const std::stop_token& stop) {
  if (unsettled_)
    throw Error(Msg::connectionLost, {"the target", "the outcome of an earlier commit is unknown"}, Origin::target);
  Work work = examine(batch, turn);
  const std::stop_callback onStop(stop, [this] { session_.shutdown(); });
  ApplyStats stats = applyWork(work, stop);
  sequence_ = work.sequence;
  world_.durable = work.sequence;  // in the order of the batches: the next one waits for this call's end
  return stats;
}

ApplyStats Applier::applyWork(Work& work, const std::stop_token& stop) {
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempts = 1;; ++attempts) {
    const bool isHead = work.turn.isHead();
    try {
      ApplyStats stats;
      const Result result = unsettled_ && hasMoved(work) ? Result::committed : attempt(work, stats, stop);
      unsettled_ = false;
      if (result == Result::committed) return stats;
      rollBack();
      // What an earlier batch has not committed yet may be what was missing.
      work.single = result == Result::unexpected && isHead;
    } catch (const Error& error) {
      recover(error);
      if (stop.stop_requested() || error.msg() == Msg::fenced) throw;
      log_.info("applying again: {}", error.text());
      if (isHead) {
        if (error.action() != Action::retry) forgetMissing(session_);
        if (error.action() != Action::retry || attempts >= kAttempts) throw;
        if (!sleepFor(pause, stop))
          throw Error(Msg::connectionLost, {"the target", "the task was stopped"}, Origin::target);
        pause = std::min(pause * 2, kLongestPause);
      }
    }
    if (!isHead) attempts = 0;
    work.turn.awaitHead();
  }
}

void Applier::recover(const Error& error) {
  batch_.clear();
  batch_.forgetSession();
  const bool lost = error.msg() == Msg::connectionLost;
  lost ? session_.drop() : session_.rollback();
  unsettled_ = (unsettled_ || lost) && error.msg() != Msg::fenced;  // the fence is an answer too
}

void Applier::rollBack() {
  batch_.clear();
  session_.rollback();
  batch_.forgetSession();
}

Connection& Applier::connect(const Work& work) {
  Connection& connection = session_.fenced();
  if (checked_ == session_.name()) return connection;
  work.turn.awaitHead();  // only then is it known what must be there
  if (session_.control().furthestMark(connection) < world_.durable)
    throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
  checked_ = session_.name();
  return connection;
}

bool Applier::hasMoved(const Work& work) {
  Connection& connection = connect(work);
  std::uint64_t stored = 0;
  inTransaction(connection,
                [&] { stored = session_.control().lockedMark(connection, session_.fenceNumbers(), number_); });
  if (stored == work.sequence) return true;
  if (stored == sequence_) return false;
  throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
}

void Applier::readTargets(const Work& work) {
  const auto read = [&](std::size_t plan) {
    if (targets_.at(plan) == nullptr) targets_[plan] = &world_.tables.get(plan, *connection_);
  };
  for (const Transaction& transaction : work.batch.transactions) {
    for (const ChangeEvent& event : transaction.changes)
      if (const auto* rows = std::get_if<RowsChange>(&event)) read(rows->plan);
    if (!transaction.stored) continue;
    for (const std::size_t plan : transaction.stored->plans()) read(plan);
  }
}

Applier::Result Applier::attempt(const Work& work, ApplyStats& stats, const std::stop_token& stop) {
  if (work.empty || work.truncate != nullptr || work.statement != nullptr)
    work.turn.awaitHead();  // these commit by themselves
  work.turn.begin();
  connection_ = &connect(work);
  if (work.empty) return moveMark(work);
  if (work.truncate != nullptr) return applyTruncate(work);
  if (work.statement != nullptr) return applyStatement(work, stop);
  readTargets(work);
  batch_.resize(session_.statementBytes(), session_.rowBytes());
  unexpected_ = false;
  single_ = work.single;
  if (work.single) return applySingly(work, stats);
  batch_.add("START TRANSACTION", StatementBatch::Expect::nothing);
  batch_.add(markStatement(work), StatementBatch::Expect::fence);
  return applyRows(work, stats);
}

Applier::Result Applier::applyRows(const Work& work, ApplyStats& stats) {
  const std::vector<bool>& tolerant = work.batch.tolerant;
  const bool anyTolerant = std::find(tolerant.begin(), tolerant.end(), true) != tolerant.end();
  for (const Transaction& transaction : work.batch.transactions) {
    forEachRows(transaction, [&](const RowsChange& change) {
      stats.rows += change.op == RowOp::update ? change.rows.rows() / 2 : change.rows.rows();
      if (anyTolerant || work.rows > RowOrder::kMostRows) addRows(change, target(change.plan), tolerant[change.plan]);
      return !unexpected_;
    });
  }
  if (!anyTolerant && work.rows <= RowOrder::kMostRows) addArranged(work);
  flush();
  if (unexpected_) return Result::unexpected;
  return commit(work);
}

void Applier::addArranged(const Work& work) {
  order_.clear();
  for (const Transaction& transaction : work.batch.transactions) {
    for (const ChangeEvent& event : transaction.changes) {
      const auto& change = std::get<RowsChange>(event);
      order_.add(change, target(change.plan));
    }
  }
  std::uint32_t level = 0;
  for (const RowOrder::Entry& entry : order_.arrange()) {
    if (entry.level != level) batch_.close();  // what depends on others comes in a statement behind theirs
    level = entry.level;
    batch_.foreignKeyChecks(entry.change->foreignKeyChecks);
    if (entry.shape != 0)
      batch_.update(entry.table->writer, entry.table->merge, entry.shape, entry.change->rows, entry.row,
                    entry.table->clockColumns);
    else
      addRow(*entry.change, entry.row, *entry.table, false);
  }
}

void Applier::addRows(const RowsChange& change, const TargetTable& target, bool tolerant) {
  batch_.foreignKeyChecks(!tolerant && change.foreignKeyChecks);
  const std::size_t step = change.op == RowOp::update ? 2 : 1;
  for (std::size_t row = 0; row + step <= change.rows.rows(); row += step) addRow(change, row, target, tolerant);
}

void Applier::addRow(const RowsChange& change, std::size_t row, const TargetTable& target, bool tolerant) {
  const RowBatch& rows = change.rows;
  if (change.op == RowOp::remove) {
    batch_.remove(target.writer, target.keyIndex, rows, row, !tolerant);
  } else if (change.op == RowOp::update && !tolerant) {
    batch_.update(target.writer, rows, row, row + 1, target.clockColumns);
  } else if (change.op == RowOp::update && target.writer.isPartial(rows, row + 1)) {
    requireMendable(change, row, target);
    batch_.update(target.writer, rows, row, row + 1, target.clockColumns, false);
  } else if (change.op == RowOp::update) {
    if (target.writer.keyChanged(rows, row, row + 1)) batch_.remove(target.writer, target.keyIndex, rows, row, false);
    batch_.replace(target.writer, rows, row + 1);
  } else if (tolerant) {
    batch_.replace(target.writer, rows, row);
  } else {
    batch_.insert(target.writer, rows, row);
  }
}

Applier::Result Applier::applySingly(const Work& work, ApplyStats& stats) {
  connection_->execute("START TRANSACTION");
  runMark(markStatement(work));
  ConflictNotes notes(world_.conflicts, *connection_);
  for (const Transaction& transaction : work.batch.transactions) {
    forEachRows(transaction, [&](const RowsChange& change) {
      const TargetTable& table = target(change.plan);
      const bool tolerant = work.batch.tolerant.at(change.plan);
      RowApplier applier({*connection_, batch_, log_, stats, notes}, world_.plans[change.plan], table, transaction.id);
      batch_.foreignKeyChecks(!tolerant && change.foreignKeyChecks);
      const std::size_t step = change.op == RowOp::update ? 2 : 1;
      for (std::size_t row = 0; row + step <= change.rows.rows(); row += step) {
        ++stats.rows;
        if (tolerant && change.op == RowOp::update && table.writer.isPartial(change.rows, row + 1)) {
          addRow(change, row, table, true);
          applier.run();
          continue;
        }
        if (tolerant && change.op == RowOp::update && table.writer.keyChanged(change.rows, row, row + 1)) {
          batch_.remove(table.writer, table.keyIndex, change.rows, row, false);
          applier.run();
        }
        if (tolerant) {
          const std::size_t image = row + step - 1;
          change.op == RowOp::remove ? batch_.remove(table.writer, table.keyIndex, change.rows, image, false)
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
      return true;
    });
  }
  notes.write();
  return commit(work);
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

Applier::Result Applier::commit(const Work& work) {
  if (!work.turn.awaitCommit()) return Result::gaveWay;
  failpoint("sink.before_commit");
  try {
    connection_->execute("COMMIT");
  } catch (const Error& error) {
    // Whatever the server says of a commit that failed, the mark alone is believed.
    if (error.msg() == Msg::connectionLost) throw;
    throw Error(Msg::connectionLost, {connection_->peer(), "the commit was refused: " + error.text()}, Origin::target);
  }
  failpoint("sink.after_commit");
  return Result::committed;
}

std::string Applier::markStatement(const Work& work) const {
  return markStatement(work, work.batch.transactions.back().end);
}

std::string Applier::markStatement(const Work& work, const Position& position) const {
  return session_.control().moveMark(session_.fenceNumbers(), number_, position, sequence_, work.sequence,
                                     originsOf(work));
}

std::string Applier::originsOf(const Work& work) const {
  return joinOrigins(work.batch.transactions.front().origins, world_.origin);
}

Applier::Result Applier::moveMark(const Work& work) {
  failpoint("sink.before_commit");
  runMark(markStatement(work));
  failpoint("sink.after_commit");
  return Result::committed;
}

void Applier::runMark(const std::string& sql) {
  if (connection_->execute(sql).affected != 1) throw Error(Msg::fenced, {"the mark of this job"}, Origin::target);
}

Applier::Result Applier::applyTruncate(const Work& work) {
  const TablePlan& plan = world_.plans.at(work.truncate->plan);
  // The source allowed it, so no foreign key there stood against it; here a child table may be waiting for its own.
  connection_->execute("SET foreign_key_checks = 0");
  batch_.forgetSession();
  connection_->execute(originTag(originsOf(work)) + "TRUNCATE TABLE " + quoteName(plan.target));
  return moveMark(work);
}

Applier::Result Applier::applyStatement(const Work& work, const std::stop_token& stop) {
  const StatementRunner::Outcome outcome = world_.statements.run(*work.statement, work.batch.transactions.front(),
                                                                 originsOf(work), session_.fenceNumbers(), stop);
  connection_->execute("START TRANSACTION");
  runMark(outcome.again ? markStatement(work, work.statement->again) : markStatement(work));
  for (const std::string& record : outcome.records) connection_->execute(record);
  return commit(work);
}

}  // namespace drs::mysql
