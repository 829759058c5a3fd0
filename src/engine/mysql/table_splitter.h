#pragma once

#include "engine/mysql/connection.h"
#include "pipeline/interfaces.h"

#include <vector>

namespace drs::mysql {

/// Cuts tables into chunks of about `chunkBytes` (Source::split()). A key of one integer is cut by the optimiser's
/// estimates, without reading the table; other keys are walked, so that the server alone compares them. Small tables
/// share chunks; a group, and a table whose key cannot be cut (canCut()), is one chunk. What turns out longer than
/// estimated is divided again while it is read (ChunkResult::endedAt).
/// Largest tables first; chunks are numbered from 1 in this order. Throws what Connection throws and
/// Error(precheckFailed) for a table that cannot be copied.
[[nodiscard]] std::vector<Chunk> splitTables(Connection& connection, const Plans& plans, std::size_t chunkBytes);

/// Rows of a table that make `chunkBytes`, by the server's statistics; at least 1.
[[nodiscard]] std::uint64_t rowsPerChunk(const TableSchema& schema, std::size_t chunkBytes);

/// Why a table cannot be copied at all: a column of an unknown type. Empty = it can.
[[nodiscard]] std::string cannotCopy(const TableSchema& schema);

}  // namespace drs::mysql
