#pragma once

#include "engine/mysql/applier_target.h"
#include "engine/mysql/control_tables.h"
#include "pipeline/interfaces.h"

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace drs::mysql {

/// What the appliers of a run know of the target's tables, each read once, at its first change. Threads: any.
class TargetTables {
 public:
  TargetTables(const Plans& plans, const ControlTables& control);

  /// The table of a plan if it was read already, else null. Valid as long as this object.
  [[nodiscard]] const TargetTable* find(std::size_t plan) const;
  /// Reads the table at need. Throws what readTargetTable() throws, and Error(schemaDrift) for a table that stands
  /// there but is not the one that the task created.
  const TargetTable& get(std::size_t plan, Connection& connection);

 private:
  void requireOurs(const TablePlan& plan, Connection& connection);

  const Plans& plans_;
  const ControlTables& control_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<TargetTable>> tables_;  ///< by plan
  std::optional<TargetWorld> world_;                  ///< read at first need
  std::optional<std::set<TableName>> made_;           ///< the job's notes, the same
};

}  // namespace drs::mysql
