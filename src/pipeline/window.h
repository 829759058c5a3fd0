#pragma once

#include "pipeline/interfaces.h"

#include <cstddef>
#include <vector>

namespace drs {

/// How the rows of one table are applied at the start of the replay (mysql.md 4.2, "the window rule").
///
/// A free table's chunks were read at different moments. Until the lane has passed the high position of every chunk,
/// the replay is tolerant and complete: nothing is skipped, not even what a chunk already contains. (Chunk 1 reads
/// (1,'A'); the source makes it (1,'B') and inserts (15,'A'); chunk 2 reads (15,'A'). Under a unique key one of the two
/// rows is lost in the load, whatever the order; only the replay of both events mends it.)
///
/// An exact table was read, with its whole group, at one position: what that snapshot contains is skipped, the rest is
/// strict from the first transaction on.
struct Window {
  bool exact = false;
  std::vector<Position> highs;  ///< free: of every chunk, without repeats; exact: the one snapshot; empty: strict
};

/// The window of each plan. Free tables that are joined by foreign keys share one, because a parent must not be strict
/// while its child is not: deleting the parent would fail on a child row that is newer. `results` are the committed
/// chunks. Throws Error(internal) if a chunk of `chunks` has no result: a table would be incomplete.
[[nodiscard]] std::vector<Window> windowsOf(const Plans& plans, const std::vector<Chunk>& chunks,
                                            const std::vector<ChunkResult>& results);

/// Where the replay starts. `planned` (P0) was noted before the tables were described and before any chunk was opened,
/// so a replay from there also sees every definition change since. It is right if it lies at or before the low position
/// of every chunk, which is verified, not assumed: low promises that all before it is visible in the chunk, a position
/// taken from the tail of the log does not. If it fails, the lowest low serves. Positions are only partially ordered:
/// the lowest is the one that every other low has reached. Throws Error(internal) if there is none.
[[nodiscard]] Position replayStart(const Source& source, const Position& planned,
                                   const std::vector<ChunkResult>& results);

/// Keeps the windows of a running replay and closes them as the lane passes. One thread. `before` is always the lane's
/// position before the transaction at hand; it only grows.
class WindowTracker {
 public:
  WindowTracker(const Source& source, std::vector<Window> windows);

  /// Takes out of the transaction what an exact snapshot already contains.
  void dropCovered(Transaction& transaction, const Position& before);
  /// Sets tolerant[i] for the plans whose rows the transaction touches while their window is open. A batch is tolerant
  /// for a plan if one of its transactions is; for those behind the window both ways lead to the same rows.
  void noteTolerant(const Transaction& transaction, const Position& before, std::vector<bool>& tolerant);
  /// True if the lane has passed all windows.
  [[nodiscard]] bool allPassed(const Position& at);

 private:
  [[nodiscard]] bool passed(std::size_t plan, const Position& at);

  const Source& source_;
  std::vector<Window> windows_;
};

/// The plan that a change belongs to; nothing for a statement that is about no single selected table.
[[nodiscard]] std::optional<std::size_t> planOf(const ChangeEvent& change);

}  // namespace drs
