#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// The writing side of a MySQL or MariaDB target. Opens its connections at first use.
[[nodiscard]] std::unique_ptr<Sink> makeSink(const EngineJob& job);

}  // namespace drs::mysql
