#pragma once

#include "engine/redis/key_set.h"
#include "engine/redis/scope.h"
#include "engine/redis/spool.h"
#include "engine/redis/target_writer.h"
#include "engine/redis/value_writer.h"
#include "wire/rdb/snapshot_parser.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace drs::redis {

struct LoadCallbacks {
  /// Waits until bytes of the snapshot may pass; false = stop was requested.
  std::function<bool(std::uint64_t bytes, const std::stop_token& stop)> pass;
  /// Behind each batch: keys written and bytes read so far.
  std::function<void(std::uint64_t keys, std::uint64_t bytes)> progress;
  /// A line for users.
  std::function<void(bool warning, const std::string& line)> note;
};

/// Writes a snapshot to the target. Everything is written by value, so that a load that is begun again makes the same
/// of it. One thread.
class Loader {
 public:
  /// `mark` is that of a lane that loads; `keys`: gets every key of the snapshot that the scope covers, may be null.
  Loader(TargetWriter& writer, const Scope& scope, ValueWriter& values, LaneMark mark, KeySet* keys,
         LoadCallbacks callbacks);

  /// Reads the snapshot from the spool, from its byte 0, until it ends. Returns the database in which the stream
  /// begins; nothing after a stop. Throws Error(logCorrupt, logUnsupported, connectionLost): the snapshot cannot be
  /// read to its end; and what TargetWriter::commit() throws.
  [[nodiscard]] std::optional<std::uint64_t> run(Spool& snapshot, const std::stop_token& stop);

 private:
  void take(const rdb::SnapshotItem& item, const std::stop_token& stop);
  void takeAux(const rdb::AuxField& aux);
  bool enter(const rdb::KeyInfo& info);
  void leave(const rdb::KeyInfo& info);
  void commitIfFull(const std::stop_token& stop);
  void commit(const std::stop_token& stop);
  void report() const;

  TargetWriter& writer_;
  const Scope& scope_;
  ValueWriter& values_;
  const LaneMark mark_;
  KeySet* keys_;
  const LoadCallbacks callbacks_;
  rdb::SnapshotParser parser_;
  std::uint64_t streamDb_ = 0;
  std::uint64_t written_ = 0;                     ///< keys
  bool inBig_ = false;                            ///< a value that comes in parts is covered
  std::map<std::string, std::uint64_t> leftOut_;  ///< what could not be brought, by name
};

/// Calls `take` for the keys of a database of the target, in portions; some may come twice. False: `take` has said
/// enough, or stop was requested. Of a cluster the keys of all nodes, and once more if slots moved meanwhile.
[[nodiscard]] bool scanTarget(TargetWriter& writer, std::uint32_t db, const std::stop_token& stop,
                              const std::function<bool(const std::string& key)>& take);

/// Removes from the target what the lane covers and the snapshot did not have: what an earlier try of the copy has
/// written and the source has deleted since. False after a stop.
[[nodiscard]] bool sweep(TargetWriter& writer, const Scope& scope, const KeySet& keys, const LaneMark& mark,
                         const std::stop_token& stop);

/// Are there keys of another job of ours in the lane's databases of the target?
[[nodiscard]] bool othersKeys(TargetWriter& writer, const Scope& scope, const std::string& jobId,
                              const std::stop_token& stop);

/// Is there a key at the target that the lane covers?
[[nodiscard]] bool hasCoveredKeys(TargetWriter& writer, const Scope& scope, const std::stop_token& stop);

}  // namespace drs::redis
