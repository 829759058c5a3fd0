#pragma once

#include "engine/engine.h"
#include "pipeline/compare.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

namespace drs::redis {

struct CompareOptions {
  /// Deadlines that differ by less are the same: a server without PEXPIRETIME (before 7.0) tells the rest of a life
  /// only.
  std::chrono::milliseconds ttlTolerance{1000};
  /// Keys that differ are looked at again after this, and twice that …, as changes may still be on their way.
  std::chrono::milliseconds pause{1000};
  int rounds = 3;
};

/// Compares one database of the source, as far as the job selects it, with the target's, both ways. Keys of ours
/// (kControlPrefix) are left out. What is read goes by SCAN, so that it holds no server up, and by a path of its own
/// (it shares nothing with copy and apply).
///
/// Keys: those that one side lacks, and those of another type. With `contents` also values, element by element, and
/// times to live; a deadline of 2100-01-01 at the target is one that is held until the task ends
/// (deadlines.h), and no difference to any other one. Large values are read in pieces.
///
/// Rows are keys, as SCAN gives them (not DBSIZE, which counts what has expired). A key that SCAN gives twice, because
/// a table grew meanwhile, counts once; of more keys than fit into a quarter of EngineLimits::queueBytes it may count
/// twice. RowDifference::key has one printable text, and `columns` says what differs: "type", "value", "ttl".
///
/// `progress` gets the number of keys of the source that are done. Throws Error: what shardsOf(), primaryOf() and
/// Connection throw; what will not pass by itself (types that cannot be compared) stands in TableComparison::error.
/// After a stop: throws, or returns what it has. One thread.
[[nodiscard]] TableComparison compareDatabase(const EngineJob& job, std::uint64_t sourceDb, bool contents,
                                              std::size_t maxListed, const std::function<void(std::uint64_t)>& progress,
                                              const std::stop_token& stop, const CompareOptions& options = {});

}  // namespace drs::redis
