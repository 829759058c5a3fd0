#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// Threads_running of the source, and Seconds_Behind of its replicas: of the endpoint's addresses behind the one that
/// answers first, and of that one itself if it is a replica. With the account and the TLS of the source, one session to
/// each. Throws Error as connectOptions().
[[nodiscard]] std::unique_ptr<LoadGauge> makeLoadGauge(const EngineJob& job, const SourceLimits& limits);

}  // namespace drs::mysql
