#include "pipeline/dispatcher.h"

#include "base/error.h"
#include "model/statement_row.h"
#include "model/utf8.h"

#include <algorithm>
#include <utility>

namespace drs {
namespace {

bool hasSchemaChange(const Transaction& transaction) {
  return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                     [](const ChangeEvent& change) { return std::holds_alternative<SchemaChange>(change); });
}

/// It goes alone: a schema change, because nothing may be in flight; what is on disk, because it is a batch by itself.
bool isAlone(const Transaction& transaction) {
  return transaction.stored || hasSchemaChange(transaction);
}

/// Our own heartbeats are no reason to write to the target each second.
constexpr std::chrono::seconds kMarkBeats{30};
constexpr std::chrono::seconds kBeatsEnd{2};  ///< behind the last one there will be no more for now

std::size_t imagesOf(const Transaction& transaction) {
  std::size_t images = 0;
  for (const ChangeEvent& change : transaction.changes)
    if (const auto* rows = std::get_if<RowsChange>(&change)) images += rows->rows.rows();
  return images;
}

}  // namespace

Dispatcher::Dispatcher(const StreamContext& context, LaneQueue& queue, Appliers& appliers, ApplyPool& pool,
                       ApplyProgress& progress)
    : context_(context),
      queue_(queue),
      appliers_(appliers),
      pool_(pool),
      progress_(progress),
      windows_(context.source, context.windows),
      batch_(emptyBatch()),
      before_(context.from),
      sent_(context.from),
      markedAt_(context.clock.steady()) {}

void Dispatcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (isAtEnd()) {
      moveMark(stop);
      endReached_ = pool_.drain(stop) && !stop.stop_requested();
      return;
    }
    auto item = take(stop);
    if (!item) return;
    if (const auto* idle = std::get_if<LaneIdle>(&*item)) {
      onIdle(*idle, stop);
      continue;
    }
    // What comes in while all appliers are at work becomes one batch.
    if (!pool_.awaitFree(stop)) return;
    fillBatch(std::move(std::get<Transaction>(*item)), stop);
    if (!batch_.transactions.empty()) {
      const bool ends = changesDefinitions(batch_.transactions.front());
      batch_.beatMillis = std::exchange(beat_, 0);
      sendBatch(stop);
      if (ends) {
        definitionsChanged_ = pool_.drain(stop) && !stop.stop_requested();
        return;
      }
    } else {
      if (beat_ != 0) progress_.beat(std::exchange(beat_, 0));
      if (markIsDue()) moveMark(stop);
    }
  }
}

std::optional<LaneItem> Dispatcher::take(const std::stop_token& stop) {
  if (held_) return std::exchange(held_, std::nullopt);
  return queue_.pop(stop);
}

bool Dispatcher::isAtEnd() {
  return context_.end && context_.source.reached(before_, *context_.end) && windows_.allPassed(before_);
}

/// Takes what is there without waiting: one transaction when idle, more with a backlog. A backlog without a change of
/// ours is left when the mark is due.
void Dispatcher::fillBatch(Transaction first, const std::stop_token& stop) {
  addToBatch(std::move(first));
  while (!stop.stop_requested() && !isAtEnd() && !(batch_.transactions.empty() && markIsDue())) {
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

bool Dispatcher::fits(const Transaction& transaction) const {
  if (batch_.transactions.empty()) return true;
  if (isAlone(batch_.transactions.front()) || isAlone(transaction)) return transaction.empty();
  if (transaction.origins != batch_.transactions.front().origins) return transaction.empty();
  return batch_.transactions.size() < context_.options.maxBatchTransactions &&
         batch_.bytes + transaction.bytes <= context_.options.maxBatchBytes &&
         images_ + imagesOf(transaction) <= context_.options.maxBatchImages;
}

void Dispatcher::addToBatch(Transaction transaction) {
  windows_.dropCovered(transaction, before_);
  dropUnwanted(transaction);
  requireNoWindow(transaction);
  windows_.noteTolerant(transaction, before_, batch_.tolerant);
  before_ = transaction.end;
  if (transaction.beat) {
    beat_ = transaction.commitMillis;
    beatAt_ = context_.clock.steady();
  }
  if (transaction.empty()) {
    onlyBeats_ = onlyBeats_ && transaction.beat;
    emptyTail_ = std::move(transaction);
    return;
  }
  emptyTail_.reset();
  batch_.bytes += transaction.bytes;
  images_ += imagesOf(transaction);
  batch_.transactions.push_back(std::move(transaction));
}

void Dispatcher::dropUnwanted(Transaction& transaction) {
  std::erase_if(transaction.changes, [&](const ChangeEvent& change) {
    const auto* statement = std::get_if<SchemaChange>(&change);
    if (statement == nullptr || statement->kind != SchemaChange::Kind::truncate) return false;
    if (context_.plans.at(statement->plan).truncates) return false;
    context_.log.info("filtered by ddl_trans: {}", statement->sql);
    return true;
  });
}

/// While a window is open the target's tables are made of rows from different moments, under definitions of which
/// nobody knows whether they were read before the statement or behind it.
void Dispatcher::requireNoWindow(const Transaction& transaction) {
  if (!changesDefinitions(transaction) || (!context_.end && windows_.allPassed(before_))) return;
  const auto& change = std::get<SchemaChange>(transaction.changes.front());
  if (!context_.end && change.isNew) return;  // no row of its table was copied
  throw Error(Msg::ddlNotSupported,
              {"while the rows that were copied are brought to one moment: " + shortened(change.sql, kShownStatement)},
              Origin::source);
}

ApplyBatch Dispatcher::emptyBatch() const {
  ApplyBatch batch;
  batch.tolerant.assign(context_.plans.size(), false);
  return batch;
}

void Dispatcher::sendBatch(const std::stop_token& stop) {
  if (emptyTail_) batch_.transactions.push_back(*std::exchange(emptyTail_, std::nullopt));
  images_ = 0;
  send(std::exchange(batch_, emptyBatch()), stop);
}

void Dispatcher::send(ApplyBatch batch, const std::stop_token& stop) {
  Position end = batch.transactions.back().end;
  ConflictKeys keys = keysOf(batch);
  if (!pool_.submit(std::move(batch), std::move(keys), stop)) return;
  sent_ = std::move(end);
  onlyBeats_ = true;
  markedAt_ = context_.clock.steady();
}

/// In an open window the target's rows are not those of the images, so that these do not tell what a change touches.
ConflictKeys Dispatcher::keysOf(const ApplyBatch& batch) {
  ConflictKeys keys;
  const bool isTolerant = std::find(batch.tolerant.begin(), batch.tolerant.end(), true) != batch.tolerant.end();
  if (isTolerant || isAlone(batch.transactions.front())) keys.touchAll();
  for (const Transaction& transaction : batch.transactions) {
    if (keys.touchesAll()) break;
    appliers_.addKeys(transaction, keys);
    keys.bound();
  }
  return keys;
}

void Dispatcher::onIdle(const LaneIdle& idle, const std::stop_token& stop) {
  before_ = idle.position;
  if (!emptyTail_) emptyTail_.emplace();
  emptyTail_->end = idle.position;
  onlyBeats_ = onlyBeats_ && context_.clock.steady() - beatAt_ < kBeatsEnd;
  if (markIsDue()) moveMark(stop);
  progress_.idle(idle.caughtUpAt);
}

bool Dispatcher::markIsDue() const {
  const auto passed = context_.clock.steady() - markedAt_;
  return passed >= (onlyBeats_ ? std::max<std::chrono::milliseconds>(kMarkBeats, context_.options.markInterval)
                               : context_.options.markInterval);
}

/// Moves the mark over transactions that changed nothing of ours.
void Dispatcher::moveMark(const std::stop_token& stop) {
  if (!emptyTail_ || emptyTail_->end == sent_) return;
  ApplyBatch batch = emptyBatch();
  batch.transactions.push_back(*std::exchange(emptyTail_, std::nullopt));
  send(std::move(batch), stop);
}

}  // namespace drs
