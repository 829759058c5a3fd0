#pragma once

#include "model/change_event.h"

#include <cstdint>
#include <string>
#include <vector>

namespace drs {

/// A piece of the full copy that can be done and redone alone: a key range of one table, or a snapshot group of
/// several.
struct Chunk {
  std::uint32_t number = 0;        ///< unique in the job
  std::vector<std::size_t> plans;  ///< one table, or all tables of a snapshot group
  bool exact = false;              ///< a group: read at one exact position, redone from an empty table
  /// Lower (exclusive) and upper (inclusive) key bounds as SQL literals of the engine, one per key column; empty =
  /// open.
  std::vector<std::string> after, upTo;
  std::uint64_t estimatedRows = 0, estimatedBytes = 0;
};

/// What a chunk's commit stores in the target beside the rows.
struct ChunkResult {
  std::uint32_t number = 0;
  Position low, high;  ///< low ≤ snapshot ≤ high; equal when exact
  std::uint64_t rows = 0, bytes = 0;
};

}  // namespace drs
