#include "support/memory_engine.h"
#include "support/memory_rows.h"

#include <algorithm>
#include <utility>

namespace drs::testing {
namespace {

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

}  // namespace drs::testing
