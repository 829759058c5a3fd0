#pragma once

#include "base/error.h"
#include "pipeline/interfaces.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

// A source and a target in memory that behave: unique keys, foreign keys with and without cascades, transactions, a log
// that is ahead of what is visible, REPLACE while loading, marks and fences, and named points where the process can
// die. All values are integers; column 0 is the primary key.

namespace drs::testing {

using Value = std::optional<std::int64_t>;
using Row = std::vector<Value>;
using Rows = std::map<std::int64_t, Row>;
/// The rows of all tables, by position in the list of schemas.
using Content = std::vector<Rows>;

struct MemoryForeignKey {
  std::size_t column = 0, parent = 0;
  bool cascades = false;
};

/// The schemas and what their constraints mean.
class MemorySchema {
 public:
  /// Adds a table of integer columns ("id" first) and returns its position. `unique`: columns with a unique key each.
  std::size_t add(const std::string& name, std::size_t columns, const std::vector<std::size_t>& unique,
                  const std::vector<MemoryForeignKey>& foreignKeys = {});

  [[nodiscard]] const std::vector<TableSchemaPtr>& tables() const { return tables_; }
  [[nodiscard]] std::size_t size() const { return tables_.size(); }
  [[nodiscard]] Content empty() const { return Content(tables_.size()); }

  /// Keys of the rows that collide with `row` on the primary or any unique key, apart from the row `except`.
  [[nodiscard]] std::vector<std::int64_t> collisions(const Content& content, std::size_t table, const Row& row,
                                                     std::optional<std::int64_t> except) const;
  /// True if every parent of the row is there.
  [[nodiscard]] bool parentsExist(const Content& content, std::size_t table, const Row& row) const;
  /// Deletes with cascades; false if a child without a cascade stands in the way (then nothing has changed).
  bool removeChecked(Content& content, std::size_t table, std::int64_t key) const;
  /// Hashes of what the row touches (see ConflictKeys): its key, unique values, parents, and one for all tables joined
  /// by cascades.
  void addKeys(std::size_t table, const Row& row, std::vector<ConflictKey>& primary, std::vector<ConflictKey>& unique,
               std::vector<ConflictKey>& parents) const;
  /// True if some row of another table refers to `key`.
  [[nodiscard]] bool isReferenced(const Content& content, std::size_t table, std::int64_t key) const;

 private:
  struct Rule {
    std::vector<std::size_t> unique;
    std::vector<MemoryForeignKey> foreignKeys;
  };
  std::vector<TableSchemaPtr> tables_;
  std::vector<Rule> rules_;
};

/// Where the process can die: the n-th pass throws, once. Threads: any.
class Crashes {
 public:
  void arm(int passes) { left_ = passes; }
  void disarm() { left_ = 0; }
  void pass(const char* point) {
    if (left_ > 0 && --left_ == 0) throw Error(Msg::connectionLost, {"the test", point});
  }

 private:
  std::atomic<int> left_{0};
};

/// The source: content, and a log whose newest transactions may not be visible yet (they are in the log, dump threads
/// deliver them, but no snapshot shows them: mysql.md, story 1). Threads: any.
class MemoryDatabase {
 public:
  explicit MemoryDatabase(const MemorySchema& schema)
      : schema_(schema), tail_(schema.empty()), visible_(schema.empty()) {}

  /// A transaction in the making. Each call returns false, and does nothing, if a constraint forbids it.
  class Writer {
   public:
    bool insert(std::size_t table, const Row& row);
    bool update(std::size_t table, std::int64_t key, const Row& row);
    bool remove(std::size_t table, std::int64_t key);
    void truncate(std::size_t table);
    [[nodiscard]] const Content& content() const { return content_; }

   private:
    friend class MemoryDatabase;
    Writer(const MemorySchema& schema, Content content) : schema_(schema), content_(std::move(content)) {}
    struct Change {
      std::size_t table = 0;
      bool truncates = false;
      RowOp op = RowOp::insert;
      std::vector<Row> rows;
    };
    const MemorySchema& schema_;
    Content content_;
    std::vector<Change> changes_;
  };

  /// Runs `body` and commits; `lag`: how many of the newest transactions stay invisible.
  void transact(const std::function<void(Writer&)>& body, std::size_t lag = 0);
  /// Everything in the log becomes visible.
  void settle();
  [[nodiscard]] Content content() const;

  /// Numbers of the newest transaction in the log, and of the newest one that snapshots show.
  [[nodiscard]] std::uint64_t tail() const;
  [[nodiscard]] std::uint64_t visible() const;
  struct Snapshot {
    std::uint64_t number = 0;
    Content content;
  };
  [[nodiscard]] Snapshot snapshot() const;
  /// The transaction with this number (from 1), or nothing; waits a moment for it.
  [[nodiscard]] std::optional<Transaction> read(std::uint64_t number, const std::stop_token& stop) const;
  [[nodiscard]] const MemorySchema& schema() const { return schema_; }

 private:
  void show(std::size_t lag);

  const MemorySchema& schema_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any grown_;
  std::vector<std::vector<Writer::Change>> log_;
  Content tail_, visible_;
  std::deque<Content> hidden_;  ///< the states behind each invisible transaction
};

[[nodiscard]] Position at(std::uint64_t number);
[[nodiscard]] std::uint64_t numberOf(const Position& position);

class MemorySource : public Source {
 public:
  MemorySource(MemoryDatabase& database, Crashes& crashes, std::int64_t chunkKeys = 3)
      : database_(database), crashes_(crashes), chunkKeys_(chunkKeys) {}

  /// A free chunk is ended behind this many rows; 0 = never.
  std::size_t longestChunk = 0;
  /// Called between low and the snapshot, and between the snapshot and high.
  std::function<void()> whileReading;

  Position currentPosition() override { return at(database_.tail()); }
  std::vector<Chunk> split(const Plans& plans) override;
  ChunkResult readChunk(const Chunk& chunk, const Plans& plans, const BatchConsumer& out,
                        const std::stop_token& stop) override;
  std::unique_ptr<LogReader> openLog(const Position& from, const Plans& plans) override;
  bool reached(const Position& at, const Position& goal) const override { return numberOf(at) >= numberOf(goal); }
  bool covers(const Position& position, const Transaction& transaction) const override {
    return std::stoull(transaction.id) <= numberOf(position);
  }

 private:
  MemoryDatabase& database_;
  Crashes& crashes_;
  const std::int64_t chunkKeys_;  ///< keys of a chunk; keys are small non-negative numbers
};

/// The target, shared by all sinks. Threads: any.
class MemoryTarget {
 public:
  explicit MemoryTarget(const MemorySchema& schema) : schema_(schema) { state_.content = schema.empty(); }

  struct ChunkRow {
    std::uint64_t epoch = 0;
    std::optional<ChunkResult> done;
  };
  struct State {
    Content content;
    std::map<std::string, int> applied;  ///< how often each transaction with changes took effect
    std::uint64_t plan = 0, epoch = 0;
    std::optional<Mark> mark;
    std::map<std::uint32_t, ChunkRow> chunks;
    int commits = 0;
  };
  [[nodiscard]] State state() const;
  /// One transaction: `body` works on a copy, which replaces the state unless it throws.
  void transact(const std::function<void(State&)>& body);
  [[nodiscard]] const MemorySchema& schema() const { return schema_; }

 private:
  const MemorySchema& schema_;
  mutable std::mutex mutex_;
  State state_;
};

class MemorySink : public Sink {
 public:
  MemorySink(MemoryTarget& target, Crashes& crashes) : target_(target), crashes_(crashes) {}

  std::optional<Mark> fence(const Fence& fence) override;
  void prepare(const Plans&) override {}
  std::unique_ptr<ChunkWriter> openChunk(const Chunk& chunk, const Fence& fence, const Plans& plans,
                                         ChunkResult& done) override;
  std::vector<ChunkResult> chunks() override;
  void finish(const Plans& plans, const std::function<void(std::size_t plan, bool added)>& indexed) override {
    for (std::size_t i = 0; i < plans.size(); ++i) indexed(i, true);
  }
  std::unique_ptr<Appliers> appliers(const Plans& plans) override;

  std::size_t applierCount = 1;
  /// Which keys are given to the scheduler; others than `all` are wrong.
  enum class Keys { all, none, primaryOnly, withoutParents } keys = Keys::all;
  /// Called between what a batch does and its turn.
  std::function<void(const ApplyBatch&)> beforeTurn;

  void addKeys(const Transaction& transaction, ConflictKeys& keys) const;
  /// Applies a batch to the state as it is now and, at its turn, carries over what it changed: whatever an earlier
  /// batch changes meanwhile must not matter. Threads: any.
  virtual ApplyStats apply(const ApplyBatch& batch, Turn& turn);

 private:
  /// What the batch makes of `state`.
  ApplyStats work(const ApplyBatch& batch, MemoryTarget::State& state) const;
  MemoryTarget& target_;
  Crashes& crashes_;
  Fence fence_;
};

/// Plans for every table of the schema, compiled by the product's own rules (object_scope all).
[[nodiscard]] Plans plansOf(const MemorySchema& schema);

}  // namespace drs::testing
