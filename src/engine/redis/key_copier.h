#pragma once

#include "engine/redis/capabilities.h"
#include "engine/redis/connection.h"
#include "engine/redis/scope.h"
#include "engine/redis/target_writer.h"
#include "engine/redis/value_writer.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace drs::redis {

/// Brings keys of a source to the target as they are now, by reading them like any client: DUMP and the deadline of
/// many in one pipeline; what is large, or where DUMP is refused, in pieces (large_value.h). A key that the source does
/// not have is deleted at the target. One thread.
class KeyCopier {
 public:
  struct Options {
    bool follows = true;                             ///< a value that changes while it is read is brought again later
    std::function<void()> commit;                    ///< ends the writer's batch; called whenever it is full
    std::size_t wholeBytes = std::size_t{1} << 20U;  ///< in memory of the source; above it a value is large
    std::size_t wholeListBytes = std::size_t{32} << 20U;  ///< lists are read whole up to here
  };
  /// A large key, and how long it took.
  struct Large {
    std::uint64_t db = 0;  ///< of the source
    std::string key;
    std::chrono::milliseconds took{0};
    bool again = false;  ///< it changed under the reading: what stands at the target is not the value of any moment
  };
  KeyCopier(Connection& source, TargetWriter& writer, const Capabilities& target, Options options);

  /// The keys must be of one database, and few enough for a pipeline. What was added to the writer's batch and not
  /// committed stays there. Returns the bytes that were read. Throws Error as Connection::pipeline() and
  /// TargetWriter::commit(); Error(redisCommand): their slots have moved, or a list changes all the time (not if
  /// `follows`); Error(redisRefused): they may not be read; Error(logUnsupported): a type that nobody can bring.
  std::uint64_t copy(const Scope::Database& db, std::span<const std::string> keys, const std::stop_token& stop);

  /// Both sides turn to the database.
  void select(const Scope::Database& db);
  /// Deletes a key of that database at the target.
  void remove(std::string_view key);
  /// Throws what an error reply of the source means: Error(redisCommand) if the key's slot has moved.
  void check(const resp::Reply& reply, std::string_view command) const;

  /// Those that were brought since the last call.
  [[nodiscard]] std::vector<Large> takeLarge() { return std::exchange(large_, {}); }
  /// Brought so far.
  [[nodiscard]] std::uint64_t copied() const { return copied_; }
  /// What could not be brought, by name.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& leftOut() const { return leftOut_; }

 private:
  struct Key {
    std::string_view name;
    std::uint64_t bytes = 0;  ///< of memory, about
    bool gone = false;
  };
  std::vector<Key> sizesOf(std::span<const std::string> keys);
  void sizesByCommands(std::vector<Key>& keys);
  void copyWhole(std::span<const Key> keys, const std::stop_token& stop);
  void takeDump(std::string_view key, const std::string& payload, std::int64_t deadline);
  void copyLarge(const Key& key, const std::stop_token& stop);
  bool copyPieces(const std::string& key, const std::string& type);
  [[nodiscard]] std::int64_t deadlineOf(const std::string& key);
  std::vector<resp::Reply> ask(const resp::Encoder& commands, std::size_t count);
  void commitIfFull();

  Connection& source_;
  TargetWriter& writer_;
  const Capabilities& target_;
  const Options options_;
  ValueWriter values_;
  Scope::Database db_;
  std::uint64_t selected_ = 0;  ///< of the source's connection
  bool tellsMemory_ = true;     ///< it takes MEMORY USAGE
  bool dumps_ = true;           ///< … DUMP
  bool tellsDeadlines_ = true;  ///< … PEXPIRETIME; else PTTL and TIME
  std::uint64_t read_ = 0;      ///< bytes, of this copy()
  std::uint64_t copied_ = 0;
  std::vector<Large> large_;
  std::map<std::string, std::uint64_t> leftOut_;
};

}  // namespace drs::redis
