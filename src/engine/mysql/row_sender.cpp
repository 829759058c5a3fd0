#include "engine/mysql/row_sender.h"

#include "pipeline/large_rows.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

// Large enough that a statement's own cost disappears, small enough that the sessions of a job alternate.
constexpr std::size_t kLoadBytes = 2U << 20U;

/// Keeps the memory of ordinary rows only.
void empty(std::string& text) {
  if (text.capacity() >= 2 * LargeRows::kLarge)
    std::string().swap(text);
  else
    text.clear();
}

}  // namespace

RowSender::RowSender(Connection& connection, const Plans& plans, const SendOptions& options)
    : connection_(connection), plans_(plans), options_(options), writers_(plans.size()), tables_(plans.size()) {}

RowSender::Writers& RowSender::writers(std::size_t plan) {
  std::unique_ptr<Writers>& slot = writers_.at(plan);
  if (!slot) {
    const TablePlan& table = plans_[plan];
    const bool readsJson = !connection_.server().mariadb;
    slot = std::make_unique<Writers>(Writers{
        SqlWriter(*table.source, table.target, readsJson), LoadDataWriter(*table.source, table.target, readsJson), {}});
    slot->loadSql = slot->load.statement(options_.replace);
  }
  return *slot;
}

void RowSender::add(std::size_t plan, const RowBatch& batch) {
  if (plan != plan_) flush();
  plan_ = plan;
  for (std::size_t row = 0; row < batch.rows(); ++row)
    if (!options_.loadData || !addToLoad(plan, batch, row)) addToInsert(plan, batch, row);
}

bool RowSender::addToLoad(std::size_t plan, const RowBatch& batch, std::size_t row) {
  if (!sql_.empty() || file_.size() >= kLoadBytes) flush();
  if (!writers(plan).load.appendRow(file_, batch, row)) return false;
  keep(batch, row);
  if (file_.size() >= LargeRows::kLarge) flush();  // the next one may be long in coming
  return true;
}

void RowSender::keep(const RowBatch& batch, std::size_t row) {
  if (keptRows_++ == 0 && options_.replace) firstKey_ = writers_[plan_]->insert.printableKey(batch, row);
}

void RowSender::addToInsert(std::size_t plan, const RowBatch& batch, std::size_t row) {
  if (!file_.empty()) flush();
  const SqlWriter& to = writers(plan).insert;
  // With the head in front of it, so that a large row becomes a statement without being copied.
  const std::string& head = options_.replace ? to.replaceHead() : to.insertHead();
  row_ = head;
  const unsigned zeros = to.appendTuple(row_, batch, row);
  const std::size_t size = row_.size() - head.size();
  if (row_.size() > options_.rowBytes)
    throw Error(Msg::limitExceeded,
                {"A row of " + to.table(), fmt::format("{} bytes", row_.size()),
                 fmt::format("max_allowed_packet of the target, {} bytes", options_.rowBytes)},
                Origin::target);
  const bool lax = zeros > 0;
  if (lax != lax_ || zeros_ + zeros > kMaxZeros || sql_.size() + size + 1 > options_.insertBytes) flush();
  if (lax != lax_) connection_.execute(fmt::format("SET sql_mode='{}'", lax ? kLaxMode : kStrictMode));
  lax_ = lax;
  if (sql_.empty())
    sql_.swap(row_);
  else
    sql_.append(",").append(row_, head.size());
  keep(batch, row);
  zeros_ += zeros;
  if (size >= LargeRows::kLarge) {
    empty(row_);
    flush();
  }
}

void RowSender::flush() {
  if (!file_.empty()) sendLoad();
  if (!sql_.empty()) sendInsert();
  rows_ += keptRows_;
  keptRows_ = 0;
}

void RowSender::finish() {
  flush();
  if (lax_) connection_.execute(fmt::format("SET sql_mode='{}'", kStrictMode));
  lax_ = false;
}

void RowSender::sendLoad() {
  check(connection_.loadData(writers(plan_).loadSql, file_), 0);
  bytes_ += file_.size();
  empty(file_);
}

void RowSender::sendInsert() {
  check(connection_.execute(sql_), zeros_);
  bytes_ += sql_.size();
  empty(sql_);
  zeros_ = 0;
}

void RowSender::check(const Connection::Outcome& outcome, unsigned zeros) {
  const std::string& table = writers_[plan_]->insert.table();
  if (outcome.warnings != zeros) {
    std::string text;
    for (const std::string& line : connection_.warnings()) text += (text.empty() ? "" : "; ") + line;
    throw Error(Msg::unexpectedWarning, {table, text}, Origin::target);
  }
  // A row that takes the place of others counts those too.
  if (options_.replace ? outcome.affected < keptRows_ : outcome.affected != keptRows_)
    throw Error(Msg::rowCountMismatch, {table, std::to_string(keptRows_), std::to_string(outcome.affected)},
                Origin::target);
  TableRows& counts = tables_[plan_];
  counts.taken += keptRows_;
  if (outcome.affected == keptRows_) return;
  if (counts.replaced == 0) counts.example = firstKey_;
  counts.replaced += outcome.affected - keptRows_;
}

}  // namespace drs::mysql
