#pragma once

#include "engine/redis/connection.h"
#include "engine/redis/control_keys.h"
#include "wire/resp/encoder.h"
#include "wire/resp/reply_scanner.h"

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

/// Writes a lane's data to its target, exactly once. Commands are collected in batches; each becomes one transaction
/// together with the lane's mark:
///
///     WATCH owner · GET owner · GET mark · MULTI · the commands · SET mark            EXEC
///
/// EXEC is sent when the replies to all that stands before it have come: the owner is still this run (WATCH sees who
/// takes the lane over in between, or replaces all data, and EXEC does nothing then), the newest mark is that of the
/// batch before (the target's data has not gone back), every command was queued, and the batch before is done. So a
/// batch is done wholly or not at all, in order, by the owner alone; and while the target works on one batch, the next
/// is on its way. One connection, since a server has one thread for its data. One thread.
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
  };

  /// Connects and takes the lane over: from here on no other run of it can write. Throws Error(fenced) if a newer run
  /// has it, and what Connection::open() throws.
  static std::unique_ptr<TargetWriter> takeOver(Options options, const std::stop_token& stop);

  /// What the run before has left: the newest mark of this plan.
  [[nodiscard]] const std::optional<LaneMark>& found() const { return found_; }

  /// The commands that follow are for this database of the target, one of Options::databases.
  /// Only while the batch is empty.
  void select(std::uint32_t db);
  [[nodiscard]] std::uint32_t db() const { return next_.db; }
  /// Adds a command as servers read it. Not sent yet.
  void add(std::string_view command, const CommandPlace& place);
  /// The buffer for add() by hand: commands that are appended to it must be counted by added().
  [[nodiscard]] resp::Encoder& encoder() { return next_.commands; }
  void added(const CommandPlace& place);
  /// Adds what names the owner anew, behind a command that removes all keys of a database.
  void addOwner();
  /// The batch is as large as one should be: commit() it where the source allows a border.
  [[nodiscard]] bool isFull() const;
  /// Is there nothing in the batch?
  [[nodiscard]] bool isEmpty() const { return next_.places.empty(); }

  /// Ends the batch with the mark. Returns when it is on its way and the one before is done; drain() waits for it.
  /// Throws Error(fenced); Error(redisNotReady) if the target cannot take it now, or its data has gone back to a time
  /// before the last batch: nothing of it was done;
  /// Error(redisRefused) if it refuses a command: nothing of the batch was done, or, if it refused while it did the
  /// others, that is noted in the mark for good and this lane goes on only after a reset. Error(connectionLost):
  /// whether it was done stands in the mark.
  void commit(LaneMark mark, const std::stop_token& stop);
  /// Waits until every batch is done.
  void drain(const std::stop_token& stop);
  /// From here on the target gets so long to answer.
  void setAnswerTimeout(std::chrono::seconds most) { answerTimeout_ = most; }
  /// Forgets what was added and not committed.
  void drop() { next_.clear(); }
  /// Drains, and notes in the mark that the target's answers to all of it were seen. For quiet moments, and before the
  /// run ends. Nothing may be in the batch.
  void verify(const std::stop_token& stop);
  /// Drains, then sends commands that read, and returns their replies. For databases of the target.
  std::vector<resp::Reply> ask(std::uint32_t db, std::string_view commands, std::size_t count,
                               const std::stop_token& stop);
  /// The mark of the last batch that is known to be done.
  [[nodiscard]] const LaneMark& done() const { return done_; }

 private:
  struct Batch {
    std::uint32_t db = 0;
    resp::Encoder commands;
    std::vector<CommandPlace> places;  ///< one for each command
    LaneMark mark;
    void clear();
  };
  struct Mark {
    std::uint32_t db = 0;
    std::string text;  ///< empty: none
  };
  explicit TargetWriter(Options options);
  void claim(const std::stop_token& stop);
  void findMark(const std::stop_token& stop);
  void send(std::string_view bytes, const std::stop_token& stop);
  void receive();
  void takeReplies(std::uint64_t count, std::string* text, const std::stop_token& stop);
  std::size_t sendBatch(const Batch& batch, const std::stop_token& stop);
  void queue(const Batch& batch, std::size_t heads, const std::stop_token& stop);
  void settle(const std::stop_token& stop);
  void discard(const std::stop_token& stop);
  void exec(const Batch& batch, const std::stop_token& stop);
  [[noreturn]] void refuse(const resp::ReplyProblem& problem, std::string_view command, std::uint64_t offset) const;
  [[noreturn]] void refusedWithin(const Batch& batch, std::size_t queued, const std::stop_token& stop);

  const Options options_;
  const ControlKeys keys_;
  std::chrono::seconds answerTimeout_;
  std::unique_ptr<net::Stream> stream_;
  std::string rest_;       ///< bytes that were read
  std::size_t taken_ = 0;  ///< of rest_
  resp::ReplyScanner scanner_;
  std::vector<resp::ReplyProblem> problems_;
  std::optional<LaneMark> found_;
  Batch next_, sent_;
  bool inFlight_ = false;       ///< EXEC of sent_ is on its way
  std::uint32_t selected_ = 0;  ///< of the connection
  LaneMark done_;
  std::uint64_t sequence_ = 0;
  resp::Encoder head_;
  std::string heads_;           ///< replies that must stand before those to the commands of a batch
  std::optional<Mark> newest_;  ///< what was written last; nothing: not known
};

}  // namespace drs::redis
