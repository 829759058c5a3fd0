#pragma once

#include "model/change_event.h"
#include "pipeline/compare.h"
#include "pipeline/interfaces.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

// The other kind of engine: its source hands out its whole content and then its log over one connection, so that there
// are no tables to plan and no chunks to share out. One task runs a lane from its snapshot to the end of the job. All
// failures are thrown as Error; each call ends soon after `stop` is requested.

namespace drs {

/// One ordered log of the source: a server, or a shard of a cluster.
struct Lane {
  std::uint32_t number = 0;  ///< within the job, from 0
  std::string name;          ///< for users: "10.0.0.1:6379"
  std::string text;          ///< of the engine: where and what the lane is
  std::uint64_t items = 0;   ///< estimate: keys
  std::uint64_t bytes = 0;   ///< estimate: of memory at the source
};

/// How far a lane is. `items` and `bytes` count from the start of its snapshot, the rest from the start of the run.
struct LaneProgress {
  bool loaded = false;                      ///< the snapshot is complete in the target
  std::uint64_t items = 0;                  ///< of the snapshot, in the target
  std::uint64_t bytes = 0;                  ///< of the snapshot, read
  Position position;                        ///< of the log: everything up to here is durable in the target
  std::uint64_t changes = 0;                ///< of the log, applied
  std::optional<std::int64_t> delayMillis;  ///< until a change is applied; 0 = caught up
  std::optional<std::int64_t> readMillis;   ///< the part of it until it is read
  UnixMillis lastCommitMillis = 0;          ///< when the newest change that is applied was received; 0 = none yet
  /// Bytes of the log: what the source has written and this node not received, and what it has received and not
  /// applied. Nothing: the source does not tell, or its log has no bytes.
  std::optional<std::uint64_t> unreceivedBytes, unappliedBytes;
};

/// What a lane is run with.
struct LaneContext {
  Lane lane;
  Fence fence;
  bool follows = true;     ///< false: ends with the snapshot (FULL_TRANS)
  bool wasLoaded = false;  ///< loaded() was called by this run or one before it
  /// Waits until `bytes` of the snapshot may pass (speed_limit); false = stop was requested.
  std::function<bool(std::uint64_t bytes, const std::stop_token& stop)> pass;
  /// About once a second. Threads: any.
  std::function<void(const LaneProgress&)> progress;
  /// The snapshot is complete in the target: noted durably before it returns. Idempotent. Throws Error(fenced).
  std::function<void()> loaded;
};

/// Runs the lanes of a job. Every call opens connections of its own. Threads: one for each call.
class LaneRunner {
 public:
  virtual ~LaneRunner() = default;
  /// The lanes as the source has them now, by number.
  [[nodiscard]] virtual std::vector<Lane> lanes(const std::stop_token& stop) = 0;
  /// Copies the lane and follows it. Goes on where the target says that the run before has ended; what was applied is
  /// not applied again. Returns when the snapshot is complete if the lane is not to be followed, otherwise after a
  /// stop. Throws Error(fenced) if a newer run has taken the lane over.
  virtual void run(const LaneContext& context, const std::stop_token& stop) = 0;
  /// What can be compared, in the order of the results: one for each database of the source.
  [[nodiscard]] virtual std::vector<TableName> parts(const std::stop_token& stop) = 0;
  /// Compares one of the parts, both ways. `contents`: values too, else the number of items.
  virtual TableComparison compare(const TableName& part, bool contents, std::size_t maxListed,
                                  const std::stop_token& stop) = 0;
};

}  // namespace drs
