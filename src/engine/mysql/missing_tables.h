#pragma once

#include "engine/mysql/sink_session.h"

namespace drs::mysql {

/// Behind an error of the target: tables that the job made and that are gone are no longer noted as its own. Whoever
/// makes one anew makes it without the rows that we wrote, so a task that finds a table of its plan that is not its own
/// stops (TargetDefinitions::finish(), Applier) until it is reset. Throws nothing: without an answer the notes stay.
void forgetMissing(SinkSession& session) noexcept;

/// For Error(schemaDrift).
inline constexpr const char* kNotOurs =
    "it is not the table that the task created: that one was dropped, and its rows with it";

}  // namespace drs::mysql
