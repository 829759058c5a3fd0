#pragma once

#include "engine/engine.h"
#include "engine/mysql/heartbeat.h"
#include "pipeline/interfaces.h"

#include <memory>

namespace drs::mysql {

/// Reads the log of a job's source behind `from` (made by toPosition()). Connects at once: throws Error (logPurged,
/// accessDenied, cannotConnect …) if the log cannot be read from there.
///
/// The reader survives a lost connection: it dumps again from position(), with growing pauses, and gives up with
/// connectionLost after seven tries in a row without progress. What a transaction of a foreign table costs is
/// only the reading; long stretches without a change of ours come out as single transactions without changes.
///
/// `target`: as LogScope::target. `heartbeat`: is told the server that the log is read from; null: nobody is.
/// `plans`, `job` and `heartbeat` must outlive the reader.
[[nodiscard]] std::unique_ptr<LogReader> openLogReader(const EngineJob& job, const Position& from, const Plans& plans,
                                                       std::string target = {}, Heartbeat* heartbeat = nullptr);

}  // namespace drs::mysql
