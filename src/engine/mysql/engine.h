#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// The engine between MySQL or MariaDB servers.
[[nodiscard]] std::unique_ptr<Engine> makeEngine();

}  // namespace drs::mysql
