#pragma once

#include "engine/mysql/connection.h"
#include "model/table_schema.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace drs::mysql {

/// A foreign key as it stands at the target.
struct TargetForeignKey {
  TableName child, parent;
  std::vector<std::string> columns, referenced;  ///< side by side
  bool acts = false;                             ///< CASCADE, SET NULL or SET DEFAULT
};

/// The foreign keys of the target's tables. Names of tables are compared without regard to case: a relation too many
/// costs speed only. Threads: const, any.
class TargetForeignKeys {
 public:
  TargetForeignKeys() = default;
  /// Reads those of the tables in `databases`.
  [[nodiscard]] static TargetForeignKeys read(Connection& connection, const std::set<std::string>& databases);
  explicit TargetForeignKeys(std::vector<TargetForeignKey> keys);

  /// Those whose child or parent the table is.
  [[nodiscard]] std::vector<const TargetForeignKey*> of(const TableName& table) const;
  /// The name of the table's family if a foreign key in it acts on rows: tables that foreign keys join over any number
  /// of steps. Empty: none does.
  [[nodiscard]] std::string actingFamily(const TableName& table) const;

 private:
  std::vector<TargetForeignKey> keys_;
  std::map<std::string, std::string> families_;  ///< lower-case table → the family's name
  std::set<std::string> acting_;                 ///< families
};

/// "db.table" in lower case.
[[nodiscard]] std::string lowerName(const TableName& table);

}  // namespace drs::mysql
