#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// Compares through sessions of its own; see comparer.cpp for the method. Opens its connections with the first table.
[[nodiscard]] std::unique_ptr<Comparer> makeComparer(const EngineJob& job);

}  // namespace drs::mysql
