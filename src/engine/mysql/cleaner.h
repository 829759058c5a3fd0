#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// Takes our traces out of a MySQL or MariaDB target; see drs::Cleaner. Every call opens a connection of its own.
/// reset() takes the job over under the task's epoch (ControlTables::fenceReset()) and registers its session, so that a
/// successor ends it as it would any writer; then it removes the tables, last the job's progress. Killed in between, it
/// must be called again before the job goes on: until then nobody else can write.
[[nodiscard]] std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job);

}  // namespace drs::mysql
