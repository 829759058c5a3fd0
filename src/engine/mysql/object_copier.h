#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// Opens its connections at first use.
[[nodiscard]] std::unique_ptr<ObjectCopier> makeObjectCopier(const EngineJob& job);

}  // namespace drs::mysql
