#pragma once

#include "engine/engine.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/object_reader.h"

#include <stop_token>
#include <string>

namespace drs::mysql {

// The pre-check items that objects beside tables can fail. Each may be skipped: the objects that it names are left out.

/// What cannot be read, rewritten or created whatever the rights: broken views, renamed tables, sequences, …
inline constexpr const char* kDefinitionItem = "srcTriggerAndEventCheck";
/// What the target's account may not do, and accounts that are missing there (DEFINER).
inline constexpr const char* kDefinerItem = "userPrivilegeIsEnoughForDefiner";
/// What stands at the target already.
inline constexpr const char* kStandingItem = "targetObjectCheck";

/// The rule of mysql.definer. Throws Error(internal) for a text that parseDefiner() does not take.
[[nodiscard]] DefinerRule definerRuleOf(const EngineJob& job);

/// Settings of the session that creates an object.
[[nodiscard]] std::string sessionSettings(const ObjectPlan& object, const ServerInfo& target);
/// The settings that a session of ours has otherwise.
[[nodiscard]] std::string ordinarySettings();

/// As ObjectCopier::select(). `databases`: those of the source that the selection touches. Leaves the settings of both
/// sessions as they were.
[[nodiscard]] ObjectSelection selectObjects(Connection& source, Connection& target, const EngineJob& job,
                                            const std::vector<std::string>& databases, const std::stop_token& stop);

}  // namespace drs::mysql
