#pragma once

#include "transform/object_plan.h"

#include <set>
#include <string>

namespace drs::mysql {

/// What makes a trigger fire: triggers of one table, moment and event fire in the order in which they were created.
struct TriggerPlace {
  std::string database, table;   ///< lower case
  std::string moment;            ///< BEFORE or AFTER; empty: the definition is not understood
  std::set<std::string> events;  ///< INSERT, UPDATE, DELETE; MariaDB 12 takes several
};

/// Reads the place out of the trigger's statement.
[[nodiscard]] TriggerPlace triggerPlace(const ObjectPlan& trigger);

/// True if both may fire for one change, so that their order means something. A place that was not understood may be
/// any of its database.
[[nodiscard]] bool fireTogether(const TriggerPlace& a, const TriggerPlace& b);

}  // namespace drs::mysql
