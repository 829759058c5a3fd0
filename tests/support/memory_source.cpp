#include "support/memory_engine.h"
#include "support/memory_rows.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace drs::testing {
namespace {

constexpr std::chrono::milliseconds kIdle{2};
constexpr std::size_t kBatchRows = 2;

}  // namespace

// ---- MemoryDatabase ----

bool MemoryDatabase::Writer::insert(std::size_t table, const Row& row) {
  if (!schema_.collisions(content_, table, row, std::nullopt).empty() || !schema_.parentsExist(content_, table, row))
    return false;
  content_[table][keyOf(row)] = row;
  changes_.push_back({table, false, RowOp::insert, {row}});
  return true;
}

bool MemoryDatabase::Writer::update(std::size_t table, std::int64_t key, const Row& row) {
  const auto found = content_[table].find(key);
  if (found == content_[table].end() || !schema_.parentsExist(content_, table, row)) return false;
  if (!schema_.collisions(content_, table, row, key).empty()) return false;
  if (key != keyOf(row) && schema_.isReferenced(content_, table, key)) return false;
  const Row before = found->second;
  content_[table].erase(found);
  content_[table][keyOf(row)] = row;
  changes_.push_back({table, false, RowOp::update, {before, row}});
  return true;
}

bool MemoryDatabase::Writer::remove(std::size_t table, std::int64_t key) {
  const auto found = content_[table].find(key);
  if (found == content_[table].end()) return false;
  const Row before = found->second;
  if (!schema_.removeChecked(content_, table, key)) return false;
  changes_.push_back({table, false, RowOp::remove, {before}});  // what the cascade removed is not logged
  return true;
}

void MemoryDatabase::Writer::truncate(std::size_t table) {
  content_[table].clear();
  changes_.push_back({table, true, RowOp::remove, {}});
}

void MemoryDatabase::transact(const std::function<void(Writer&)>& body, std::size_t lag) {
  const std::lock_guard lock(mutex_);
  Writer writer(schema_, tail_);
  body(writer);
  log_.push_back(std::move(writer.changes_));
  tail_ = std::move(writer.content_);
  hidden_.push_back(tail_);
  show(lag);
  grown_.notify_all();
}

void MemoryDatabase::show(std::size_t lag) {
  while (hidden_.size() > lag) {
    visible_ = std::move(hidden_.front());
    hidden_.pop_front();
  }
}

void MemoryDatabase::settle() {
  const std::lock_guard lock(mutex_);
  show(0);
}

Content MemoryDatabase::content() const {
  const std::lock_guard lock(mutex_);
  return tail_;
}

std::uint64_t MemoryDatabase::tail() const {
  const std::lock_guard lock(mutex_);
  return log_.size();
}

std::uint64_t MemoryDatabase::visible() const {
  const std::lock_guard lock(mutex_);
  return log_.size() - hidden_.size();
}

MemoryDatabase::Snapshot MemoryDatabase::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {log_.size() - hidden_.size(), visible_};
}

std::optional<Transaction> MemoryDatabase::read(std::uint64_t number, const std::stop_token& stop) const {
  std::unique_lock lock(mutex_);
  if (!grown_.wait_for(lock, stop, kIdle, [&] { return log_.size() >= number; })) return std::nullopt;
  Transaction out;
  out.id = std::to_string(number);
  out.end = at(number);
  out.commitMillis = nowMillis();
  for (const Writer::Change& change : log_[number - 1]) {
    if (change.truncates) {
      out.changes.emplace_back(SchemaChange{
          SchemaChange::Kind::truncate, schema_.tables()[change.table]->name, change.table, "TRUNCATE", {}, false, {}});
      continue;
    }
    RowsChange rows;
    rows.op = change.op;
    rows.plan = change.table;
    rows.rows = RowBatch(schema_.tables()[change.table]);
    for (const Row& row : change.rows) addRow(rows.rows, row);
    out.bytes += rows.rows.bytes();
    out.changes.emplace_back(std::move(rows));
  }
  return out;
}

// ---- MemorySource ----

Position at(std::uint64_t number) {
  return {std::to_string(number)};
}
std::uint64_t numberOf(const Position& position) {
  return position.empty() ? 0 : std::stoull(position.text);
}

std::vector<Chunk> MemorySource::split(const Plans& plans) {
  std::vector<Chunk> chunks;
  std::map<int, std::size_t> groups;
  for (std::size_t plan = 0; plan < plans.size(); ++plan) {
    const auto add = [&]() -> Chunk& {
      Chunk& chunk = chunks.emplace_back();
      chunk.number = static_cast<std::uint32_t>(chunks.size());
      chunk.plans = {plan};
      return chunk;
    };
    if (plans[plan].group >= 0) {
      const auto [it, isNew] = groups.emplace(plans[plan].group, chunks.size());
      if (isNew) {
        add().exact = true;
      } else {
        chunks[it->second].plans.push_back(plan);
      }
      continue;
    }
    for (std::int64_t from = -1; from < 2 * chunkKeys_ - 1; from += chunkKeys_) {
      Chunk& chunk = add();
      if (from >= 0) chunk.after = {std::to_string(from)};
      if (from < chunkKeys_ - 1) chunk.upTo = {std::to_string(from + chunkKeys_)};
    }
  }
  return chunks;
}

ChunkResult MemorySource::readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                                    const std::stop_token& stop) {
  ChunkResult result;
  result.low = at(database_.visible());
  if (whileReading && !chunk.exact) whileReading();
  const auto snapshot = database_.snapshot();
  if (whileReading) whileReading();
  result.high = at(database_.tail());
  if (chunk.exact) result.low = result.high = at(snapshot.number);

  const std::int64_t after = chunk.after.empty() ? -1 : std::stoll(chunk.after[0]);
  const std::int64_t upTo = chunk.upTo.empty() ? std::numeric_limits<std::int64_t>::max() : std::stoll(chunk.upTo[0]);
  std::size_t rows = 0;
  for (const std::size_t plan : chunk.plans) {
    RowBatch batch(plans[plan].source);
    for (const auto& [key, row] : snapshot.content[plan]) {
      if (key <= after || key > upTo) continue;
      addRow(batch, row);
      if (++rows == longestChunk && !chunk.exact) {
        (void)out(plan, std::move(batch));
        result.endedAt = {std::to_string(key)};
        return result;
      }
      if (batch.rows() < kBatchRows) continue;
      crashes_.pass("read");
      if (stop.stop_requested() || !out(plan, std::exchange(batch, RowBatch(plans[plan].source)))) return result;
    }
    if (batch.rows() > 0 && !out(plan, std::move(batch))) return result;
  }
  return result;
}

namespace {

class MemoryLogReader final : public LogReader {
 public:
  MemoryLogReader(const MemoryDatabase& database, Crashes& crashes, std::uint64_t from)
      : database_(database), crashes_(crashes), number_(from) {}

  std::optional<Transaction> next(const std::stop_token& stop) override {
    crashes_.pass("log");
    auto transaction = database_.read(number_ + 1, stop);
    if (transaction) {
      ++number_;
    } else {
      caughtUpAt_ = nowMillis();
    }
    return transaction;
  }
  Position position() const override { return at(number_); }
  UnixMillis caughtUpAt() const override { return caughtUpAt_; }

 private:
  const MemoryDatabase& database_;
  Crashes& crashes_;
  std::uint64_t number_;
  UnixMillis caughtUpAt_ = 0;
};

}  // namespace

std::unique_ptr<LogReader> MemorySource::openLog(const Position& from, const Plans&) {
  crashes_.pass("open");
  return std::make_unique<MemoryLogReader>(database_, crashes_, numberOf(from));
}

}  // namespace drs::testing
