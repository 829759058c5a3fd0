#include "support/memory_engine.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace drs::testing {
namespace {

constexpr std::chrono::milliseconds kIdle{2};
constexpr std::size_t kBatchRows = 2;

Row rowOf(const RowBatch& batch, std::size_t row) {
  Row out;
  for (std::size_t column = 0; column < batch.width(); ++column) {
    const Cell& cell = batch.cell(row, column);
    out.push_back(cell.kind == CellKind::null ? Value{} : Value{cell.i});
  }
  return out;
}

void addRow(RowBatch& batch, const Row& row) {
  batch.addVolume(row.size() * sizeof(std::int64_t));
  for (const Value& value : row) {
    if (value) {
      batch.addSigned(*value);
    } else {
      batch.addNull();
    }
  }
}

std::int64_t keyOf(const Row& row) {
  return *row.at(0);
}

UnixMillis nowMillis() {
  return Clock().now();
}

[[noreturn]] void conflict(const MemorySchema& schema, std::size_t table, const Row& row, const char* why) {
  throw Error(Msg::conflict, {schema.tables()[table]->name.table, std::to_string(keyOf(row)), why}, Origin::target);
}

/// Applies changes to a content as a target would.
class RowApplier {
 public:
  RowApplier(const MemorySchema& schema, Content& content) : schema_(schema), content_(content) {}

  void apply(const ChangeEvent& event, const std::vector<bool>& tolerant) {
    if (const auto* statement = std::get_if<SchemaChange>(&event)) {
      if (statement->kind != SchemaChange::Kind::truncate) throw Error(Msg::ddlNotSupported, {statement->sql});
      content_.at(statement->plan).clear();
      return;
    }
    const auto& change = std::get<RowsChange>(event);
    const std::size_t step = change.op == RowOp::update ? 2 : 1;
    for (std::size_t i = 0; i < change.rows.rows(); i += step) {
      const Row first = rowOf(change.rows, i);
      const Row last = rowOf(change.rows, i + step - 1);
      if (tolerant.at(change.plan)) {
        applyTolerant(change, first, last);
      } else {
        applyStrict(change, first, last);
      }
    }
  }

 private:
  void applyTolerant(const RowsChange& change, const Row& before, const Row& after) {
    Rows& rows = content_[change.plan];
    if (change.op != RowOp::insert && (change.op == RowOp::remove || keyOf(before) != keyOf(after))) {
      rows.erase(keyOf(before));
    }
    if (change.op == RowOp::remove) return;
    for (const std::int64_t key : schema_.collisions(content_, change.plan, after, std::nullopt)) rows.erase(key);
    rows[keyOf(after)] = after;
  }

  void applyStrict(const RowsChange& change, const Row& before, const Row& after) {
    Rows& rows = content_[change.plan];
    if (change.op != RowOp::insert) {
      const auto found = rows.find(keyOf(before));
      if (found == rows.end() || found->second != before) conflict(schema_, change.plan, before, "not as before");
    }
    if (change.op == RowOp::remove) {
      if (!schema_.removeChecked(content_, change.plan, keyOf(before)))
        conflict(schema_, change.plan, before, "has children");
      return;
    }
    const auto except = change.op == RowOp::update ? std::optional(keyOf(before)) : std::nullopt;
    if (!schema_.collisions(content_, change.plan, after, except).empty()) {
      conflict(schema_, change.plan, after, "duplicate key");
    }
    if (!schema_.parentsExist(content_, change.plan, after)) conflict(schema_, change.plan, after, "no parent");
    if (except) rows.erase(*except);
    rows[keyOf(after)] = after;
  }

  const MemorySchema& schema_;
  Content& content_;
};

}  // namespace

// ---- MemorySchema ----

std::size_t MemorySchema::add(const std::string& name, std::size_t columns, const std::vector<std::size_t>& unique,
                              const std::vector<MemoryForeignKey>& foreignKeys) {
  auto table = std::make_shared<TableSchema>();
  table->name = {"db", name};
  for (std::size_t i = 0; i < columns; ++i) {
    Column& column = table->columns.emplace_back();
    column.name = i == 0 ? "id" : "c" + std::to_string(i);
    column.kind = ColumnKind::integer;
    column.type = column.dataType = "bigint";
    column.nullable = i != 0;
  }
  table->primaryKey = {0};
  for (const std::size_t column : unique) {
    Index& index = table->indexes.emplace_back();
    index.name = "u" + std::to_string(column);
    index.unique = true;
    index.parts = {{column, 0}};
  }
  for (const MemoryForeignKey& key : foreignKeys) {
    ForeignKey& out = table->foreignKeys.emplace_back();
    const std::string parent = key.parent == tables_.size() ? name : tables_.at(key.parent)->name.table;
    out = {"fk" + std::to_string(key.column),    {key.column}, "db", parent, {"id"}, "RESTRICT",
           key.cascades ? "CASCADE" : "RESTRICT"};
  }
  tables_.push_back(table);
  rules_.push_back({unique, foreignKeys});
  return tables_.size() - 1;
}

std::vector<std::int64_t> MemorySchema::collisions(const Content& content, std::size_t table, const Row& row,
                                                   std::optional<std::int64_t> except) const {
  std::vector<std::int64_t> out;
  for (const auto& [key, other] : content[table]) {
    if (except && key == *except) continue;
    const bool same = key == keyOf(row) || std::any_of(rules_[table].unique.begin(), rules_[table].unique.end(),
                                                       [&](std::size_t c) { return row[c] && row[c] == other[c]; });
    if (same) out.push_back(key);
  }
  return out;
}

bool MemorySchema::parentsExist(const Content& content, std::size_t table, const Row& row) const {
  return std::all_of(
      rules_[table].foreignKeys.begin(), rules_[table].foreignKeys.end(),
      [&](const MemoryForeignKey& key) { return !row[key.column] || content[key.parent].contains(*row[key.column]); });
}

void MemorySchema::addKeys(std::size_t table, const Row& row, std::vector<ConflictKey>& primary,
                           std::vector<ConflictKey>& unique, std::vector<ConflictKey>& parents) const {
  const auto hash = [](std::uint64_t kind, std::uint64_t of, std::int64_t value) {
    return (kind << 48U | of << 32U | static_cast<std::uint32_t>(value)) << 1U;
  };
  constexpr std::uint64_t kPrimary = 1, kUnique = 2, kCascade = 3;
  primary.push_back(exclusiveKey(hash(kPrimary, table, keyOf(row))));
  for (const std::size_t column : rules_[table].unique)
    if (row[column]) unique.push_back(exclusiveKey(hash(kUnique + 8 * column, table, *row[column])));
  for (const MemoryForeignKey& key : rules_[table].foreignKeys) {
    if (key.cascades) parents.push_back(exclusiveKey(hash(kCascade, key.parent, 0)));
    if (row[key.column]) parents.push_back(sharedKey(hash(kPrimary, key.parent, *row[key.column])));
  }
  for (const Rule& child : rules_)
    for (const MemoryForeignKey& key : child.foreignKeys)
      if (key.cascades && key.parent == table) parents.push_back(exclusiveKey(hash(kCascade, table, 0)));
}

bool MemorySchema::isReferenced(const Content& content, std::size_t table, std::int64_t key) const {
  for (std::size_t child = 0; child < tables_.size(); ++child) {
    for (const MemoryForeignKey& foreign : rules_[child].foreignKeys) {
      if (foreign.parent != table) continue;
      for (const auto& [childKey, row] : content[child]) {
        if (row[foreign.column] == key) return true;
      }
    }
  }
  return false;
}

bool MemorySchema::removeChecked(Content& content, std::size_t table, std::int64_t key) const {
  Content work = content;
  work[table].erase(key);
  for (std::size_t child = 0; child < tables_.size(); ++child) {
    for (const MemoryForeignKey& foreign : rules_[child].foreignKeys) {
      if (foreign.parent != table) continue;
      std::vector<std::int64_t> doomed;
      for (const auto& [childKey, row] : work[child]) {
        if (row[foreign.column] == key) doomed.push_back(childKey);
      }
      if (!doomed.empty() && !foreign.cascades) return false;
      for (const std::int64_t childKey : doomed) {
        if (!removeChecked(work, child, childKey)) return false;
      }
    }
  }
  content = std::move(work);
  return true;
}

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

// ---- MemoryTarget and its sinks ----

MemoryTarget::State MemoryTarget::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void MemoryTarget::transact(const std::function<void(State&)>& body) {
  const std::lock_guard lock(mutex_);
  State work = state_;
  body(work);
  ++work.commits;
  state_ = std::move(work);
}

namespace {

class MemoryChunkWriter final : public ChunkWriter {
 public:
  MemoryChunkWriter(MemoryTarget& target, Crashes& crashes, Chunk chunk, Fence fence)
      : target_(target), crashes_(crashes), chunk_(std::move(chunk)), fence_(fence) {}

  void write(std::size_t plan, const RowBatch& batch) override {
    crashes_.pass("write");
    for (std::size_t i = 0; i < batch.rows(); ++i) rows_.emplace_back(plan, rowOf(batch, i));
    if (chunk_.exact) flush(std::nullopt);  // a big group takes several transactions
  }

  void commit(const ChunkResult& result) override {
    crashes_.pass("before commit");
    flush(result);
    crashes_.pass("after commit");
  }

 private:
  void flush(const std::optional<ChunkResult>& result) {
    target_.transact([&](MemoryTarget::State& state) {
      MemoryTarget::ChunkRow& row = state.chunks[chunk_.number];
      if (state.plan != fence_.plan || row.epoch != fence_.epoch) throw Error(Msg::fenced, {"the chunk"});
      for (const auto& [plan, values] : rows_) {
        const auto doomed = target_.schema().collisions(state.content, plan, values, std::nullopt);
        if (chunk_.exact && !doomed.empty()) conflict(target_.schema(), plan, values, "duplicate key in a group");
        for (const std::int64_t key : doomed) state.content[plan].erase(key);
        state.content[plan][keyOf(values)] = values;
      }
      row.done = result;
    });
    rows_.clear();
  }

  MemoryTarget& target_;
  Crashes& crashes_;
  const Chunk chunk_;
  const Fence fence_;
  std::vector<std::pair<std::size_t, Row>> rows_;
};

}  // namespace

std::optional<Mark> MemorySink::fence(const Fence& fence) {
  std::optional<Mark> mark;
  target_.transact([&](MemoryTarget::State& state) {
    const bool isOlder = fence.plan < state.plan || (fence.plan == state.plan && fence.epoch < state.epoch);
    if (isOlder || (fence.plan > state.plan && (!state.chunks.empty() || state.mark)))
      throw Error(Msg::fenced, {"the job"});
    state.plan = fence.plan;
    state.epoch = fence.epoch;
    mark = state.mark;
  });
  fence_ = fence;
  return mark;
}

std::unique_ptr<ChunkWriter> MemorySink::openChunk(const Chunk& chunk, const Fence& fence, const Plans&,
                                                   ChunkResult& done) {
  bool isDone = false;
  target_.transact([&](MemoryTarget::State& state) {
    MemoryTarget::ChunkRow& row = state.chunks[chunk.number];
    if (state.plan != fence.plan || row.epoch > fence.epoch) throw Error(Msg::fenced, {"the chunk"});
    isDone = row.done.has_value();
    if (isDone) {
      done = *row.done;
      return;
    }
    row.epoch = fence.epoch;
    if (!chunk.exact) return;
    for (const std::size_t plan : chunk.plans) state.content[plan].clear();
  });
  if (isDone) return nullptr;
  return std::make_unique<MemoryChunkWriter>(target_, crashes_, chunk, fence);
}

std::vector<ChunkResult> MemorySink::chunks() {
  std::vector<ChunkResult> out;
  for (const auto& [number, row] : target_.state().chunks) {
    if (row.done) out.push_back(*row.done);
  }
  return out;
}

namespace {

class MemoryAppliers final : public Appliers {
 public:
  explicit MemoryAppliers(MemorySink& sink) : sink_(sink) {}
  std::size_t count() const override { return sink_.applierCount; }
  void addKeys(const Transaction& transaction, ConflictKeys& keys) override { sink_.addKeys(transaction, keys); }
  ApplyStats apply(std::size_t, const ApplyBatch& batch, Turn& turn, const std::stop_token&) override {
    return sink_.apply(batch, turn);
  }

 private:
  MemorySink& sink_;
};

/// Carries the difference between `before` and `after` over to `to`.
void carryOver(const Content& before, const Content& after, Content& to) {
  for (std::size_t table = 0; table < after.size(); ++table) {
    for (const auto& [key, row] : before[table])
      if (!after[table].contains(key)) to[table].erase(key);
    for (const auto& [key, row] : after[table]) {
      const auto old = before[table].find(key);
      if (old == before[table].end() || old->second != row) to[table][key] = row;
    }
  }
}

}  // namespace

std::unique_ptr<Appliers> MemorySink::appliers(const Plans&) {
  return std::make_unique<MemoryAppliers>(*this);
}

void MemorySink::addKeys(const Transaction& transaction, ConflictKeys& out) const {
  for (const ChangeEvent& event : transaction.changes) {
    const auto* change = std::get_if<RowsChange>(&event);
    if (change == nullptr) return out.touchAll();
    for (std::size_t row = 0; row < change->rows.rows(); ++row) {
      std::vector<ConflictKey> primary, unique, parents;
      target_.schema().addKeys(change->plan, rowOf(change->rows, row), primary, unique, parents);
      const auto add = [&](const std::vector<ConflictKey>& more) {
        out.list().insert(out.list().end(), more.begin(), more.end());
      };
      if (keys != Keys::none) add(primary);
      if (keys == Keys::all || keys == Keys::withoutParents) add(unique);
      if (keys == Keys::all) add(parents);
    }
  }
}

ApplyStats MemorySink::work(const ApplyBatch& batch, MemoryTarget::State& state) const {
  ApplyStats stats;
  RowApplier applier(target_.schema(), state.content);
  for (const Transaction& transaction : batch.transactions) {
    for (const ChangeEvent& change : transaction.changes) {
      applier.apply(change, batch.tolerant);
      if (const auto* rows = std::get_if<RowsChange>(&change)) stats.rows += rows->rows.rows();
    }
  }
  return stats;
}

ApplyStats MemorySink::apply(const ApplyBatch& batch, Turn& turn) {
  crashes_.pass("apply");
  ApplyStats stats;
  MemoryTarget::State before, after;
  do {
    if (after.plan != 0) turn.awaitHead();  // gave way
    turn.begin();
    before = after = target_.state();
    stats = work(batch, after);
    if (beforeTurn) beforeTurn(batch);
  } while (!turn.awaitCommit());
  target_.transact([&](MemoryTarget::State& state) {
    if (state.plan != fence_.plan || state.epoch != fence_.epoch) throw Error(Msg::fenced, {"the job"});
    carryOver(before.content, after.content, state.content);
    for (const Transaction& transaction : batch.transactions)
      if (!transaction.changes.empty()) ++state.applied[transaction.id];
    state.mark = Mark{batch.transactions.back().end, fence_.epoch};
  });
  crashes_.pass("applied");
  return stats;
}

Plans plansOf(const MemorySchema& schema) {
  JobSpec spec;
  spec.dbObject.objectScope = "all";
  // compilePlans() sorts by name; tables are to be added in that order, so that plan and position agree.
  return compilePlans(spec, schema.tables());
}

}  // namespace drs::testing
