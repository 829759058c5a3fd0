#include "engine/mysql/sink_chunk.h"

#include "base/failpoint.h"
#include "engine/mysql/column_types.h"
#include "engine/mysql/key_range.h"
#include "engine/mysql/missing_tables.h"
#include "engine/mysql/origins.h"
#include "engine/mysql/server_errors.h"
#include "engine/mysql/sink_lookup.h"
#include "engine/mysql/table_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace drs::mysql {
namespace {

// An exact chunk commits after this much text: undo and locks stay small, the commit's cost disappears beside it.
constexpr std::size_t kChunkPartBytes = 16U << 20U;

}  // namespace

MySqlChunkWriter::MySqlChunkWriter(SinkSession& session, const Fence& fence, Chunk chunk, const Plans& plans,
                                   std::string origin)
    : session_(session),
      fence_(fence),
      chunk_(std::move(chunk)),
      plans_(plans),
      origin_(std::move(origin)),
      connection_(session.connect()),
      sender_(connection_, plans, {!chunk_.exact, session.loadsData(), session.statementBytes(), session.rowBytes()}) {
  try {
    connection_.execute("SET foreign_key_checks = 0");
    if (chunk_.exact) empty(plans);
    begin();
  } catch (...) {
    noteMissing();
    session_.rollback();
    if (isMissing_) forgetMissing(session_);
    throw;
  }
}

MySqlChunkWriter::~MySqlChunkWriter() {
  if (done_) return;
  session_.rollback();
  if (isMissing_) forgetMissing(session_);
}

void MySqlChunkWriter::noteMissing() noexcept {
  constexpr unsigned kNoSuchTable = 1146;
  isMissing_ = isMissing_ || connection_.lastErrno() == kNoSuchTable;
}

void MySqlChunkWriter::empty(const Plans& plans) {
  // TRUNCATE commits by itself; what keeps an outdated worker from it is that takeChunk() ended its session.
  for (const std::size_t plan : chunk_.plans) {
    const std::string table = quoteName(plans.at(plan).target);
    try {
      if (connection_.value("SELECT 1 FROM " + table + " LIMIT 1"))
        connection_.execute(originTag(origin_) + "TRUNCATE TABLE " + table);
    } catch (const Error& error) {
      throw withTable(error, plans.at(plan).target);
    }
  }
}

void MySqlChunkWriter::begin() {
  connection_.execute("START TRANSACTION");
  session_.control().guardChunk(connection_, fence_, chunk_.number, origin_);
}

void MySqlChunkWriter::write(std::size_t plan, const RowBatch& batch) {
  if (done_) throw Error(Msg::internal, {"a chunk was written to after its end"});
  if (chunk_.exact && sender_.bytes() - committedBytes_ >= kChunkPartBytes) commitPart();
  try {
    sender_.add(plan, batch);
  } catch (const Error& error) {
    noteMissing();
    throw withTable(error, plans_.at(sender_.plan()).target);
  }
}

void MySqlChunkWriter::commitPart() {
  sender_.flush();
  connection_.execute("COMMIT");
  failpoint("chunk.part_committed");
  begin();
  committedBytes_ = sender_.bytes();
}

void MySqlChunkWriter::commit(const ChunkResult& result) {
  try {
    sender_.finish();
  } catch (const Error& error) {
    noteMissing();
    throw withTable(error, plans_.at(sender_.plan()).target);
  }
  if (result.rows != sender_.rows())
    throw Error(Msg::rowCountMismatch,
                {fmt::format("chunk {}", chunk_.number), std::to_string(result.rows), std::to_string(sender_.rows())},
                Origin::target);
  checkReplaced(result);
  ChunkResult stored = result;
  stored.number = chunk_.number;
  stored.replaced = replaced_;
  session_.control().writeChunk(connection_, fence_, stored, session_.name());
  failpoint("chunk.before_commit");
  try {
    connection_.execute("COMMIT");
  } catch (const Error& error) {
    // What a failed commit did is known only from the chunk's row, read when the old session is gone.
    session_.drop();
    if (!isCommitted()) throw;
  }
  failpoint("chunk.after_commit");
  done_ = true;
}

void MySqlChunkWriter::checkReplaced(const ChunkResult& result) {
  for (std::size_t i = 0; i < chunk_.plans.size(); ++i) {
    const RowSender::TableRows& rows = sender_.rowsOf(chunk_.plans[i]);
    if (rows.replaced == 0) continue;
    replaced_ += rows.replaced;
    const TablePlan& plan = plans_.at(chunk_.plans[i]);
    replacedNear_ = quoteName(plan.target) + ", behind the key " + rows.example;
    const bool ended = !result.endedAt.empty() && result.endedIn == i;
    const std::vector<std::string>& upTo = ended ? result.endedAt : chunk_.upTo;
    // Where the order is another one, what stands there has been found to keep all rows apart (checkStanding()).
    if ((!chunk_.after.empty() || !upTo.empty()) && !sortsAlike(plan)) continue;
    const auto found = connection_.value("SELECT COUNT(*) FROM " + quoteName(plan.target) + " WHERE " +
                                         rangeCondition(*plan.source, chunk_.after, upTo));
    if (found == std::to_string(rows.taken)) continue;
    throw Error(Msg::rowCountMismatch,
                {fmt::format("{}, part {}: rows took the place of others of the same part, which the target takes for "
                             "equal, in a statement that begins with the key {}",
                             quoteName(plan.target), chunk_.number, rows.example),
                 std::to_string(rows.taken), found.value_or("0")},
                Origin::target);
  }
}

bool MySqlChunkWriter::sortsAlike(const TablePlan& plan) {
  std::map<std::string, std::string> collations;
  for (const auto& row : connection_.query("SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE " +
                                           onTable(plan.target)))
    collations[lowerCase(row.at(0).value_or(""))] = row.at(1).value_or("");
  return std::all_of(plan.source->primaryKey.begin(), plan.source->primaryKey.end(), [&](std::size_t i) {
    const Column& column = plan.source->columns[i];
    const std::string& other = collations[lowerCase(column.name)];
    return column.kind != ColumnKind::text ||
           (Collations::keepsApart(column.collation, other) && Collations::keepsApart(other, column.collation));
  });
}

bool MySqlChunkWriter::isCommitted() {
  return session_.control().chunk(session_.connect(), fence_, chunk_.number).has_value();
}

}  // namespace drs::mysql
