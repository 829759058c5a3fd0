#pragma once

#include "engine/engine.h"
#include "engine/mysql/sink_session.h"

#include <memory>

namespace drs::mysql {

/// The appliers of a run (see drs::Appliers): EngineLimits::maxAppliers, but no more than maxSessions. The first works
/// on `session`, the others open one each. `furthest`: sequence of the furthest mark. Throws Error(fenced).
[[nodiscard]] std::unique_ptr<Appliers> makeAppliers(const EngineJob& job, SinkSession& session, std::uint64_t furthest,
                                                     const Plans& plans, const DatabaseCollations& collations);

}  // namespace drs::mysql
