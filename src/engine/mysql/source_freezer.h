#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// A source is frozen by read_only, on MySQL by super_read_only too, which binds every account. setting() is the value
/// of read_only, on MySQL followed by "/" and that of super_read_only.
[[nodiscard]] std::unique_ptr<SourceFreezer> makeSourceFreezer(const EngineJob& job);

}  // namespace drs::mysql
