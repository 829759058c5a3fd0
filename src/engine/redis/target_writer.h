#pragma once

#include "engine/redis/cluster_map.h"
#include "engine/redis/connection.h"
#include "engine/redis/control_keys.h"
#include "wire/resp/encoder.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace drs::redis {

/// Where a command of a batch came from, for the text of an error.
struct CommandPlace {
  std::uint64_t offset = 0;  ///< of the stream, behind the command; 0 in a snapshot
  std::string_view name;     ///< lower case, lives for ever; of a snapshot: ""
};

/// Writes a lane's data to its target, exactly once. Commands are collected in batches, which are done in order, each
/// together with the lane's mark: by ServerWriter on one server, by ClusterWriter slot by slot. One thread.
class TargetWriter {
 public:
  struct Options {
    ConnectOptions target;
    std::string jobId;
    std::uint32_t lane = 0;
    Fence fence;
    std::vector<std::uint32_t> databases;  ///< of the target that the lane writes to, at least one; the first is home
    std::size_t batchBytes = std::size_t{1} << 20U;  ///< unless one command, or a transaction of the source, is larger
    std::size_t batchCommands = 1000;
    std::chrono::seconds answerTimeout{600};
    /// The target's nodes as they are now; empty: it is one server. ConnectOptions of a node are `target`'s, but for
    /// the address.
    ReadClusterMap cluster;
    std::vector<SlotRange> slots;       ///< of the lane, for a cluster; empty: all
    std::optional<std::uint16_t> home;  ///< of a cluster: the slot that has the lane's mark; the first, if not given
  };

  /// Connects and takes the lane over: from here on no other run of it can write. Throws Error(fenced) if a newer run
  /// has it, and what Connection::open() throws.
  static std::unique_ptr<TargetWriter> takeOver(Options options, const std::stop_token& stop);
  virtual ~TargetWriter() = default;
  TargetWriter(const TargetWriter&) = delete;
  TargetWriter& operator=(const TargetWriter&) = delete;

  /// What the run before has left: the newest mark of this plan.
  [[nodiscard]] const std::optional<LaneMark>& found() const { return found_; }
  /// What users must know of what was found; empty most times.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// The commands that follow are for this database of the target, one of Options::databases.
  /// Only while the batch is empty.
  virtual void select(std::uint32_t db) { next_.db = db; }
  [[nodiscard]] std::uint32_t db() const { return next_.db; }
  /// Adds a command as servers read it. Not sent yet.
  void add(std::string_view command, const CommandPlace& place) {
    next_.commands.raw(command);
    added(place);
  }
  /// The buffer for add() by hand: each command that is appended to it must be counted by added().
  [[nodiscard]] resp::Encoder& encoder() { return next_.commands; }
  virtual void added(const CommandPlace& place) { next_.places.push_back(place); }
  /// A transaction of the source begins, or has ended.
  virtual void transaction(bool /*begins*/) {}
  /// Transactions of the source that were done in parts, since their keys lie in several slots of the target.
  [[nodiscard]] virtual std::uint64_t dividedTransactions() const { return 0; }

  /// Removes all keys of a database that `covers` names, as a command of the stream at `mark.offset`; those of ours
  /// stay. The batch must hold nothing of what comes behind.
  virtual void removeAll(std::uint32_t db, const std::function<bool(std::string_view key)>& covers, LaneMark mark,
                         const CommandPlace& place, const std::stop_token& stop) = 0;
  /// The batch is as large as one should be: commit() it where the source allows a border.
  [[nodiscard]] bool isFull() const {
    return next_.commands.size() >= options_.batchBytes || next_.places.size() >= options_.batchCommands;
  }
  /// Is there nothing in the batch?
  [[nodiscard]] bool isEmpty() const { return next_.places.empty(); }

  /// Ends the batch with the mark. Returns when it is on its way and the one before is done; drain() waits for it.
  /// Throws Error(fenced); Error(redisNotReady) if the target cannot take it now, or its data has gone back to a time
  /// before the last batch: nothing of it was done;
  /// Error(redisRefused) if it refuses a command: nothing of the batch was done, or, if it refused while it did the
  /// others, that is noted in the mark for good and this lane goes on only after a reset. Error(connectionLost):
  /// whether it was done stands in the mark.
  virtual void commit(LaneMark mark, const std::stop_token& stop) = 0;
  /// Waits until every batch is done.
  virtual void drain(const std::stop_token& stop) = 0;
  /// From here on the target gets so long to answer.
  void setAnswerTimeout(std::chrono::seconds most) { answerTimeout_ = most; }
  /// Forgets what was added and not committed.
  virtual void drop() { next_.clear(); }
  /// Drains, and notes in the mark that the target's answers to all of it were seen. For quiet moments, and before the
  /// run ends. Nothing may be in the batch.
  virtual void verify(const std::stop_token& stop) = 0;
  /// How many servers have a part of the target's data.
  [[nodiscard]] virtual std::size_t servers() const { return 1; }
  /// Drains, then sends commands that read to one of the servers, and returns their replies. For databases of the
  /// target.
  virtual std::vector<resp::Reply> ask(std::size_t server, std::uint32_t db, std::string_view commands,
                                       std::size_t count, const std::stop_token& stop) = 0;
  /// Looks where the keys lie now; differs from the number before if some may lie on another server. Throws
  /// Error(redisNotReady) if slots are on the move and stay so (readSettledMap()).
  virtual std::uint64_t layout(const std::stop_token& /*stop*/) { return 0; }

  /// The mark of the last batch that is known to be done.
  [[nodiscard]] const LaneMark& done() const { return done_; }
  /// A later run may begin at this offset of the stream, and needs what is behind it.
  [[nodiscard]] virtual std::uint64_t needed() const { return done_.offset; }

 protected:
  struct Batch {
    std::uint32_t db = 0;
    resp::Encoder commands;
    std::vector<CommandPlace> places;  ///< one for each command
    LaneMark mark;
    void clear() {
      commands.clear();
      places.clear();
    }
  };
  explicit TargetWriter(Options options);

  const Options options_;
  std::chrono::seconds answerTimeout_;
  std::optional<LaneMark> found_;
  std::vector<std::string> warnings_;
  Batch next_, sent_;
  LaneMark done_;
  std::uint64_t sequence_ = 0;
};

}  // namespace drs::redis
