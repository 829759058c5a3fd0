#pragma once

#include "model/change_event.h"
#include "wire/mysql/control_events.h"

#include <string>
#include <string_view>

namespace drs::mysql {

/// What a session must be set to so that a statement of the log means there what it meant at the source: sql_mode,
/// character sets, time, time zone, checks. AUTO_INCREMENT
/// steps are not among them: statements that number rows are refused. Settings that no target has are left out
/// (NO_AUTO_CREATE_USER, dialects). `systemTimeZone`: what the source means by SYSTEM; empty: not known, then
/// StatementSession::timeZone is SYSTEM.
[[nodiscard]] StatementSession statementSession(const QueryEvent& query, std::string_view systemTimeZone);

}  // namespace drs::mysql
