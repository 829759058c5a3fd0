#pragma once

#include "engine/mysql/connection.h"
#include "transform/object_plan.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drs::mysql {

/// The notes in `drs_ctl`.made_object: which views, routines, triggers and events the job made at the target. Each is
/// written before its object, so that a reset drops these and no others. All methods need the control tables and throw
/// what Connection throws. Threads: any, each with a connection of its own.
class MadeObjects {
 public:
  explicit MadeObjects(std::string_view jobId);
  /// Idempotent.
  void note(Connection& connection, ObjectKind kind, const TableName& target) const;
  void forget(Connection& connection, ObjectKind kind, const TableName& target) const;
  [[nodiscard]] bool isMade(Connection& connection, ObjectKind kind, const TableName& target) const;
  /// All of the job; none if there are no control tables.
  [[nodiscard]] std::vector<std::pair<ObjectKind, TableName>> all(Connection& connection) const;

 private:
  [[nodiscard]] std::string where(ObjectKind kind, const TableName& target) const;
  std::string id_;  ///< the job id as a literal
};

/// True if an object of this kind (for a view: a table of any kind) has this name. What the account may not see does
/// not count.
[[nodiscard]] bool objectExists(Connection& connection, ObjectKind kind, const TableName& name);

/// "DROP VIEW IF EXISTS `a`.`b`", "DROP USER IF EXISTS `u`@`h`".
[[nodiscard]] std::string dropStatement(ObjectKind kind, const TableName& name);

}  // namespace drs::mysql
