#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// The Prober of a job between MySQL or MariaDB servers. Every call opens connections of its own and reads only.
[[nodiscard]] std::unique_ptr<Prober> makeProber(const EngineJob& job);

}  // namespace drs::mysql
