#pragma once

#include "engine/mysql/connection.h"
#include "pipeline/interfaces.h"

#include <vector>

// The copy of a source that writes no log: nothing that happens meanwhile can be replayed, so all tables are read in
// one snapshot, by one session, and none may be redefined on the way.

namespace drs::mysql {

/// All tables as one exact chunk. Throws Error(precheckFailed) for a table that cannot be copied.
[[nodiscard]] std::vector<Chunk> oneChunk(const Plans& plans);

/// Compares a table's definition with the one that was planned; only the AUTO_INCREMENT counter may differ. To be
/// called behind a SELECT from the table inside of the transaction: from then on the server lets nobody redefine it.
/// Throws Error(schemaDrift), and what Connection throws.
void requireSameDefinition(Connection& connection, const TableSchema& planned);

/// A definition of SHOW CREATE TABLE without its AUTO_INCREMENT counter.
[[nodiscard]] std::string withoutCounter(std::string definition);

}  // namespace drs::mysql
