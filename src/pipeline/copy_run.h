#pragma once

#include "base/log.h"
#include "pipeline/interfaces.h"
#include "pipeline/throttle.h"

#include <functional>
#include <optional>
#include <stop_token>

namespace drs {

/// What a copy needs beside the chunk.
struct CopyContext {
  Source& source;
  Sink& sink;
  const Plans& plans;
  Fence fence;
  Throttle& throttle;
  std::size_t queueBytes = 8U << 20U;  ///< row batches between the reader and the writer
  Log log{};
  /// Called by the writing thread after each batch: rows and bytes written since the last call. May be empty.
  std::function<void(std::size_t plan, std::uint64_t rows, std::uint64_t bytes)> progress{};
  /// Called by the reading thread, several times a second, while rows wait for the speed limit: one row may wait for
  /// long. May be empty.
  std::function<void()> waiting{};
  /// Called by the reading thread before each batch: may hold it back for a bounded time. May be empty.
  std::function<void(const std::stop_token&)> hold{};
  int seat = 0;  ///< of Throttle::pass()
};

/// Copies one chunk: a reader thread fills a bounded queue, the calling thread writes and commits. A chunk that was
/// committed before costs one look-up. Nothing = stopped before the commit; then the target holds nothing of the chunk
/// that a repetition would not replace.
/// Throws Error(rowCountMismatch) if not every row that was read was written, Error(fenced), and what the engine
/// throws.
[[nodiscard]] std::optional<ChunkResult> copyChunk(const CopyContext& context, const Chunk& chunk,
                                                   const std::stop_token& stop);

}  // namespace drs
