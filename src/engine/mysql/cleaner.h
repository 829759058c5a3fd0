#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// Takes our traces out of a MySQL or MariaDB target; see drs::Cleaner. Every call opens a connection of its own.
/// reset() first ends the sessions of the job's workers and removes its progress, then the tables: killed between the
/// two, it must be called again before the job goes on.
[[nodiscard]] std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job);

}  // namespace drs::mysql
