#pragma once

#include "engine/engine.h"

#include <memory>

namespace drs::mysql {

/// The Source of a job: one session, opened with the first call that needs it and kept; a second one for moments where
/// tables have to be locked (see snapshot.h). reached() and covers() need no session.
[[nodiscard]] std::unique_ptr<Source> makeSource(const EngineJob& job);

}  // namespace drs::mysql
