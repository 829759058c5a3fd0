#pragma once

#include "engine/redis/scope.h"
#include "engine/redis/spool.h"
#include "engine/redis/target_writer.h"
#include "wire/resp/command_parser.h"
#include "wire/resp/command_table.h"

#include <chrono>
#include <cstdint>
#include <map>
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
    std::size_t windowBytes = std::size_t{1} << 20U;
  };
  /// `mark`: where to go on; its state becomes `following`.
  StreamApplier(TargetWriter& writer, Spool& stream, const Scope& scope, const LaneMark& mark, Options options);

  /// Applies what has come, at most about a window of it, and waits up to `most` if nothing has. True: everything that
  /// had come is on its way to the target. Throws what TargetWriter::commit() throws; Error(redisCommand) for a command
  /// that cannot be carried over; Error(logCorrupt).
  bool step(std::chrono::milliseconds most, const std::stop_token& stop);
  /// Waits until all of it is done, and notes that. For quiet moments.
  void settle(const std::stop_token& stop);

  /// Behind the last command that is done at the target.
  [[nodiscard]] std::uint64_t applied() const { return writer_.done().offset; }
  /// Behind the last command that was taken, with its transaction.
  [[nodiscard]] std::uint64_t taken() const { return mark_.offset; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// What was not carried over, on purpose: messages, functions that the target does not know. By name, with counts.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& leftOut() const { return leftOut_; }

 private:
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
  resp::CommandParser parser_;
  std::string window_;
  std::size_t begin_ = 0;     ///< of what is not taken, in window_
  std::uint64_t offset_ = 0;  ///< of the stream, at begin_
  std::uint64_t db_ = 0;      ///< of the source, at begin_
  bool inTransaction_ = false;
  bool changedInTransaction_ = false;
  LaneMark mark_;                ///< behind the last command outside of a transaction
  std::uint64_t committed_ = 0;  ///< mark_.offset of the last commit
  std::chrono::steady_clock::time_point committedAt_;
  std::vector<std::uint32_t> keys_;
  std::uint64_t changes_ = 0;
  std::map<std::string, std::uint64_t> leftOut_;
};

}  // namespace drs::redis
