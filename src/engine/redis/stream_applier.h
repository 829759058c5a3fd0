#pragma once

#include "engine/redis/scope.h"
#include "engine/redis/slot_gate.h"
#include "engine/redis/spool.h"
#include "engine/redis/target_writer.h"
#include "engine/redis/value_writer.h"
#include "wire/resp/command_parser.h"
#include "wire/resp/command_table.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drs::redis {

/// Applies a lane's stream of commands to the target. A command goes as the source has sent it; transactions stay
/// whole; what the target could not do exactly as the source did stops the lane with the command's name. One thread.
class StreamApplier {
 public:
  struct Options {
    bool isAlone = true;         ///< the only lane of the job: what empties a whole database is the lane's to do
    bool isFirst = true;         ///< of the lanes: what belongs to all of the source is brought by one
    bool takesFunctions = true;  ///< the target keeps functions
    bool takesMoments = true;    ///< the target knows SET … PXAT
    std::size_t transactionBytes = std::size_t{256} << 20U;  ///< of one of the source, in memory
    std::uint64_t keepBytes = 0;  ///< of the stream, kept behind what the target needs no more, in case it loses it
    std::size_t windowBytes = std::size_t{1} << 20U;
  };
  /// Of a shard of a cluster, whose slots may move.
  struct Shard {
    SlotGate& gate;       ///< what may be written
    ValueWriter& values;  ///< for the values that come with a slot
  };
  /// `mark`: where to go on; its state becomes `following`. `shard`: null for a server that has all slots.
  StreamApplier(TargetWriter& writer, Spool& stream, const Scope& scope, const LaneMark& mark, Options options,
                std::optional<Shard> shard = std::nullopt);

  /// Applies what has come, at most about a window of it or for about `most`, and waits up to `most` if nothing has.
  /// True: everything that had come is on its way to the target. Throws what TargetWriter::commit() throws;
  /// Error(redisCommand) for a command that cannot be carried over; Error(logCorrupt).
  bool step(std::chrono::milliseconds most, const std::stop_token& stop);
  /// Waits until all of it is done, and notes that. For quiet moments.
  void settle(const std::stop_token& stop);
  /// Between two transactions of the source? Only then commitSlots() and replay() may be called.
  [[nodiscard]] bool isAtBorder() const { return !at_.inTransaction; }
  /// Writes the gate's slots to the mark, and waits until that is done.
  void commitSlots(const std::stop_token& stop);
  /// Lets go of slots of which the gate says that nothing is left at the source: nor at the target then. Returns
  /// whether it has; not after a stop. Throws what removeRest() throws.
  bool letGo(const SlotSet& slots, const std::string& jobId, const std::stop_token& stop);
  /// Applies what has been held of these slots, which the gate has claimed, and opens them. After a stop: a part of it.
  void replay(const SlotSet& slots, const std::stop_token& stop);

  /// Up to here all is done at the target: what is held of slots is not.
  [[nodiscard]] std::uint64_t applied() const;
  /// Behind the last command that was taken, with its transaction.
  [[nodiscard]] std::uint64_t taken() const { return mark_.offset; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// What was not carried over, on purpose: messages, functions that the target does not know. By name, with counts.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& leftOut() const { return leftOut_; }

 private:
  /// A place in the stream, with what is to be known there.
  struct Place {
    resp::CommandParser parser;
    std::string window;
    std::size_t begin = 0;     ///< of what is not taken, in window
    std::uint64_t offset = 0;  ///< of the stream, at begin
    std::uint64_t db = 0;      ///< of the source, at begin
    bool inTransaction = false;
    bool changedInTransaction = false;
    LaneSlots::Held border;  ///< the last place outside of a transaction
  };
  enum class Taken : std::uint8_t { command, more };
  Taken takeNext(const std::stop_token& stop);
  std::size_t fill(std::size_t most, std::chrono::milliseconds patience, const std::stop_token& stop);
  bool replayUntil(std::uint64_t end, const std::stop_token& stop);
  [[nodiscard]] bool mayApply(const resp::CommandInfo& command);
  [[nodiscard]] bool mayApply(std::uint16_t slot);
  void migration(const resp::CommandInfo& command, const std::stop_token& stop);
  void restore(const resp::CommandInfo& command, const std::stop_token& stop);
  void take(std::string_view raw, const std::stop_token& stop);
  void change(const resp::CommandInfo& command, std::string_view raw, const std::stop_token& stop);
  void add(const resp::CommandInfo& command, std::string_view raw);
  void addCovered(const resp::CommandInfo& command);
  void flush(const resp::CommandInfo& command, const std::stop_token& stop);
  void enter(std::uint32_t target, const std::stop_token& stop);
  void commit(const std::stop_token& stop);
  void commitNow(const std::stop_token& stop);
  void function(const resp::CommandInfo& command, std::string_view raw, const std::stop_token& stop);
  [[noreturn]] void refuse(const resp::CommandInfo& command, const std::string& why) const;

  TargetWriter& writer_;
  Spool& stream_;
  const Scope& scope_;
  const Options options_;
  const std::optional<Shard> shard_;
  Place at_;
  std::uint64_t begun_ = 0;             ///< offset of the stream before the command at hand
  const SlotSet* replaying_ = nullptr;  ///< only what was held of these slots is applied
  LaneMark mark_;                       ///< behind the last command outside of a transaction
  std::uint64_t committed_ = 0;         ///< mark_.offset of the last commit
  std::chrono::steady_clock::time_point committedAt_;
  std::vector<std::uint32_t> keys_;
  std::uint64_t changes_ = 0;
  std::map<std::string, std::uint64_t> leftOut_;
};

}  // namespace drs::redis
