#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::redis {

/// The Prober of both Redis routes. Every call opens connections of its own. It reads only, but for scratch keys at the
/// target (capabilities.h). The items: docs/reference/redis-prechecks.md.
[[nodiscard]] std::unique_ptr<Prober> makeProber(const EngineJob& job);

}  // namespace drs::redis
