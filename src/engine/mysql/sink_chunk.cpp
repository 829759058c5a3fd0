#include "engine/mysql/sink_chunk.h"

#include "base/failpoint.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

// An exact chunk commits after this much text: undo and locks stay small, the commit's cost disappears beside it.
constexpr std::size_t kPartBytes = 16U << 20U;

}  // namespace

MySqlChunkWriter::MySqlChunkWriter(SinkSession& session, const Fence& fence, Chunk chunk, const Plans& plans)
    : session_(session),
      fence_(fence),
      chunk_(std::move(chunk)),
      plans_(plans),
      connection_(&session.connect()),
      writers_(plans.size()) {
  try {
    connection_->execute("SET foreign_key_checks = 0");
    if (chunk_.exact) empty(plans);
    begin();
  } catch (...) {
    session_.rollback();
    throw;
  }
}

MySqlChunkWriter::~MySqlChunkWriter() {
  if (done_) return;
  session_.rollback();
}

void MySqlChunkWriter::empty(const Plans& plans) {
  // TRUNCATE commits by itself; what keeps an outdated worker from it is that takeChunk() ended its session.
  for (const std::size_t plan : chunk_.plans) {
    const std::string table = quoteName(plans.at(plan).target);
    if (connection_->value("SELECT 1 FROM " + table + " LIMIT 1")) connection_->execute("TRUNCATE TABLE " + table);
  }
}

void MySqlChunkWriter::begin() {
  connection_->execute("START TRANSACTION");
  session_.control().guardChunk(*connection_, fence_, chunk_.number);
  transactionBytes_ = 0;
}

SqlWriter& MySqlChunkWriter::writer(std::size_t plan) {
  std::unique_ptr<SqlWriter>& writer = writers_.at(plan);
  if (!writer)
    writer = std::make_unique<SqlWriter>(*plans_[plan].source, plans_[plan].target, !connection_->server().mariadb);
  return *writer;
}

void MySqlChunkWriter::write(std::size_t plan, const RowBatch& batch) {
  if (done_) throw Error(Msg::internal, {"a chunk was written to after its end"});
  for (std::size_t row = 0; row < batch.rows(); ++row) append(plan, batch, row);
}

void MySqlChunkWriter::append(std::size_t plan, const RowBatch& batch, std::size_t row) {
  const SqlWriter& to = writer(plan);
  row_.clear();
  const unsigned zeros = to.appendTuple(row_, batch, row);
  const std::string& head = chunk_.exact ? to.insertHead() : to.replaceHead();
  if (head.size() + row_.size() > session_.rowBytes())
    throw Error(Msg::limitExceeded,
                {"A row of " + to.table(), fmt::format("{} bytes", head.size() + row_.size()),
                 fmt::format("max_allowed_packet of the target, {} bytes", session_.rowBytes())},
                Origin::target);
  const bool lax = zeros > 0;
  if (!sql_.empty() && (plan != openPlan_ || lax != lax_ || openZeros_ + zeros > kMaxZeros ||
                        sql_.size() + row_.size() + 1 > session_.statementBytes()))
    flush();
  if (sql_.empty()) {
    if (chunk_.exact && transactionBytes_ >= kPartBytes) commitPart();
    sql_ = head;
    openPlan_ = plan;
    if (lax != lax_) connection_->execute(fmt::format("SET sql_mode='{}'", lax ? kLaxMode : kStrictMode));
    lax_ = lax;
  } else {
    sql_ += ',';
  }
  sql_ += row_;
  ++openRows_;
  openZeros_ += zeros;
}

void MySqlChunkWriter::flush() {
  if (sql_.empty()) return;
  send(sql_, openRows_, openZeros_);
  rows_ += openRows_;
  transactionBytes_ += sql_.size();
  sql_.clear();
  openRows_ = openZeros_ = 0;
}

void MySqlChunkWriter::send(std::string_view sql, std::uint64_t rows, unsigned zeros) {
  const Connection::Outcome outcome = connection_->execute(sql);
  const std::string& table = writer(openPlan_).table();
  if (outcome.warnings != zeros) {
    std::string text;
    for (const std::string& line : connection_->warnings()) text += (text.empty() ? "" : "; ") + line;
    throw Error(Msg::unexpectedWarning, {table, text}, Origin::target);
  }
  // REPLACE counts each row that it removed too.
  if (chunk_.exact ? outcome.affected != rows : outcome.affected < rows)
    throw Error(Msg::rowCountMismatch, {table, std::to_string(rows), std::to_string(outcome.affected)}, Origin::target);
}

void MySqlChunkWriter::commitPart() {
  connection_->execute("COMMIT");
  failpoint("chunk.part_committed");
  begin();
}

void MySqlChunkWriter::commit(const ChunkResult& result) {
  flush();
  if (result.rows != rows_)
    throw Error(Msg::rowCountMismatch,
                {fmt::format("chunk {}", chunk_.number), std::to_string(result.rows), std::to_string(rows_)},
                Origin::target);
  ChunkResult stored = result;
  stored.number = chunk_.number;
  session_.control().writeChunk(*connection_, fence_, stored, session_.name());
  failpoint("chunk.before_commit");
  try {
    connection_->execute("COMMIT");
  } catch (const Error& error) {
    // What a failed commit did is known only from the chunk's row, read when the old session is gone.
    session_.drop();
    if (!isCommitted()) throw;
  }
  failpoint("chunk.after_commit");
  done_ = true;
  if (lax_) connection_->execute(fmt::format("SET sql_mode='{}'", kStrictMode));
}

bool MySqlChunkWriter::isCommitted() {
  connection_ = &session_.connect();
  const auto stored = session_.control().chunk(*connection_, fence_, chunk_.number);
  lax_ = false;  // a fresh session
  return stored.has_value();
}

}  // namespace drs::mysql
