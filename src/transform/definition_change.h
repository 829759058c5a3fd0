#pragma once

#include "transform/table_plan.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace drs {

/// Default collations by the source's database: what a CREATE TABLE that names none means.
using DatabaseCollations = std::map<std::string, std::string>;

/// What the statements of the log have made of a source table since it was planned.
struct DefinitionChange {
  TableName source;
  std::optional<TablePlan> plan;  ///< nothing: the table is gone
};

/// All of it, as it was at the lane's mark.
struct DefinitionChanges {
  std::vector<DefinitionChange> tables;  ///< one for each source name
  DatabaseCollations collations;         ///< of databases whose default was changed
};

/// The plans in force.
struct CurrentPlans {
  std::vector<TablePlan> plans;                     ///< planned ones first, in the plan's order, then the new ones
  std::vector<std::optional<std::size_t>> planned;  ///< for each: its place in the plan; nothing: it came later
};
[[nodiscard]] CurrentPlans currentPlans(const std::vector<TablePlan>& planned,
                                        const std::vector<DefinitionChange>& changes);

}  // namespace drs
