#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "pipeline/interfaces.h"
#include "pipeline/window.h"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace drs {

struct StreamOptions {
  std::size_t queueBytes = 16U << 20U;    ///< transactions between the reader and the appliers; as many with these
  std::size_t maxBatchBytes = 1U << 20U;  ///< of one target transaction, unless one source transaction is larger
  std::size_t maxBatchTransactions = 200;
  std::size_t maxBatchImages = 500;              ///< of rows; batches with more in them depend on each other too often
  std::chrono::milliseconds markInterval{1000};  ///< how often the mark moves over transactions that are not ours
  std::chrono::milliseconds progressInterval{1000};
  std::chrono::milliseconds turnPatience{150};  ///< see Turns
};

/// How far a replay is. Counters begin with the run.
struct StreamProgress {
  Position position;  ///< the mark: all up to here is durable in the target
  std::uint64_t transactions = 0, rows = 0;
  UnixMillis lastCommitMillis = 0;  ///< at the source, of the last transaction that changed something of ours
  std::uint64_t conflictsKept = 0, conflictsOverwritten = 0;
  /// Between a change's commit at the source and its commit at the target. 0 when idle, which the log reader's
  /// heartbeat proves; grows when neither changes nor heartbeats come.
  std::chrono::milliseconds delay{0};
  /// The part of `delay` until the change was read from the log.
  std::chrono::milliseconds readDelay{0};
};

struct StreamContext {
  Source& source;
  Sink& sink;  ///< after fence()
  const Plans& plans;
  std::vector<Window> windows;  ///< one for each plan
  Position from;                ///< the mark, or where the replay starts
  std::optional<Position> end;  ///< ends behind it, once all windows are passed (FULL_TRANS)
  StreamOptions options;
  const Clock& clock;
  Log log;
  std::function<void(const StreamProgress&)> progress;  ///< from the calling thread, about once a second and at the end
};

enum class StreamEnd {
  stopped,
  endReached,
  definitionsChanged  ///< a statement of the log was applied: the run goes on from the mark with the plans in force
};

/// Replays a lane: one thread reads, one forms batches, one for each applier; commit order kept. A batch is a row of
/// contiguous transactions: one when idle, more as the backlog grows. Batches that do not depend on each other are
/// applied side by side and committed in order. Each batch and the mark behind it commit together, so a run
/// that ends at any moment, by stop, error or death, goes on from the mark and applies every transaction exactly once;
/// what was read but not applied is dropped. Throws what the engine throws, unless a stop was requested before.
[[nodiscard]] StreamEnd streamLog(const StreamContext& context, const std::stop_token& stop);

}  // namespace drs
