#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::redis {

[[nodiscard]] std::unique_ptr<Cleaner> makeCleaner(const EngineJob& job);

}  // namespace drs::redis
