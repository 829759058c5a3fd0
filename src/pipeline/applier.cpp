#include "pipeline/applier.h"

#include "base/failpoint.h"

#include <algorithm>
#include <utility>

namespace drs {
namespace {

using std::chrono::milliseconds;

/// Heartbeats come about once a second; later than this, silence counts as delay.
constexpr milliseconds kSilence{3000};

bool hasSchemaChange(const Transaction& transaction) {
  return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                     [](const ChangeEvent& change) { return std::holds_alternative<SchemaChange>(change); });
}

}  // namespace

Applier::Applier(const StreamContext& context, LaneQueue& queue)
    : context_(context),
      queue_(queue),
      windows_(context.source, context.windows),
      tolerant_(context.plans.size(), false),
      before_(context.from),
      mark_(context.from),
      markedAt_(context.clock.steady()) {
  shown_.progress.position = context.from;
  shown_.provenAt = context.clock.now();
}

void Applier::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (isAtEnd()) {
      moveMark(stop);
      endReached_ = true;
      return;
    }
    auto item = take(stop);
    if (!item) return;
    if (const auto* idle = std::get_if<LaneIdle>(&*item)) {
      onIdle(*idle, stop);
      continue;
    }
    fillBatch(std::move(std::get<Transaction>(*item)), stop);
    if (!batch_.empty()) {
      applyBatch(stop);
    } else if (markIsDue()) {
      moveMark(stop);
    }
  }
}

std::optional<LaneItem> Applier::take(const std::stop_token& stop) {
  if (held_) return std::exchange(held_, std::nullopt);
  return queue_.pop(stop);
}

bool Applier::isAtEnd() {
  return context_.end && context_.source.reached(before_, *context_.end) && windows_.allPassed(before_);
}

/// Takes what is there without waiting: one transaction when idle, more with a backlog. A backlog without a change of
/// ours is left when the mark is due.
void Applier::fillBatch(Transaction first, const std::stop_token& stop) {
  addToBatch(std::move(first));
  while (!stop.stop_requested() && !isAtEnd() && !(batch_.empty() && markIsDue())) {
    auto next = queue_.tryPop();
    if (!next) return;
    auto* transaction = std::get_if<Transaction>(&*next);
    if (transaction == nullptr || !fits(*transaction)) {
      held_ = std::move(next);
      return;
    }
    addToBatch(std::move(*transaction));
  }
}

bool Applier::fits(const Transaction& transaction) const {
  if (batch_.empty()) return true;
  if (hasSchemaChange(batch_.front()) || hasSchemaChange(transaction)) return transaction.changes.empty();
  return batch_.size() < context_.options.maxBatchTransactions &&
         batchBytes_ + transaction.bytes <= context_.options.maxBatchBytes;
}

void Applier::addToBatch(Transaction transaction) {
  windows_.dropCovered(transaction, before_);
  dropUnwanted(transaction);
  windows_.noteTolerant(transaction, before_, tolerant_);
  before_ = transaction.end;
  if (transaction.changes.empty()) {
    emptyTail_ = std::move(transaction);
    return;
  }
  emptyTail_.reset();
  batchBytes_ += transaction.bytes;
  batch_.push_back(std::move(transaction));
}

void Applier::dropUnwanted(Transaction& transaction) {
  std::erase_if(transaction.changes, [&](const ChangeEvent& change) {
    const auto* statement = std::get_if<SchemaChange>(&change);
    if (statement == nullptr || statement->kind != SchemaChange::Kind::truncate) return false;
    if (context_.plans.at(statement->plan).truncates) return false;
    context_.log.info("filtered by ddl_trans: {}", statement->sql);
    return true;
  });
}

void Applier::applyBatch(const std::stop_token& stop) {
  if (emptyTail_) batch_.push_back(*std::exchange(emptyTail_, std::nullopt));
  commit(batch_, stop);
  batch_.clear();
  batchBytes_ = 0;
  std::fill(tolerant_.begin(), tolerant_.end(), false);
}

void Applier::commit(const std::vector<Transaction>& transactions, const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    shown_.oldestInFlight = transactions.front().commitMillis;
  }
  failpoint("stream.before_apply");
  const ApplyStats stats = context_.sink.apply(transactions, context_.plans, tolerant_, stop);
  failpoint("stream.after_apply");
  mark_ = transactions.back().end;
  markedAt_ = context_.clock.steady();

  const UnixMillis now = context_.clock.now();
  const std::lock_guard lock(mutex_);
  StreamProgress& progress = shown_.progress;
  progress.position = mark_;
  progress.rows += stats.rows;
  progress.conflictsKept += stats.conflictsKept;
  progress.conflictsOverwritten += stats.conflictsOverwritten;
  for (const Transaction& transaction : transactions) {
    if (transaction.changes.empty()) continue;
    ++progress.transactions;
    if (transaction.commitMillis <= 0) continue;
    progress.lastCommitMillis = transaction.commitMillis;
    progress.delay = milliseconds(std::max<UnixMillis>(0, now - transaction.commitMillis));
  }
  shown_.oldestInFlight = 0;
  shown_.provenAt = now;
}

void Applier::onIdle(const LaneIdle& idle, const std::stop_token& stop) {
  before_ = idle.position;
  if (!emptyTail_) emptyTail_.emplace();
  emptyTail_->end = idle.position;
  if (markIsDue()) moveMark(stop);
  const std::lock_guard lock(mutex_);
  shown_.progress.delay = milliseconds(0);
  shown_.provenAt = idle.caughtUpAt;
}

bool Applier::markIsDue() const {
  return context_.clock.steady() - markedAt_ >= context_.options.markInterval;
}

/// Moves the mark over transactions that changed nothing of ours.
void Applier::moveMark(const std::stop_token& stop) {
  if (!emptyTail_ || emptyTail_->end == mark_) return;
  const std::vector<Transaction> tail{*std::exchange(emptyTail_, std::nullopt)};
  commit(tail, stop);
}

StreamProgress Applier::progress() const {
  const UnixMillis now = context_.clock.now();
  const std::lock_guard lock(mutex_);
  StreamProgress out = shown_.progress;
  if (shown_.oldestInFlight > 0) {
    out.delay = std::max(out.delay, milliseconds(now - shown_.oldestInFlight));
  } else if (const milliseconds silence(now - shown_.provenAt); silence > kSilence) {
    out.delay += silence;
  }
  return out;
}

}  // namespace drs
