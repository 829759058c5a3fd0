#include "engine/mysql/log_group.h"

#include "base/ascii.h"
#include "engine/mysql/column_types.h"
#include "wire/mysql/wire_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace drs::mysql {
namespace {

/// Events of one kind on one table are joined up to this size, so that small events do not cost a batch each.
constexpr std::size_t kJoinBytes = 1U << 20U;
/// A prepared transaction may wait for long: no more than this of it in memory.
constexpr std::size_t kFewBytes = 64U << 10U;

RowOp opOf(RowsKind kind) {
  switch (kind) {
    case RowsKind::write:
      return RowOp::insert;
    case RowsKind::update:
      return RowOp::update;
    case RowsKind::remove:
      return RowOp::remove;
  }
  return RowOp::insert;
}

bool isTransactional(const std::string& engine) {
  const std::string name = lowerCase(engine);
  return name == "innodb" || name == "rocksdb" || name == "tokudb" || name == "ndbcluster";
}

/// A rollback at the source does not take back what such an engine has stored.
void refuseLasting(const TableSchema& schema) {
  if (isTransactional(schema.engine)) return;
  throwUnsupported(fmt::format("a rollback of changes to {}.{}, whose engine {} keeps them", schema.name.database,
                               schema.name.table, schema.engine),
                   "Use InnoDB for the table, then reset the task.");
}

}  // namespace

void LogGroup::clear() {
  id.clear();
  gtid.reset();
  mariadbGtid.reset();
  commitMicros = 0;
  beatMillis = 0;
  repeated = false;
  rowsFollow = false;
  xid.clear();
  origins.clear();
  markedBy.clear();
  returns = false;
  discard();
}

void LogGroup::discard() {
  spill_.reset();
  changes_.clear();
  savepoints_.clear();
  bytes_ = 0;
  schemaChanged_ = false;
  sealed_ = false;
}

RowsChange& LogGroup::changeFor(const RowsEvent& event, std::size_t plan) {
  const RowOp op = opOf(event.kind);
  if (!changes_.empty() && !sealed_) {
    auto* last = std::get_if<RowsChange>(&changes_.back());
    if (last != nullptr && last->op == op && last->plan == plan && last->foreignKeyChecks == event.foreignKeyChecks &&
        last->rows.bytes() + event.rows.size() < kJoinBytes) {
      return *last;
    }
  }
  sealed_ = false;
  RowsChange change{op, RowBatch((*scope_.plans)[plan].source), plan, event.foreignKeyChecks};
  return std::get<RowsChange>(changes_.emplace_back(std::move(change)));
}

void LogGroup::addRows(const RowsEvent& event, const LogTables::Table& table) {
  if (schemaChanged_) return;
  RowsChange& change = changeFor(event, *table.plan);
  const std::size_t before = change.rows.bytes();
  appendRows(event, table, change.rows);
  bytes_ += change.rows.bytes() - before;
  if (bytes_ + (spill_ ? spill_->size() : 0) > limits_.mostBytes) refuseTooLarge();
  if (bytes_ > limits_.memoryBytes && !limits_.spillFolder.empty()) spill();
}

void LogGroup::refuseTooLarge() const {
  throw Error(Msg::limitExceeded,
              {fmt::format("The transaction {} of the source (setting [worker] max_transaction_bytes)", id),
               fmt::format("more than {} bytes", limits_.mostBytes), fmt::format("{} bytes", limits_.mostBytes)},
              Origin::source);
}

void LogGroup::spill() {
  if (!spill_) spill_ = std::make_shared<SpillFile>(limits_.spillFolder, *scope_.plans);
  // Savepoints stand in the order of their places.
  auto point = std::find_if(savepoints_.begin(), savepoints_.end(),
                            [&](const Savepoint& s) { return s.place.spilled == spill_->size(); });
  const auto settle = [&](std::size_t written) {
    for (; point != savepoints_.end() && point->place.changes == written; ++point) point->place = {spill_->size(), 0};
  };
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    settle(i);
    spill_->append(std::get<RowsChange>(changes_[i]));
  }
  settle(changes_.size());
  changes_.clear();
  bytes_ = 0;
}

void LogGroup::addSchemaChange(SchemaChange change) {
  if (schemaChanged_) return;
  schemaChanged_ = true;
  bytes_ = change.sql.size();
  spill_.reset();
  changes_.clear();
  changes_.emplace_back(std::move(change));
}

/// Savepoint names have neither case nor, in letters outside of ASCII, accents; the newest of equal names counts.
LogGroup::Found LogGroup::find(const std::string& name) {
  const std::string wanted = lowerCase(name);
  for (auto at = savepoints_.end(); at != savepoints_.begin();) {
    --at;
    if (lowerCase(at->name) == wanted) return {at, true};
    if (!isAscii(at->name) || !isAscii(name)) return {at, false};
  }
  return {savepoints_.end(), true};
}

void LogGroup::savepoint(const std::string& name) {
  const Found old = find(name);
  if (old.certain && old.at != savepoints_.end()) savepoints_.erase(old.at);
  savepoints_.push_back({name, {spill_ ? spill_->size() : 0, changes_.size()}});
  sealed_ = true;
}

/// One that is kept too long does no harm: the server rolls back to none that it does not have.
void LogGroup::releaseSavepoint(const std::string& name) {
  const Found found = find(name);
  if (found.certain) savepoints_.erase(found.at, savepoints_.end());
}

void LogGroup::rollbackTo(const std::string& name) {
  const Found found = find(name);
  if (!found.certain) {
    throwUnsupported("ROLLBACK TO among savepoints whose names have letters outside of ASCII",
                     "Name savepoints in ASCII, then reset the task.");
  }
  rollbackFrom(found.at == savepoints_.end() ? Place{} : found.at->place);
  if (found.at != savepoints_.end()) savepoints_.erase(std::next(found.at), savepoints_.end());
  sealed_ = true;
}

void LogGroup::rollbackFrom(const Place& first) {
  const bool inFile = spill_ && first.spilled < spill_->size();
  const std::size_t kept = inFile ? 0 : first.changes;
  if (inFile) {
    spill_->read(first.spilled, [](const RowsChange& change) {
      refuseLasting(change.rows.schema());
      return true;
    });
  }
  for (std::size_t i = kept; i < changes_.size(); ++i) {
    const auto* rows = std::get_if<RowsChange>(&changes_[i]);
    if (rows != nullptr) refuseLasting(rows->rows.schema());
    bytes_ -= rows == nullptr ? bytes_ : rows->rows.bytes();
  }
  if (inFile) spill_->truncate(first.spilled);
  if (kept < changes_.size()) changes_.resize(kept);
}

Transaction LogGroup::takeChanges(bool toDisk) {
  const bool large = toDisk && bytes_ > kFewBytes && !limits_.spillFolder.empty();
  if (large || (spill_ && spill_->size() > 0 && !changes_.empty())) spill();
  Transaction out;
  if (spill_ && spill_->size() > 0) {
    out.bytes = spill_->size();
    out.stored = std::move(spill_);
  } else {
    out.bytes = bytes_;
    out.changes = std::move(changes_);
  }
  spill_.reset();
  changes_.clear();
  bytes_ = 0;
  return out;
}

void LogGroup::adopt(Transaction changes) {
  spill_ = std::static_pointer_cast<SpillFile>(std::move(changes.stored));
  changes_ = std::move(changes.changes);
  bytes_ = spill_ ? 0 : changes.bytes;
}

Transaction LogGroup::take(Position end, UnixMillis commitMillis) {
  Transaction out = takeChanges(false);
  out.id = std::move(id);
  out.end = std::move(end);
  out.commitMillis = commitMillis;
  out.origins = std::move(origins);
  clear();
  return out;
}

}  // namespace drs::mysql
