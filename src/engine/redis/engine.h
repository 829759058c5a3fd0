#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::redis {

/// redis-to-gaussredis and rediscluster-to-gaussredis.
[[nodiscard]] std::unique_ptr<Engine> makeEngine();

}  // namespace drs::redis
