#pragma once

#include "engine/source_log.h"

namespace drs::mysql {

[[nodiscard]] std::unique_ptr<SourceLog> makeSourceLog(const EngineJob& job);

}  // namespace drs::mysql
