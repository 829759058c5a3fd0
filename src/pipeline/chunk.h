#pragma once

#include "model/change_event.h"

#include <cstddef>
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
  /// Rows of LargeRows::kLarge and more may come: read only by who holds LargeRows::mayRead().
  bool largeRows = false;
};

/// What a chunk's commit stores in the target beside the rows.
struct ChunkResult {
  std::uint32_t number = 0;
  Position low, high;  ///< low ≤ snapshot ≤ high; equal when exact
  std::uint64_t rows = 0, bytes = 0;
  /// A free chunk that turned out too long was ended behind the row with this key (literals as in Chunk::upTo): what is
  /// behind it is a chunk of its own. Empty: the chunk was read to its end.
  std::vector<std::string> endedAt{};
  std::size_t endedIn = 0;  ///< with endedAt: the place in Chunk::plans of that table; those behind it were not read
  /// Rows at the target that gave way to the chunk's: brought by other chunks while they moved at the source. With a
  /// quiet source there are none.
  std::uint64_t replaced = 0;
  std::string replacedNear{};  ///< one of them, for people; not stored with the chunk
};

/// What is left of a chunk whose result says endedAt: the rest of that table, and the tables behind it. `number` and
/// those that follow it must be unique in the job.
[[nodiscard]] inline std::vector<Chunk> restsOf(const Chunk& chunk, const ChunkResult& result, std::uint32_t number) {
  const auto less = [](std::uint64_t all, std::uint64_t done) { return all > done ? all - done : 0; };
  const auto at = chunk.plans.begin() + static_cast<std::ptrdiff_t>(result.endedIn);
  Chunk rest = chunk;
  rest.largeRows = false;  // of what is behind nobody knows
  rest.number = number;
  rest.plans = {*at};
  rest.after = result.endedAt;
  rest.estimatedRows = less(chunk.estimatedRows, result.rows);
  rest.estimatedBytes = less(chunk.estimatedBytes, result.bytes);
  std::vector<Chunk> rests{rest};
  if (at + 1 == chunk.plans.end()) return rests;
  Chunk& others = rests.emplace_back(chunk);
  others.number = number + 1;
  others.largeRows = false;
  others.plans.assign(at + 1, chunk.plans.end());
  others.estimatedRows = rest.estimatedRows;
  others.estimatedBytes = rest.estimatedBytes;
  return rests;
}

}  // namespace drs
